import type { Readable } from 'node:stream';
import type { Digest } from './digest.ts';
import type { BlobReference, CatalogData, Image, RegistryCatalogData, Repository, Upload } from './model.ts';

/**
 * Everything an emulator remembers, and the only thing that touches its data directory.
 *
 * Queries and most mutations are synchronous: a caller that looks and then mutates with no `await` in between is atomic. A mutation is in the
 * journal when it returns. Its preconditions (a repository, image or tag that it names is there, one that it creates is not) are the caller's to
 * check; it throws a plain `Error` when they do not hold, and the system's error when the disk fails, having changed nothing.
 * Never edit what a query returned; it is live.
 */
export interface Store {
  readonly repositories: ReadonlyMap<string, Repository>;
  readonly registryCatalogData: RegistryCatalogData;

  createRepository(repository: NewRepository): Repository;
  /** Drops its images, layers and uploads too. */
  deleteRepository(repositoryName: string): void;
  /** Replaces catalog data as a whole; `logo`, when given, becomes the new logo in place of `catalogData.logo`. */
  setCatalogData(repositoryName: string, catalogData: CatalogData, logo?: Buffer): void;
  /** Replaces all resource tags. */
  setResourceTags(repositoryName: string, resourceTags: ReadonlyMap<string, string>): void;
  /** Undefined removes the policy. */
  setPolicyText(repositoryName: string, policyText: string | undefined): void;
  setRegistryCatalogData(registryCatalogData: RegistryCatalogData): void;

  /** Stores the manifest unless the repository has it, then puts `tag`, if any, on it, moving it from where it was. */
  putImage(repositoryName: string, image: NewImage): Image;
  /** Takes the tag off; its image stays, untagged if that was its last one. */
  deleteTag(repositoryName: string, tag: string): void;
  /** Removes an image, its tags, and those of its layers that no other image of the repository refers to. */
  deleteImage(repositoryName: string, digest: Digest): void;
  /** The manifest's bytes, verbatim; undefined when the repository has it not, or its file was found damaged (then it is gone for good). */
  readManifest(repositoryName: string, digest: Digest): Promise<Buffer | undefined>;
  /** The PNG of `catalogData.logo`; undefined likewise. */
  readLogo(digest: Digest): Promise<Buffer | undefined>;

  /** Gives a repository a layer that another one has. */
  addLayer(repositoryName: string, digest: Digest, size: number): void;
  /** Removes a layer; that no image refers to it is the caller's to check. */
  deleteLayer(repositoryName: string, digest: Digest): void;
  initiateUpload(repositoryName: string): Upload;
  /** Undefined also when the upload belongs to another repository. */
  findUpload(repositoryName: string, uploadId: string): Upload | undefined;
  /** Parts of one upload that come at the same time are taken one after the other. */
  appendPart(repositoryName: string, uploadId: string, part: PartToAppend): Promise<AppendResult>;
  /** Waits for parts in flight, then judges in this order: empty, part-too-small, mismatch, exists. Only `completed` ends the upload. */
  completeUpload(repositoryName: string, uploadId: string, layer: LayerToComplete): Promise<CompleteResult>;
  /** Forgets an upload and its bytes; no effect when it is unknown. */
  dropUpload(repositoryName: string, uploadId: string): void;

  /**
   * A layer for reading. Its bytes are checked against the digest once per run and again whenever the file has changed;
   * undefined when the repository has it not, or the file was found damaged (then the layer is gone and can be uploaded again).
   */
  openLayer(repositoryName: string, digest: Digest): Promise<OpenLayer | undefined>;

  /** Waits for parts in flight, then gives the directory free; idempotent. */
  close(): Promise<void>;
}

export interface NewRepository {
  readonly name: string;
  readonly catalogData: CatalogData;
  readonly logo?: Buffer | undefined;
  readonly resourceTags: ReadonlyMap<string, string>;
}

export interface NewImage {
  readonly manifest: Buffer;
  readonly mediaType: string;
  readonly imageSizeInBytes: number;
  readonly artifactMediaType?: string;
  readonly artifactType?: string;
  readonly blobs: readonly BlobReference[];
  readonly manifests: readonly Digest[];
  readonly subject?: Digest;
  readonly tag?: string | undefined;
}

export interface PartToAppend {
  readonly firstByte: number;
  /** A buffer, or a stream of any length that is written as it comes and counts as one part; if it fails, nothing was appended. */
  readonly bytes: Buffer | AsyncIterable<Buffer>;
  readonly maximumParts: number;
  /** Maximum size of the whole upload; default: unlimited. */
  readonly maximumBytes?: number;
}

/** `expected`: the only first byte that would have been taken. `received`: how many parts there are. */
export type AppendResult =
  | { readonly kind: 'appended'; readonly nextByte: number }
  | { readonly kind: 'unknown-upload' }
  | { readonly kind: 'not-consecutive'; readonly expected: number }
  | { readonly kind: 'too-many-parts'; readonly received: number }
  /** Nothing was appended. */
  | { readonly kind: 'too-large' };

export interface LayerToComplete {
  /** One of them has to be the sha256 of the bytes; they may be in any algorithm and case. */
  readonly digests: readonly string[];
  /** Of every part but the last. */
  readonly minimumPartBytes: number;
  /** Whether an upload without parts becomes a layer of zero bytes. Default: the result is `empty`. */
  readonly takesEmpty?: boolean;
}

/** `actual` and `digest`: what was computed from the bytes. */
export type CompleteResult =
  | { readonly kind: 'completed'; readonly digest: Digest; readonly size: number }
  | { readonly kind: 'unknown-upload' }
  | { readonly kind: 'empty' }
  | { readonly kind: 'part-too-small'; readonly partSize: number }
  | { readonly kind: 'mismatch'; readonly actual: Digest }
  | { readonly kind: 'exists'; readonly digest: Digest };

export interface OpenLayer {
  readonly size: number;
  /** Bytes of [start, end). */
  read(start: number, end: number): Readable;
}

export interface StoreOptions {
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
  /** Told of every file that was found damaged and set aside. */
  readonly onDamage?: (message: string) => void;
}
