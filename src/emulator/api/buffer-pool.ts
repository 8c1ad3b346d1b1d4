const MIB = 1024 * 1024;
/** Smaller buffers are not kept. */
const SMALLEST = MIB;
const MOST_KEPT = 4;

/**
 * Reuses large buffers. A layer part takes 14 MB, and the garbage collector frees that too late. The content of a taken buffer is arbitrary.
 */
export class BufferPool {
  readonly #kept: Buffer[] = [];

  /** Returns a buffer of at least `length` bytes. */
  take(length: number): Buffer {
    const at = this.#kept.findIndex((buffer) => buffer.length >= length && buffer.length <= 2 * length);
    const [kept] = at < 0 ? [] : this.#kept.splice(at, 1);
    // In whole MiB, because parts of one size make requests of slightly different lengths.
    return kept ?? Buffer.allocUnsafeSlow(length < SMALLEST ? length : Math.ceil(length / MIB) * MIB);
  }

  /** Returns a buffer to the pool. The caller must not use it afterwards. */
  give(buffer: Buffer): void {
    if (buffer.length >= SMALLEST && this.#kept.length < MOST_KEPT) this.#kept.push(buffer);
  }
}

/** A growing sequence of bytes in a pool's buffers. */
export class PooledBytes {
  readonly #pool: BufferPool;
  #buffer: Buffer;
  #length = 0;

  constructor(pool: BufferPool, capacity: number) {
    this.#pool = pool;
    this.#buffer = pool.take(capacity);
  }

  get length(): number {
    return this.#length;
  }

  /** A view that is valid until the next method call. */
  get bytes(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  append(bytes: Buffer): void {
    bytes.copy(this.extend(bytes.length), 0);
  }

  /** Adds `count` bytes and returns a view of them. The caller writes them. */
  extend(count: number): Buffer {
    const end = this.#length + count;
    if (end > this.#buffer.length) this.#enlarge(end);
    const added = this.#buffer.subarray(this.#length, end);
    this.#length = end;
    return added;
  }

  /** Discards all bytes from `length` on. */
  truncate(length: number): void {
    this.#length = length;
  }

  /** Returns the memory to the pool. The caller must not use this object afterwards. */
  release(): void {
    this.#pool.give(this.#buffer);
  }

  #enlarge(needed: number): void {
    const larger = this.#pool.take(Math.max(needed, 2 * this.#buffer.length));
    this.#buffer.copy(larger, 0, 0, this.#length);
    this.#pool.give(this.#buffer);
    this.#buffer = larger;
  }
}
