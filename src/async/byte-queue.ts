/** What a chunk takes beside its bytes, about: a pipe may come in chunks of one byte. */
const CHUNK_COST_BYTES = 256;

/** Memory that queues share. One queue at a time is written to. */
export class QueueBudget {
  readonly #limit: number;
  readonly #signal: AbortSignal;
  #used = 0;
  #wake: (() => void) | undefined;

  /** `limit` in bytes. The chunk that reaches it may exceed it. */
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

/** Chunks that one side writes and the other reads, in the same order. The writer waits while the budget is spent. */
export class ByteQueue {
  readonly #budget: QueueBudget;
  readonly #signal: AbortSignal;
  readonly #chunks: Buffer[] = [];
  #hasEnded = false;
  #isCancelled = false;
  #wake: (() => void) | undefined;

  constructor(budget: QueueBudget, signal: AbortSignal) {
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

  /** Ends the reader's wait with an error. Call it when something has failed and the writer may write nothing for long. */
  cancel(): void {
    this.#isCancelled = true;
    this.#wake?.();
  }

  /** Returns the next chunk, undefined at the end. Throws the signal's reason when aborted. */
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
        throw new Error('the byte queue was cancelled');
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}
