import type { Content } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import type { ImageIndex, ImageManifest } from '../oci/manifest.ts';
import type { OutgoingBlob } from './blob.ts';

/**
 * One repository that images are put into, wherever it is. The engine knows nothing else of it: another kind of registry is another
 * implementation. Every method throws the signal's reason when aborted, and an `EcrpError` when it fails.
 */
export interface ImageTarget {
  /** What the target refuses; undefined members have no limit. */
  readonly limits: TargetLimits;
  /** Which of the digests the target has; any number of them. NOT_FOUND: the repository is missing. */
  findAvailable(digests: readonly Digest[], signal: AbortSignal): Promise<ReadonlySet<Digest>>;
  /** Stores a blob and checks its digest. NOT_FOUND, before a byte is read: the repository is missing. */
  uploadBlob(blob: OutgoingBlob, upload: BlobUpload, signal: AbortSignal): Promise<UploadedBlob>;
  /** Stores a manifest, under a tag if one is given. Its blobs and child manifests must be there. INVALID_INPUT: refuses that manifest. */
  putManifest(manifest: OutgoingManifest, signal: AbortSignal): Promise<PutAnswer>;
  /** Where a tag points; undefined: it does not exist. Throws UNAVAILABLE or AUTH when that cannot be found out. */
  locateTag(tag: string, signal: AbortSignal): Promise<Digest | undefined>;
  /** The same as news for a report: `unknown` rather than a long wait or an error. Absent: always unknown. */
  glanceAtTag?(tag: string, signal: AbortSignal): Promise<Digest | undefined | 'unknown'>;
  /** Reads images back; undefined: the repository's public name is unknown. `anonymous` asks for no token in the user's name. */
  openReader(access: 'anonymous' | 'authorized', signal: AbortSignal): Promise<ImageReader | undefined>;
  /**
   * Creates the repository; false when another push was faster. In a dry run it only checks that it could be created. Absent: the user did
   * not ask for that.
   */
  createRepository?(signal: AbortSignal): Promise<boolean>;
}

/** Reads images of one repository. Its errors are not yet explained to a user. */
export interface ImageReader {
  /** For messages: `HOST/ALIAS/REPOSITORY`. */
  readonly name: string;
  /** Reads a manifest by tag or digest; undefined: it does not exist. */
  readManifest(reference: string, signal: AbortSignal): Promise<ReadManifest | undefined>;
  /** Bytes of a blob; undefined: it does not exist. Nothing checks them. */
  openBlob(digest: Digest, signal: AbortSignal): Promise<AsyncIterable<Buffer> | undefined>;
}

export interface ReadManifest {
  readonly bytes: Buffer;
  /** Of `bytes`, computed here. */
  readonly digest: Digest;
  /** As the target states it; empty when it does not. */
  readonly mediaType: string;
}

/** Sizes are in bytes. */
export interface TargetLimits {
  /** For messages: `ECR Public`. */
  readonly service: string;
  readonly minBlobBytes?: number;
  readonly maxBlobBytes?: number;
  readonly maxManifestBytes?: number;
  readonly maxTags?: number;
  readonly maxImages?: number;
  /** Why the target may refuse a manifest, from what is recorded; undefined: nothing is. The words follow `SERVICE may refuse DIGEST: `. */
  readonly findDoubt?: (manifest: ImageManifest | ImageIndex) => string | undefined;
}

/** What the engine gives a target beside the blob. */
export interface BlobUpload {
  /** The saved state of an interrupted upload of this blob, and where to save this one. */
  readonly saved: SavedUpload;
  readonly onEvent: (event: UploadEvent) => void;
}

export interface SavedUpload {
  /** What an interrupted push left. */
  readonly found: BegunUpload | undefined;
  save(state: BegunUpload): void;
  /** Discards what is saved: the upload is complete, or cannot be resumed. */
  discard(): void;
}

/** An upload that has begun. */
export interface BegunUpload {
  readonly uploadId: string;
  /** Bytes per part that the service asked for. */
  readonly partSize: number;
  /** All bytes below are acknowledged. */
  readonly nextByte: number;
}

/** `existing`: another push stored the blob in the meantime. */
export interface UploadedBlob {
  readonly outcome: 'uploaded' | 'existing';
  readonly content: Content;
  /** Bytes that an interrupted push had sent before. */
  readonly resumedBytes: number;
}

/** What happens to one upload. `id` is that of the blob. */
export type UploadEvent = BlobResumedEvent | BlobProgressEvent | BlobRestartedEvent | BlobSentEvent;

/** The upload continues one of an interrupted push. */
export interface BlobResumedEvent {
  readonly kind: 'blob-resumed';
  readonly id: Digest;
  /** Bytes acknowledged to that push. */
  readonly resumedBytes: number;
}

export interface BlobProgressEvent {
  readonly kind: 'blob-progress';
  readonly id: Digest;
  /** Bytes that the target acknowledged; in a dry run, bytes read. Absolute, never decreasing. */
  readonly acknowledgedBytes: number;
  /** Estimated total of a layer that is being compressed. */
  readonly estimatedBytes?: number | undefined;
}

/**
 * The upload goes back: `resync` to what the target says it holds; `vanished` and `refused` to a new upload, because the target lost the old
 * one or refuses what an interrupted push left of it.
 */
export interface BlobRestartedEvent {
  readonly kind: 'blob-restarted';
  readonly id: Digest;
  readonly reason: 'resync' | 'vanished' | 'refused';
  readonly nextByte: number;
}

/** Every byte is acknowledged. The target now checks the blob and stores it. */
export interface BlobSentEvent {
  readonly kind: 'blob-sent';
  readonly id: Digest;
  readonly bytes: number;
}

export interface OutgoingManifest {
  /** Stored exactly like this. */
  readonly bytes: Buffer;
  readonly mediaType: string;
  readonly digest: Digest;
  /** Absent for a child of an index. */
  readonly tag?: string | undefined;
}

/**
 * `unchanged`: the same digest and tag were there. `missing`: blobs or child manifests are not there. `registryId` is unknown when the
 * answer was lost, and for targets that have none.
 */
export type PutAnswer =
  | { readonly kind: 'put'; readonly registryId: string | undefined }
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'missing'; readonly detail: string };
