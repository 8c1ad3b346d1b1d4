import { Readable } from 'node:stream';

/** What is held back: without it the service has no request, and it goes out in one packet. */
const HELD_BYTES = 1024;

/** The body of a request, of which the last bytes leave only when it is released. */
export class HeldBody extends Readable {
  /** In the order they are to be sent. */
  readonly #pieces: Buffer[];
  readonly #onHandedOver: () => void;
  #isReleased = false;
  #isWanted = false;

  /** `onHandedOver`: all bytes have gone to the connection, but for what it still has to send of the last ones. */
  constructor(bytes: Buffer, onHandedOver: () => void) {
    // Nothing is read before it can be written.
    super({ highWaterMark: 0 });
    this.#pieces = [bytes.subarray(0, -HELD_BYTES), bytes.subarray(-HELD_BYTES)].filter(
      (piece) => piece.length > 0,
    );
    this.#onHandedOver = onHandedOver;
  }

  /** Idempotent. */
  release(): void {
    this.#isReleased = true;
    if (this.#isWanted) this._read();
  }

  override _read(): void {
    this.#isWanted = this.#pieces.length === 1 && !this.#isReleased;
    if (this.#isWanted) return;
    const piece = this.#pieces.shift();
    this.push(piece ?? null);
    if (piece === undefined) this.#onHandedOver();
  }
}
