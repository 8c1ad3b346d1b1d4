/** Items of which the next one is made while the caller works on the last. */
export interface AheadReader<Item> {
  /** Undefined at the end. */
  next(): Promise<Item | undefined>;
  /** Starts making the next one, and says when it is there; undefined as well when that fails, which `next` throws. */
  prefetch(): Promise<Item | undefined>;
  close(): Promise<void>;
}

/** Wraps the generator that `generate` makes; it is told when nobody wants more, as it may be at work then. */
export function readAhead<Item>(
  generate: (isClosed: () => boolean) => AsyncGenerator<Item>,
): AheadReader<Item> {
  let closed = false;
  const items = generate(() => closed);
  let ahead: Promise<IteratorResult<Item, unknown>> | undefined;
  return {
    async next() {
      const result = await (ahead ?? items.next());
      ahead = undefined;
      return result.done ? undefined : result.value;
    },
    prefetch() {
      ahead = items.next();
      return ahead.then(
        (result) => (result.done ? undefined : result.value),
        () => undefined,
      );
    },
    async close() {
      closed = true;
      await ahead?.catch(() => undefined);
      await items.return(undefined);
    },
  };
}
