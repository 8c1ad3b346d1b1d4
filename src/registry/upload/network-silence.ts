import { type DerivedAbort, deriveAbort, makeTimeoutError, roundSeconds } from '../../async/abort.ts';

/** A slow link takes this much within the silence. */
const WRITE_BYTES = 256 * 1024;
/** What the system's buffers may still hold of a body that was handed over: by default, Linux makes them no larger. */
export const IN_FLIGHT_BYTES = 4 * 1024 * 1024;
/** The slowest link to support. All layers in flight share it. */
const LEAST_BYTES_PER_MS = 16;

/** Aborts a request on which nothing moves. The time in which its source gives no bytes does not count. */
export class NetworkSilence {
  readonly #silentMs: number;
  readonly #mostMs: number;
  readonly #abort: DerivedAbort;
  #timer: NodeJS.Timeout | undefined;
  #timeout: Error | undefined;

  /** `mostMs`: upper bound of every wait. */
  constructor(signal: AbortSignal, silentMs: number, mostMs: number) {
    this.#silentMs = Math.min(silentMs, mostMs);
    this.#mostMs = mostMs;
    this.#abort = deriveAbort(signal);
    this.#watch(this.#silentMs);
  }

  /** For the request. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** The error, if the time was over. */
  get timeout(): Error | undefined {
    return this.#timeout;
  }

  /** Passes the bytes of a body on, in pieces. `onTaken` gets the length of each piece once the system has taken it. */
  async *watchBody(bytes: AsyncIterable<Buffer>, onTaken: (bytes: number) => void): AsyncGenerator<Buffer> {
    const chunks = bytes[Symbol.asyncIterator]();
    let sentBytes = 0;
    try {
      for (;;) {
        clearTimeout(this.#timer);
        const { done, value } = await chunks.next();
        if (done) break;
        for (let start = 0; start < value.length; start += WRITE_BYTES) {
          const piece = value.subarray(start, start + WRITE_BYTES);
          this.#watch(this.#silentMs);
          yield piece;
          sentBytes += piece.length;
          onTaken(piece.length);
        }
      }
      // The buffers are sent, then the registry checks what it got.
      const drainMs = Math.min(sentBytes, IN_FLIGHT_BYTES) / LEAST_BYTES_PER_MS;
      this.#watch(Math.min(this.#silentMs + drainMs, this.#mostMs));
    } finally {
      await chunks.return?.();
    }
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#abort.dispose();
  }

  #watch(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#timeout = makeTimeoutError(`nothing moved for ${roundSeconds(ms)} s`);
      this.#abort.abort(this.#timeout);
    }, ms);
  }
}
