import type { Digest } from '../oci/digest.ts';

/** What a push tells while it runs, for progress displays. Retries of single calls come from the client instead. */
export type PushEvent =
  | PhaseEvent
  | BlobStartedEvent
  | BlobResumedEvent
  | BlobProgressEvent
  | BlobRestartedEvent
  | BlobSentEvent
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
  /** With `put`: how often one will be put: each manifest below the root once, the root once per tag. */
  readonly manifests?: number;
}

/**
 * `id` names a blob in all its events: its digest, or the diff ID of a layer whose digest comes out at the end. That of a layer
 * that arrives under a name which tells neither is made of the name.
 */
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
  /** The source is still being read, so that no phase has counted the blob. */
  readonly arriving?: true;
}

/** The upload is one that an earlier push began. */
export interface BlobResumedEvent extends BlobEvent {
  readonly kind: 'blob-resumed';
  /** Bytes acknowledged to the earlier push. */
  readonly resumedBytes: number;
}

export interface BlobProgressEvent extends BlobEvent {
  readonly kind: 'blob-progress';
  /** Bytes of the blob that the service has acknowledged; in a dry run, that were read. Absolute, never decreasing. */
  readonly acknowledgedBytes: number;
  /** Of a layer that is being compressed: what it will come to, if the rest is like what was read of it so far. */
  readonly estimatedBytes?: number | undefined;
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

/** Every byte is acknowledged; now the service checks the blob and stores it. */
export interface BlobSentEvent extends BlobEvent {
  readonly kind: 'blob-sent';
  readonly bytes: number;
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
