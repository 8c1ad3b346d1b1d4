import { deriveAbort } from './abort.ts';

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
  const { signal: inner, abort, dispose } = deriveAbort(signal);
  const queue = items[Symbol.iterator]();
  const drain = async (): Promise<void> => {
    // All workers draw from one iterator. `for … of` would close it when the first of them fails.
    for (let next = queue.next(); next.done !== true; next = queue.next()) {
      inner.throwIfAborted();
      await work(next.value, inner);
    }
  };
  await Promise.all(Array.from({ length: limit }, () => drain().catch(abort)));
  dispose();
  inner.throwIfAborted();
}
