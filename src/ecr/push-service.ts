import type { Digest } from '../oci/digest.ts';

/** The five operations of a push, bound to one repository. Implemented by `connectPush`; faked by tests. */
export interface PushService {
  /** Which of the digests the repository has already; any number of them, asked 100 at a time. */
  findAvailable(digests: readonly Digest[], signal: AbortSignal): Promise<ReadonlySet<Digest>>;
  initiateUpload(signal: AbortSignal): Promise<StartedUpload>;
  /**
   * Sends the bytes of [start, start + bytes.length) and says what the service holds afterwards.
   * The bytes are taken before this returns its promise: the caller may fill the buffer anew at once.
   * Not an error: the service being elsewhere (`InvalidLayerPartException`), told as `resync`.
   */
  uploadPart(uploadId: string, start: number, bytes: Buffer, signal: AbortSignal): Promise<PartAnswer>;
  completeUpload(uploadId: string, digest: Digest, signal: AbortSignal): Promise<CompleteAnswer>;
  putImage(image: ImageToPut, signal: AbortSignal): Promise<PutAnswer>;
}

export interface StartedUpload {
  readonly uploadId: string;
  /** Bytes, as the service asks for them. */
  readonly partSize: number;
}

/**
 * `nextByte`: all bytes below are acknowledged. `accepted`: the service took this part, in this call or in one whose answer was lost.
 * `resync`: it expects another byte; `nextByte` is undefined when it did not say which. `vanished`: it does not know the upload.
 */
export type PartAnswer =
  | { readonly kind: 'accepted'; readonly nextByte: number }
  | { readonly kind: 'resync'; readonly nextByte: number | undefined }
  | { readonly kind: 'vanished' };

/** `stored` also when the layer was there already; `vanished`: the upload is unknown. */
export type CompleteAnswer =
  | { readonly kind: 'stored'; readonly existed: boolean }
  | { readonly kind: 'vanished' }
  | { readonly kind: 'mismatch' };

export interface ImageToPut {
  readonly manifest: Buffer;
  readonly mediaType: string;
  readonly digest: Digest;
  /** Absent for a child of an index. */
  readonly tag?: string | undefined;
}

/**
 * `unchanged`: same digest and tag were there (`ImageAlreadyExistsException`). `missing`: blobs or child manifests are
 * not there. `registryId` is unknown when the answer was lost.
 */
export type PutAnswer =
  | { readonly kind: 'put'; readonly registryId: string | undefined }
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'missing'; readonly detail: string };
