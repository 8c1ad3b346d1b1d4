import type { Digest } from '../oci/digest.ts';

/** What a push tells while it runs, for progress displays. Retries of single calls come from the client instead. */
export type PushEvent =
  | PhaseEvent
  | BlobStartedEvent
  | BlobResumedEvent
  | BlobProgressEvent
  | BlobRestartedEvent
  | BlobFinishedEvent
  | ManifestPutEvent;

/** `check`: asking what is there; `upload`: sending blobs; `put`: manifests and tags. `upload` comes again after a self-repair. */
export interface PhaseEvent {
  readonly kind: 'phase';
  readonly phase: 'check' | 'upload' | 'put';
  /** With `upload`: how many blobs are missing. */
  readonly blobs?: number;
  /** With `upload`: their bytes in the source; what is compressed on the way will be fewer. */
  readonly sourceBytes?: number;
}

/** `id` names a blob in all its events: its digest, or the diff ID of a layer whose digest comes out at the end. */
interface BlobEvent {
  readonly id: Digest;
}

export interface BlobStartedEvent extends BlobEvent {
  readonly kind: 'blob-started';
  readonly role: 'config' | 'layer';
  /** Bytes to be sent; undefined while they are still being compressed. */
  readonly totalBytes: number | undefined;
  /** Bytes in the source. */
  readonly sourceBytes: number;
}

/** The upload is one that an earlier push began. */
export interface BlobResumedEvent extends BlobEvent {
  readonly kind: 'blob-resumed';
  /** Bytes acknowledged to the earlier push. */
  readonly resumedBytes: number;
}

export interface BlobProgressEvent extends BlobEvent {
  readonly kind: 'blob-progress';
  /** Bytes of the blob that the service has acknowledged; absolute, never decreasing. */
  readonly acknowledgedBytes: number;
}

/**
 * The upload goes back: to what the service says it holds, or to a new upload, as it had lost the old one or does not take
 * what an earlier push has left of it.
 */
export interface BlobRestartedEvent extends BlobEvent {
  readonly kind: 'blob-restarted';
  readonly reason: 'resync' | 'vanished' | 'refused';
  readonly nextByte: number;
}

export interface BlobFinishedEvent extends BlobEvent {
  readonly kind: 'blob-finished';
  readonly role: 'config' | 'layer';
  readonly outcome: 'existing' | 'uploaded';
  readonly digest: Digest;
  readonly bytes: number;
}

export interface ManifestPutEvent {
  readonly kind: 'manifest-put';
  readonly imageDigest: Digest;
  readonly imageTag: string | undefined;
  readonly status: 'put' | 'unchanged';
}
