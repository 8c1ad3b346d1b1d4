import type { Digest } from '../oci/digest.ts';

/** The five operations of a push, bound to one repository. Implemented by `connectPush`; faked by tests. */
export interface PushService {
  /** Which of the digests the repository has already; any number of them, asked 100 at a time. */
  findAvailable(digests: readonly Digest[], signal: AbortSignal): Promise<ReadonlySet<Digest>>;
  initiateUpload(signal: AbortSignal): Promise<StartedUpload>;
  /** An empty part with room for `capacity` bytes; to be filled, uploaded and cleared any number of times. */
  createPart(capacity: number): LayerPart;
  completeUpload(uploadId: string, digest: Digest, signal: AbortSignal): Promise<CompleteAnswer>;
  putImage(image: ImageToPut, signal: AbortSignal): Promise<PutAnswer>;
}

export interface StartedUpload {
  readonly uploadId: string;
  /** Bytes, as the service asks for them. */
  readonly partSize: number;
}

/** A part that is encoded while it is being filled, so that one can be made ready while another is in flight. */
export interface LayerPart {
  /** Bytes so far. */
  readonly size: number;
  /** Takes as many of the bytes as there is room for, and says how many; the caller may reuse the buffer at once. */
  append(bytes: Buffer): number;
  /**
   * Begins to send the part before its turn, while the one before it waits for its answer: all but the last bytes, so that the service
   * has no part of it before `upload`, for the same place, sends these. Does nothing while calls are held back.
   */
  begin(uploadId: string, start: number): void;
  /**
   * Sends the part, whose first byte in the layer is `start`, and says what the service holds afterwards.
   * Not an error: the service being elsewhere (`InvalidLayerPartException`), told as `resync`. Until `clear` it can be sent
   * again. `onHandedOver`: all of it is on its way, so the link has room for the next one.
   */
  upload(
    uploadId: string,
    start: number,
    signal: AbortSignal,
    onHandedOver?: () => void,
  ): Promise<PartAnswer>;
  /** Empties it, and gives up what was begun. */
  clear(): void;
  /** Gives its memory back for other parts; it must not be used after that. */
  release(): void;
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
