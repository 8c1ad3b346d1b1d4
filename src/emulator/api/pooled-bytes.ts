import type { BufferPool } from './buffer-pool.ts';

/** Bytes one after the other, in memory that a pool lends. */
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

  /** A view, until the next call of another method. */
  get bytes(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  append(bytes: Buffer): void {
    bytes.copy(this.extend(bytes.length), 0);
  }

  /** Makes it `count` bytes longer and gives a view of these, to be written. */
  extend(count: number): Buffer {
    const end = this.#length + count;
    if (end > this.#buffer.length) this.#enlarge(end);
    const added = this.#buffer.subarray(this.#length, end);
    this.#length = end;
    return added;
  }

  /** Forgets all bytes from `length` on. */
  truncate(length: number): void {
    this.#length = length;
  }

  /** Gives the memory back; nothing may use it afterwards. */
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
