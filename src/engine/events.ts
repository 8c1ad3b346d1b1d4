import type { UploadEvent } from '../ends/image-target.ts';
import type { Digest } from '../oci/digest.ts';

/** What happens in a push, for progress displays. The client reports retries of single calls itself. */
export type PushEvent = PhaseEvent | BlobStartedEvent | UploadEvent | BlobFinishedEvent | ManifestPutEvent;

/** `check`: availability; `upload`: blobs; `put`: manifests and tags. `upload` comes again after a self-repair. */
export interface PhaseEvent {
  readonly kind: 'phase';
  readonly phase: 'check' | 'upload' | 'put';
  /** With `upload`: how many blobs are missing. */
  readonly blobs?: number;
  /** With `upload`: their bytes in the source, before any compression. */
  readonly sourceBytes?: number;
  /** With `put`: the number of calls: one for each manifest below the root, one for the root with each tag, one for each referrer. */
  readonly manifests?: number;
}

export interface BlobStartedEvent {
  readonly kind: 'blob-started';
  /** The same in all events of a blob: its digest, its diff ID while the digest is unknown, or a digest of an arriving entry's name. */
  readonly id: Digest;
  readonly role: 'config' | 'layer';
  /** Bytes to be sent; undefined while they are being compressed. */
  readonly totalBytes: number | undefined;
  /** Bytes in the source. */
  readonly sourceBytes: number;
  /** The source is still being read, so no phase has counted the blob. */
  readonly arriving?: true;
}

export interface BlobFinishedEvent {
  readonly kind: 'blob-finished';
  readonly id: Digest;
  readonly role: 'config' | 'layer';
  readonly outcome: 'existing' | 'uploaded';
  readonly digest: Digest;
  readonly bytes: number;
}

export interface ManifestPutEvent {
  readonly kind: 'manifest-put';
  readonly imageDigest: Digest;
  readonly imageTag: string | undefined;
  readonly status: 'put' | 'unchanged' | 'refused';
}
