/** Most lanes that use libuv's threads: it has four without UV_THREADPOOL_SIZE, and one is left to file reads. */
export const MAX_POOL_LANES = 3;

/** Runs the tasks of one stream in the order they come. */
export type RunInLane = <Result>(task: () => Promise<Result>) => Promise<Result>;

/**
 * Makes lanes that streams share: at most as many tasks run at the same time as there are lanes. A stream that was begun before
 * another goes first, so that the first one is done early, and sent while the others are compressed.
 */
export function createLanes(count: number): () => RunInLane {
  let free = count;
  let streams = 0;
  /** Those of the earliest stream in front. */
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
