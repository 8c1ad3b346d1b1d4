/** Most lanes that use libuv's threads. It has four without UV_THREADPOOL_SIZE, and one is left to file reads. */
export const MAX_POOL_LANES = 3;

/** Starts the tasks of one stream in the order of the calls. */
export type RunInLane = <Result>(task: () => Promise<Result>) => Promise<Result>;

/**
 * Makes lanes that streams share, and returns what opens a stream. At most `count` tasks run at the same time. Tasks of a stream that
 * was opened earlier start first, so the first stream ends early instead of all of them late.
 */
export function createLanes(count: number): () => RunInLane {
  let free = count;
  let streams = 0;
  /** Tasks of the earliest stream come first. */
  const waiting: { readonly stream: number; readonly start: () => void }[] = [];
  return () => {
    const stream = streams;
    streams += 1;
    const wait = (): Promise<void> =>
      new Promise((start) => {
        const later = waiting.findIndex((other) => other.stream > stream);
        waiting.splice(later === -1 ? waiting.length : later, 0, { stream, start });
      });
    return async (task) => {
      if (free > 0) free -= 1;
      else await wait();
      try {
        return await task();
      } finally {
        const next = waiting.shift();
        if (next) next.start();
        else free += 1;
      }
    };
  };
}

/**
 * Starts a job for each item, at most `maxPending` + 1 at the same time, and yields the results in the order of the items. A job
 * checks `isStopped`: true means that nobody reads its result.
 */
export async function* runInOrder<Item, Result>(
  items: AsyncIterable<Item>,
  maxPending: number,
  start: (item: Item, isStopped: () => boolean) => Promise<Result>,
): AsyncGenerator<Result> {
  const pending: Promise<Result>[] = [];
  let stopped = false;
  try {
    for await (const item of items) {
      const job = start(item, () => stopped);
      // The reader gets the error when it awaits the job. Without a reader, the rejection must not end the process.
      job.catch(() => undefined);
      pending.push(job);
      for (const first of pending.splice(0, pending.length - maxPending)) yield await first;
    }
    for (const rest of pending) yield await rest;
  } finally {
    stopped = true;
  }
}
