import type { OutgoingBlob } from '../../ends/blob.ts';
import type { BlobRestartedEvent, UploadEvent } from '../../ends/image-target.ts';
import { IN_FLIGHT_BYTES } from './network-silence.ts';

/** Bytes between two reports. */
const STEP_BYTES = 4 * 1024 * 1024;

/**
 * How far the upload of one blob is. A registry acknowledges a PATCH or a PUT as a whole. Until then, what the system has taken counts, less
 * what its buffers may still hold.
 */
export class UploadProgress {
  readonly #blob: OutgoingBlob;
  readonly #estimateSize: () => number | undefined;
  readonly #onEvent: (event: UploadEvent) => void;
  #startByte = 0;
  #sentEnd = 0;
  #mostSent = 0;
  #reported = 0;

  constructor(
    blob: OutgoingBlob,
    estimateSize: () => number | undefined,
    onEvent: (event: UploadEvent) => void,
  ) {
    this.#blob = blob;
    this.#estimateSize = estimateSize;
    this.#onEvent = onEvent;
  }

  /** All bytes below were handed to the system in this attempt, or in an earlier one and then acknowledged. */
  get sentEnd(): number {
    return this.#sentEnd;
  }

  /** The same, in any attempt. */
  get mostSent(): number {
    return this.#mostSent;
  }

  /** Whether this attempt has sent anything. */
  get hasSent(): boolean {
    return this.#sentEnd > this.#startByte;
  }

  /** A request begins at this byte. */
  start(position: number): void {
    this.#startByte = position;
    this.#sentEnd = position;
  }

  /** Notes bytes that the system has taken. Returns true if none after them was ever sent. */
  take(bytes: number): boolean {
    this.#sentEnd += bytes;
    const isNew = this.#sentEnd > this.#mostSent;
    if (isNew) this.#mostSent = this.#sentEnd;
    const leftBytes = this.#sentEnd - IN_FLIGHT_BYTES;
    if (leftBytes >= this.#reported + STEP_BYTES) this.#report(leftBytes);
    return isNew;
  }

  /** Notes bytes that the registry has. */
  acknowledge(position: number): void {
    this.#report(position);
  }

  restart(reason: BlobRestartedEvent['reason'], nextByte: number): void {
    this.#onEvent({ kind: 'blob-restarted', id: this.#blob.id, reason, nextByte });
  }

  /** All bytes are acknowledged. */
  end(bytes: number): void {
    this.#report(bytes);
    this.#onEvent({ kind: 'blob-sent', id: this.#blob.id, bytes });
  }

  /** Never reports less than before. */
  #report(acknowledgedBytes: number): void {
    if (acknowledgedBytes <= this.#reported) return;
    this.#reported = acknowledgedBytes;
    const estimatedBytes = this.#estimateSize();
    this.#onEvent({ kind: 'blob-progress', id: this.#blob.id, acknowledgedBytes, estimatedBytes });
  }
}
