export interface Block {
  readonly bytes: Buffer<ArrayBuffer>;
  /** True for exactly one block. That block is empty if the input is. */
  readonly last: boolean;
}

/**
 * Cuts a stream into blocks of exactly `size` bytes, whatever its chunks. Only the last block may be shorter.
 *
 * Each block owns its memory: it can be transferred to a thread, and the input may reuse its chunks.
 * @param allocate Gives memory of `size` bytes for a block.
 */
export async function* cutBlocks(
  input: AsyncIterable<Buffer>,
  size: number,
  allocate: () => Buffer<ArrayBuffer>,
): AsyncGenerator<Block> {
  let block = allocate();
  let filled = 0;
  for await (const chunk of input) {
    let taken = 0;
    while (taken < chunk.length) {
      // A full block waits until more input follows: it might be the last one.
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
