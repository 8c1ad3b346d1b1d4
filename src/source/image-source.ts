import type { EcrpError } from '../errors.ts';
import type { Content, Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import type { Reading } from './byte-file.ts';

/** How the bytes of a layer are packed in the source, told from their first bytes. */
export type Packing = 'none' | 'gzip' | 'zstd';

/** Something readable in a source: by digest in an OCI layout, by entry name in a docker-archive. */
export type BlobRef =
  | { readonly kind: 'digest'; readonly digest: Digest; readonly size: number }
  | { readonly kind: 'entry'; readonly name: string; readonly size: number };

/** An image whose manifest is in the source, byte for byte: an OCI layout. */
export interface ManifestImage {
  readonly kind: 'manifest';
  /** Names the source gives it, as they stand there; none for an untagged one. */
  readonly names: readonly string[];
  readonly root: Descriptor;
  /** Manifests that go with it, under tags of their own: signatures of cosign. */
  readonly companions?: readonly Companion[];
  /** What is in the source about it, and is no image. */
  readonly referrers?: readonly Referrer[];
  /** The images that an index was made of. */
  readonly parts?: readonly ManifestImage[];
  /** What a person should know who pushes it. */
  readonly warnings?: readonly string[];
}

export interface Companion {
  readonly imageTag: string;
  readonly root: Descriptor;
}

export interface Referrer {
  readonly digest: Digest;
  /** For a person: `signature`, `SBOM`. */
  readonly kind: string;
}

/** An image that has a config and layers but no manifest yet: a docker-archive. */
export interface ArchiveImage {
  readonly kind: 'archive';
  readonly names: readonly string[];
  /** The config's bytes, exactly as in the archive; its digest is the image ID. */
  readonly config: Buffer;
  /** Lowest layer first, as many as the config has diff IDs. The same entry may come more than once. */
  readonly layers: readonly ArchiveLayer[];
}

export interface ArchiveLayer {
  readonly diffId: Digest;
  readonly ref: BlobRef;
  readonly packing: Packing;
}

export type SourceImage = ManifestImage | ArchiveImage;

/** An image of an archive of several that cannot be pushed. The others can. */
export interface DamagedImage {
  readonly kind: 'damaged';
  readonly names: readonly string[];
  /** The digest of the config, where the archive names the config by it. */
  readonly id: Digest | undefined;
  readonly error: EcrpError;
}

export type ListedImage = SourceImage | DamagedImage;

/** What became of a layer that was taken while it arrived. */
export interface SentLayer {
  /** Of the bytes of the entry. */
  readonly entryDigest: Digest;
  /** Undefined when nobody unpacked the layer to tell. */
  readonly diffId: Digest | undefined;
  /** What the repository has of it. */
  readonly content: Content;
  /** Names what compressed it on the way; undefined when it was sent as it is. */
  readonly encoding: string | undefined;
  /** `existing`: the repository had it. */
  readonly outcome: 'uploaded' | 'existing';
  /** Bytes that an earlier push had sent. */
  readonly resumedBytes: number;
}

/** An opened source of images. Nothing of a layer has been read but its first bytes, to tell its packing. */
export interface ImageSource {
  /** For messages: the path as the user gave it. */
  readonly path: string;
  readonly format: 'docker-archive' | 'oci-layout';
  readonly images: readonly ListedImage[];
  /** Signatures, SBOMs and others that are about one of the images. */
  readonly referrers?: readonly ManifestImage[];
  /** Whether the blob is in the source; an OCI layout may lack some. */
  has(ref: BlobRef): boolean;
  /**
   * Bytes of a blob from `start` to its end, in chunks of any size.
   * Throws INVALID_INPUT when the blob is missing, cut short, or of another size than `ref.size`.
   * Does not check the digest: the service does for what is uploaded, `readBlob` for what is parsed.
   */
  open(ref: BlobRef, start: number, reading?: Reading): AsyncIterable<Buffer>;
  /** What became of a layer that was sent while the source arrived; such a one can perhaps not be opened any more. */
  findSent?(ref: BlobRef): SentLayer | undefined;
  /** Frees file handles and temporary files; idempotent. */
  close(): Promise<void>;
}
