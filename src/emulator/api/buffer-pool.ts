const MIB = 1024 * 1024;
/** Buffers smaller than this are not worth keeping. */
const SMALLEST = MIB;
const MOST_KEPT = 4;

/**
 * Large buffers to be used again: a layer part takes 14 MB, which the garbage collector would give back much later than they are needed.
 * What is in a buffer that is taken is arbitrary.
 */
export class BufferPool {
  readonly #kept: Buffer[] = [];

  /** A buffer of at least `length` bytes. */
  take(length: number): Buffer {
    const at = this.#kept.findIndex((buffer) => buffer.length >= length && buffer.length <= 2 * length);
    const [kept] = at < 0 ? [] : this.#kept.splice(at, 1);
    // In whole MiB, as parts of one size make requests of slightly different lengths.
    return kept ?? Buffer.allocUnsafeSlow(length < SMALLEST ? length : Math.ceil(length / MIB) * MIB);
  }

  /** Gives back what `take` gave; nothing may use it afterwards. */
  give(buffer: Buffer): void {
    if (buffer.length >= SMALLEST && this.#kept.length < MOST_KEPT) this.#kept.push(buffer);
  }
}
