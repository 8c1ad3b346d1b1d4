import type { Digest } from '../oci/digest.ts';

/** What a verification tells while it runs. */
export type VerifyEvent = VerifyStartedEvent | VerifyProgressEvent | BlobVerifiedEvent;

/** Tags and manifests are as they should be; the blobs follow. */
export interface VerifyStartedEvent {
  readonly kind: 'verify-started';
  /** Distinct ones, configs included. */
  readonly blobs: number;
  /** Of the blobs, as the manifests say. */
  readonly bytes: number;
}

/** Comes every few MiB. */
export interface VerifyProgressEvent {
  readonly kind: 'verify-progress';
  readonly digest: Digest;
  /** Bytes of the blob that were read back; begins anew with another try. */
  readonly readBytes: number;
}

export interface BlobVerifiedEvent {
  readonly kind: 'blob-verified';
  readonly digest: Digest;
  readonly bytes: number;
}
