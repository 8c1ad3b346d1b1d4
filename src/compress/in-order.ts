/**
 * Starts a job for each item, at most `maxPending` + 1 at the same time, and gives the results in the order of the items. A job is told
 * by `isStopped` when nobody wants its result any more.
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
      // Whoever awaits it gets the error; this keeps one that nobody came to await from ending the process.
      job.catch(() => undefined);
      pending.push(job);
      for (const first of pending.splice(0, pending.length - maxPending)) yield await first;
    }
    for (const rest of pending) yield await rest;
  } finally {
    stopped = true;
  }
}
