import { type DerivedAbort, deriveAbort } from './abort.ts';

/** Runs tasks in the background, a limited number at a time. The first failure aborts the signal of the others. */
export class TaskGroup {
  readonly #limit: number;
  readonly #abort: DerivedAbort;
  readonly #running = new Set<Promise<void>>();

  constructor(limit: number, signal: AbortSignal) {
    this.#limit = limit;
    this.#abort = deriveAbort(signal);
  }

  /** Aborted by the first failure, or with the signal of the constructor. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Waits for room, then starts the task. Throws the failure of an earlier task. */
  async start(task: (signal: AbortSignal) => Promise<void>): Promise<void> {
    while (this.#running.size >= this.#limit) await Promise.race(this.#running);
    this.signal.throwIfAborted();
    const work = task(this.signal)
      .catch((error: unknown) => this.#abort.abort(error))
      .finally(() => this.#running.delete(work));
    this.#running.add(work);
  }

  /** Works on all items, in their order, and waits until all tasks have ended. Throws the first failure. */
  async runAll<Item>(
    items: Iterable<Item>,
    work: (item: Item, signal: AbortSignal) => Promise<void>,
  ): Promise<void> {
    try {
      for (const item of items) await this.start((signal) => work(item, signal));
    } catch (error) {
      await this.cancel(error);
    }
    await this.finish();
  }

  /** Waits until all tasks have ended. Throws the first failure. */
  async finish(): Promise<void> {
    await Promise.all(this.#running);
    this.#abort.dispose();
    this.signal.throwIfAborted();
  }

  /** Aborts all tasks; when it resolves, none is running. Never rejects. */
  async cancel(reason: unknown): Promise<void> {
    this.#abort.abort(reason);
    await Promise.all(this.#running);
    this.#abort.dispose();
  }
}

/**
 * Works on all items, at most `limit` at a time, in their order. The first failure aborts the signal given to the
 * others, and is thrown when all have ended.
 */
export async function runPool<Item>(
  items: Iterable<Item>,
  limit: number,
  signal: AbortSignal,
  work: (item: Item, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  await new TaskGroup(limit, signal).runAll(items, work);
}
