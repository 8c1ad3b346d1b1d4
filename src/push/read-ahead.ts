/** Items of which the next one is made while the caller works on the last. */
export interface AheadReader<Item> {
  /** Undefined at the end. */
  next(): Promise<Item | undefined>;
  /** Starts making the next one. */
  prefetch(): void;
  close(): Promise<void>;
}

/** Wraps a generator; `close` ends it, also when it is at work. */
export function readAhead<Item>(items: AsyncGenerator<Item>): AheadReader<Item> {
  let ahead: Promise<IteratorResult<Item, unknown>> | undefined;
  return {
    async next() {
      const result = await (ahead ?? items.next());
      ahead = undefined;
      return result.done ? undefined : result.value;
    },
    prefetch() {
      ahead = items.next();
      // Its failure is seen by `next`, unless something else fails first.
      ahead.catch(() => undefined);
    },
    async close() {
      await ahead?.catch(() => undefined);
      await items.return(undefined);
    },
  };
}
