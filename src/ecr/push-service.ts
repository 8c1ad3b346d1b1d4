import type { OutgoingManifest, PutAnswer } from '../ends/image-target.ts';
import type { Digest } from '../oci/digest.ts';

/** The five operations of a push, bound to one repository. */
export interface PushService {
  /** Which of the digests the repository has; any number of them, 100 per call. */
  findAvailable(digests: readonly Digest[], signal: AbortSignal): Promise<ReadonlySet<Digest>>;
  initiateUpload(signal: AbortSignal): Promise<StartedUpload>;
  /** An empty part of `capacity` bytes. It can be filled, uploaded and cleared any number of times. */
  createPart(capacity: number): LayerPart;
  completeUpload(uploadId: string, digest: Digest, signal: AbortSignal): Promise<CompleteAnswer>;
  putImage(manifest: OutgoingManifest, signal: AbortSignal): Promise<PutAnswer>;
}

export interface StartedUpload {
  readonly uploadId: string;
  /** Bytes per part that the service asks for. */
  readonly partSize: number;
}

/** A part that is encoded while it is filled, so that the next part is ready when the last one is acknowledged. */
export interface LayerPart {
  /** Bytes so far. */
  readonly size: number;
  /** Appends as many of the bytes as fit and returns how many. The caller may reuse the buffer at once. */
  append(bytes: Buffer): number;
  /**
   * Starts to send the part while the one before it waits for its answer. The last bytes are held until `upload` is called for the same
   * place, so the service never has two parts of a layer. Does nothing while calls are held back.
   */
  begin(uploadId: string, start: number): void;
  /**
   * Sends the part, whose first byte in the layer is `start`, and returns what the service holds afterwards. A service that expects another
   * byte (`InvalidLayerPartException`) is the answer `resync`, not an error. The part can be sent again until `clear`.
   * `onHandedOver`: all bytes are on their way, so the link has room for the next part.
   */
  upload(
    uploadId: string,
    start: number,
    signal: AbortSignal,
    onHandedOver?: () => void,
  ): Promise<PartAnswer>;
  /** Empties the part and cancels what `begin` started. */
  clear(): void;
  /** Gives its memory to other parts. The part must not be used afterwards. */
  release(): void;
}

/**
 * `nextByte`: all bytes below are acknowledged. `accepted`: the service has this part, from this call or from one whose answer was lost.
 * `resync`: it expects another byte; `nextByte` is undefined when it did not say which. `vanished`: it does not know the upload.
 */
export type PartAnswer =
  | { readonly kind: 'accepted'; readonly nextByte: number }
  | { readonly kind: 'resync'; readonly nextByte: number | undefined }
  | { readonly kind: 'vanished' };

/** `stored`: also when the layer existed before. `vanished`: the upload is unknown. `mismatch`: the bytes have another digest. */
export type CompleteAnswer =
  | { readonly kind: 'stored' }
  | { readonly kind: 'vanished' }
  | { readonly kind: 'mismatch' };
