/** Items that are made ahead while the caller works on the last one. */
export interface AheadReader<Item> {
  /** Returns undefined at the end. */
  next(): Promise<Item | undefined>;
  /**
   * Starts making the next `depth` items and resolves to the first of them, undefined at the end. Undefined as well when making it
   * fails: `next` throws that error.
   */
  prefetch(depth: number): Promise<Item | undefined>;
  close(): Promise<void>;
}

/** Reads ahead from the generator that `generate` makes. The generator may be at work when the reader is closed: it checks `isClosed`. */
export function readAhead<Item>(
  generate: (isClosed: () => boolean) => AsyncGenerator<Item>,
): AheadReader<Item> {
  let closed = false;
  const items = generate(() => closed);
  const ahead: Promise<IteratorResult<Item, unknown>>[] = [];
  return {
    async next() {
      const result = await (ahead.shift() ?? items.next());
      return result.done ? undefined : result.value;
    },
    async prefetch(depth) {
      while (ahead.length < depth) {
        const item = items.next();
        // `next` throws the error, if it is called.
        item.catch(() => undefined);
        ahead.push(item);
      }
      const first = await ahead[0]?.catch(() => undefined);
      return first?.done ? undefined : first?.value;
    },
    async close() {
      closed = true;
      // Waits for the items that are being made.
      await items.return(undefined);
    },
  };
}
