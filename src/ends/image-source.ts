import type { EcrpError } from '../errors.ts';
import type { ForeignLayer } from '../oci/build-manifest.ts';
import type { Content, Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';

/** How a layer is compressed in the source, by its first bytes. */
export type Compression = 'none' | 'gzip' | 'zstd';

/** Names a blob in a source: by digest in an OCI layout, by entry name in a docker-archive. */
export type BlobRef =
  | { readonly kind: 'digest'; readonly digest: Digest; readonly size: number }
  | { readonly kind: 'entry'; readonly name: string; readonly size: number };

/** An image whose manifest is in the source: an OCI layout. */
export interface ManifestImage {
  readonly kind: 'manifest';
  /** As the source states them; empty for an untagged image. */
  readonly names: readonly string[];
  readonly root: Descriptor;
  /** Manifests that travel with it under tags of their own: signatures of cosign. */
  readonly companions?: readonly Companion[];
  /** Artifacts in the source that refer to it. */
  readonly referrers?: readonly Referrer[];
  /** The images that an index was made from. */
  readonly parts?: readonly ManifestImage[];
  /** For the user who pushes it. */
  readonly warnings?: readonly string[];
  /** The chart that stands in place of an image. */
  readonly chart?: ChartFacts;
}

/** What a Helm chart says about itself. */
export interface ChartFacts {
  readonly name: string;
  readonly version: string;
  /** The version as Helm makes a tag of it. */
  readonly imageTag: string;
}

export interface Companion {
  readonly imageTag: string;
  readonly root: Descriptor;
}

export interface Referrer {
  readonly root: Descriptor;
  /** What it refers to: the image, a manifest below it, or another referrer, which comes before it. */
  readonly subject: Digest;
  /** For a person: `signature`, `SBOM`. */
  readonly kind: string;
}

/** An image with a config and layers but no manifest: a docker-archive. */
export interface ArchiveImage {
  readonly kind: 'archive';
  readonly names: readonly string[];
  /** The config, exactly as in the archive; its digest is the image ID. */
  readonly config: Buffer;
  /** Lowest layer first, one per diff ID of the config. An entry may occur more than once. */
  readonly layers: readonly ArchiveLayer[];
}

export interface ArchiveLayer {
  readonly diffId: Digest;
  readonly ref: BlobRef;
  readonly compression: Compression;
  /** Digest that the name of a compressed layer states for its bytes. Only the bytes can prove it. */
  readonly named?: Digest | undefined;
  /** Where its publisher serves the same layer, if it is foreign. */
  readonly foreign?: ForeignLayer;
}

export type SourceImage = ManifestImage | ArchiveImage;

/** An image of an archive that cannot be pushed. The other images can. */
export interface DamagedImage {
  readonly kind: 'damaged';
  readonly names: readonly string[];
  /** The digest of the config, if the archive names the config by it. */
  readonly id: Digest | undefined;
  readonly error: EcrpError;
}

export type ListedImage = SourceImage | DamagedImage;

/** The outcome of a layer that was sent while it arrived. */
export interface SentLayer {
  /** Of the entry's bytes. */
  readonly entryDigest: Digest;
  /** Undefined when nothing decompressed the layer. */
  readonly diffId: Digest | undefined;
  /** What the target stores. */
  readonly content: Content;
  /** Identifies the compressor on the way; undefined when the layer was sent as it is. */
  readonly compressorId: string | undefined;
  /** `existing`: the target already had it. */
  readonly outcome: 'uploaded' | 'existing';
  /** Bytes that an interrupted push had sent before. */
  readonly resumedBytes: number;
}

export interface ReadHints {
  /** A chunk is valid until the next one is requested, because its memory is reused. That saves a third of the time. */
  readonly transient?: boolean | undefined;
}

/** An open source of images. Of a layer only the first bytes have been read, to see how it is compressed. */
export interface ImageSource {
  /** For messages: the path as the user gave it. */
  readonly path: string;
  readonly format: 'docker-archive' | 'oci-layout' | 'helm-chart' | 'registry';
  /**
   * Reading costs a transfer over the network, of bytes that a registry has checked. So a plan reads manifests alone, and a blob is read only
   * to be sent.
   */
  readonly isRemote?: true;
  readonly images: readonly ListedImage[];
  /** Signatures, SBOMs and other artifacts that refer to one of the images. */
  readonly referrers?: readonly ManifestImage[];
  /** Whether the blob is in the source. An OCI layout may lack some. */
  has(ref: BlobRef): boolean;
  /**
   * Bytes of a blob from `start` to its end, in chunks of any size.
   * Throws INVALID_INPUT when the blob is missing, cut short, or of another size than `ref.size`. Does not check the digest: the target checks
   * what it stores, the caller what it parses.
   */
  open(ref: BlobRef, start: number, hints?: ReadHints): AsyncIterable<Buffer>;
  /** Says which manifests are opened next, so that they can be read ahead, several at a time. */
  expect?(manifests: readonly Descriptor[]): void;
  /** The outcome of a layer that was sent while the source arrived. Opening it again may fail. */
  findSent?(ref: BlobRef): SentLayer | undefined;
  /** Frees file handles and temporary files; idempotent. */
  close(): Promise<void>;
}
