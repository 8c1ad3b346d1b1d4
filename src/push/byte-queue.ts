/** What a chunk takes beside its bytes, about: a pipe may come in chunks of one byte. */
const CHUNK_COST_BYTES = 256;

/** Room that queues share, of which one is written to at a time. */
export class ByteBudget {
  readonly #limit: number;
  readonly #signal: AbortSignal;
  #used = 0;
  #wake: (() => void) | undefined;

  /** `limit` in bytes; the chunk that reaches it may go beyond. */
  constructor(limit: number, signal: AbortSignal) {
    this.#limit = limit;
    this.#signal = signal;
    signal.addEventListener('abort', () => this.#wake?.(), { once: true });
  }

  /** Waits until there is room. Throws the signal's reason when aborted. */
  async take(chunk: Buffer): Promise<void> {
    this.#signal.throwIfAborted();
    while (this.#used >= this.#limit) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#signal.throwIfAborted();
    }
    this.#used += chunk.length + CHUNK_COST_BYTES;
  }

  give(chunk: Buffer): void {
    this.#used -= chunk.length + CHUNK_COST_BYTES;
    this.#wake?.();
  }
}

/** What one writes and another reads, in the same order; the writer waits when the budget is spent. */
export class ByteQueue {
  readonly #budget: ByteBudget;
  readonly #signal: AbortSignal;
  readonly #chunks: Buffer[] = [];
  #hasEnded = false;
  #isCancelled = false;
  #wake: (() => void) | undefined;

  constructor(budget: ByteBudget, signal: AbortSignal) {
    this.#budget = budget;
    this.#signal = signal;
    signal.addEventListener('abort', () => this.#wake?.(), { once: true });
  }

  async write(chunk: Buffer): Promise<void> {
    await this.#budget.take(chunk);
    this.#chunks.push(chunk);
    this.#wake?.();
  }

  end(): void {
    this.#hasEnded = true;
    this.#wake?.();
  }

  /** Ends the reader's wait for more with an error: something has failed, and the writer may have nothing for long. */
  cancel(): void {
    this.#isCancelled = true;
    this.#wake?.();
  }

  /** The next chunk; undefined at the end. Throws the signal's reason when aborted. */
  async next(): Promise<Buffer | undefined> {
    for (;;) {
      this.#signal.throwIfAborted();
      const chunk = this.#chunks.shift();
      if (chunk !== undefined) {
        this.#budget.give(chunk);
        return chunk;
      }
      if (this.#hasEnded) {
        return undefined;
      }
      if (this.#isCancelled) {
        throw new Error('nobody waits for more of the layer');
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}
