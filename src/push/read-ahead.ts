/** Parts of which the next one is read while the caller works on something else. */
export interface PartReader {
  /** Undefined at the end. */
  next(): Promise<Buffer | undefined>;
  /** Starts reading the next part; its buffer is that of the last one. */
  prefetch(): void;
  close(): Promise<void>;
}

/** Wraps a generator of parts. */
export function readAhead(parts: AsyncGenerator<Buffer>): PartReader {
  let ahead: Promise<IteratorResult<Buffer, unknown>> | undefined;
  return {
    async next() {
      const result = await (ahead ?? parts.next());
      ahead = undefined;
      return result.done ? undefined : result.value;
    },
    prefetch() {
      ahead = parts.next();
      // Its failure is seen by `next`, unless something else fails first.
      ahead.catch(() => undefined);
    },
    async close() {
      await ahead?.catch(() => undefined);
      await parts.return(undefined);
    },
  };
}
