import { constants } from 'node:fs';
import { open } from 'node:fs/promises';

const CHUNK_BYTES = 1024 * 1024;
/** Windows has no such flag. */
const WITHOUT_LINKS = constants.O_NOFOLLOW ?? 0;

/** A file that is read while another part of the program writes it. */
export class GrowingFile {
  readonly path: string;
  #bytes = 0;
  #isWhole = false;
  #failure: { readonly reason: unknown } | undefined;
  #wake: (() => void)[] = [];

  constructor(path: string) {
    this.path = path;
  }

  /** The first `bytes` bytes can be read. */
  grow(bytes: number): void {
    this.#bytes = bytes;
    this.#wakeAll();
  }

  /** The file is whole, and what is in it is as it should be. */
  finish(bytes: number): void {
    this.#isWhole = true;
    this.grow(bytes);
  }

  /** Ends the readers with an error. */
  fail(reason: unknown): void {
    this.#failure = { reason };
    this.#wakeAll();
  }

  /** Waits until the file is whole. Throws what its writer failed with. */
  async waitUntilWhole(): Promise<void> {
    while (!this.#isWhole) await this.#waitForMore();
  }

  /** Yields the bytes as they come, in chunks that nothing changes afterwards. Throws what the writer failed with. */
  async *read(): AsyncGenerator<Buffer> {
    while (this.#bytes === 0 && !this.#isWhole) await this.#waitForMore();
    const file = await open(this.path, constants.O_RDONLY | WITHOUT_LINKS);
    try {
      for (let at = 0; ; ) {
        if (at < this.#bytes) {
          const memory = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, this.#bytes - at));
          const { bytesRead } = await file.read(memory, 0, memory.length, at);
          if (bytesRead === 0) throw new Error(`${this.path} became shorter while it was read`);
          at += bytesRead;
          yield memory.subarray(0, bytesRead);
        } else if (this.#isWhole) return;
        else await this.#waitForMore();
      }
    } finally {
      await file.close();
    }
  }

  async #waitForMore(): Promise<void> {
    if (this.#failure === undefined) await new Promise<void>((resolve) => this.#wake.push(resolve));
    if (this.#failure !== undefined) throw this.#failure.reason;
  }

  #wakeAll(): void {
    const waiting = this.#wake;
    this.#wake = [];
    for (const wake of waiting) wake();
  }
}
