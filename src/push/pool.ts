import { setMaxListeners } from 'node:events';

/**
 * Works on all items, at most `limit` at a time, in their order. The first failure aborts the signal given to the
 * others, and is thrown when all have ended.
 */
export async function runPool<Item>(
  items: readonly Item[],
  limit: number,
  signal: AbortSignal,
  work: (item: Item, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const { signal: ended, abort, dispose } = deriveAbort(signal);
  const queue = items[Symbol.iterator]();
  const drain = async (): Promise<void> => {
    // All workers draw from the one iterator.
    for (const item of queue) {
      ended.throwIfAborted();
      await work(item, ended);
    }
  };
  const workers = Array.from({ length: Math.min(limit, items.length) }, () =>
    drain().catch((error: unknown) => {
      abort(error);
    }),
  );
  await Promise.all(workers);
  dispose();
  ended.throwIfAborted();
}

/** A signal that follows another, and that its owner can abort too. Any number of calls may listen to it. */
export function deriveAbort(signal: AbortSignal): {
  readonly signal: AbortSignal;
  readonly abort: (reason: unknown) => void;
  readonly dispose: () => void;
} {
  const controller = new AbortController();
  setMaxListeners(0, controller.signal);
  const follow = (): void => controller.abort(signal.reason);
  if (signal.aborted) {
    follow();
  } else {
    signal.addEventListener('abort', follow, { once: true });
  }
  return {
    signal: controller.signal,
    abort: (reason) => controller.abort(reason),
    dispose: () => signal.removeEventListener('abort', follow),
  };
}
