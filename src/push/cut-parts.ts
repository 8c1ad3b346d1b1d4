/**
 * Cuts a stream into parts of exactly `buffer.length` bytes, the last one shorter. All are views of the one buffer: a
 * part stays as it is until the next one is asked for.
 */
export async function* cutParts(chunks: AsyncIterable<Buffer>, buffer: Buffer): AsyncGenerator<Buffer> {
  let filled = 0;
  for await (const chunk of chunks) {
    let taken = 0;
    while (taken < chunk.length) {
      const count = chunk.copy(buffer, filled, taken);
      taken += count;
      filled += count;
      if (filled === buffer.length) {
        yield buffer;
        filled = 0;
      }
    }
  }
  if (filled > 0) {
    yield buffer.subarray(0, filled);
  }
}
