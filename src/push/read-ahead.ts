/** Items of which the next ones are made while the caller works on the last. */
export interface AheadReader<Item> {
  /** Undefined at the end. */
  next(): Promise<Item | undefined>;
  /** Starts making the next ones, and says when the first is there; undefined as well when that fails, which `next` throws. */
  prefetch(): Promise<Item | undefined>;
  close(): Promise<void>;
}

/** Wraps the generator that `generate` makes; it is told when nobody wants more, as it may be at work then. `depth`: most items ahead. */
export function readAhead<Item>(
  generate: (isClosed: () => boolean) => AsyncGenerator<Item>,
  depth: number,
): AheadReader<Item> {
  let closed = false;
  const items = generate(() => closed);
  const ahead: Promise<IteratorResult<Item, unknown>>[] = [];
  return {
    async next() {
      const result = await (ahead.shift() ?? items.next());
      return result.done ? undefined : result.value;
    },
    async prefetch() {
      while (ahead.length < depth) {
        const item = items.next();
        // It is for `next` to fail, if anybody asks.
        item.catch(() => undefined);
        ahead.push(item);
      }
      const first = await ahead[0]?.catch(() => undefined);
      return first?.done ? undefined : first?.value;
    },
    async close() {
      closed = true;
      // Comes after those that are in the making.
      await items.return(undefined);
    },
  };
}
