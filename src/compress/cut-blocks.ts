export interface Block {
  readonly bytes: Buffer<ArrayBuffer>;
  /** True for exactly one block, which is empty when the input is. */
  readonly last: boolean;
}

/**
 * Cuts a stream into blocks of exactly `size` bytes, the last one excepted, whatever the chunks it comes in.
 * Each block has memory for it alone: the chunks may be used again by whoever gave them, the blocks be given to a thread. `spare` is memory
 * of blocks that are done with, as long, which is used first: left to the garbage collector, it would be collected every 64 MB.
 */
export async function* cutBlocks(
  input: AsyncIterable<Buffer>,
  size: number,
  spare: Buffer<ArrayBuffer>[] = [],
): AsyncGenerator<Block> {
  const allocate = () => spare.pop() ?? Buffer.allocUnsafeSlow(size);
  let block = allocate();
  let filled = 0;
  for await (const chunk of input) {
    let taken = 0;
    while (taken < chunk.length) {
      // A full block goes out only now that more is known to follow: the last one has to be told.
      if (filled === size) {
        yield { bytes: block, last: false };
        block = allocate();
        filled = 0;
      }
      const copied = chunk.copy(block, filled, taken);
      taken += copied;
      filled += copied;
    }
  }
  yield { bytes: block.subarray(0, filled), last: true };
}
