import type { Digest } from '../oci/digest.ts';

/** The events of a verification. */
export type VerifyEvent = VerifyStartedEvent | VerifyProgressEvent | BlobVerifiedEvent;

/** Tags and manifests are verified; the blobs follow. */
export interface VerifyStartedEvent {
  readonly kind: 'verify-started';
  /** Distinct, configs included. */
  readonly blobs: number;
  /** Of the blobs, as the manifests say. */
  readonly bytes: number;
}

/** Comes every few MiB. */
export interface VerifyProgressEvent {
  readonly kind: 'verify-progress';
  readonly digest: Digest;
  /** Bytes of the blob that were read back. Another attempt starts at 0. */
  readonly readBytes: number;
}

export interface BlobVerifiedEvent {
  readonly kind: 'blob-verified';
  readonly digest: Digest;
  readonly bytes: number;
}
