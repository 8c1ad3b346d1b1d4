/**
 * Cuts a stream into parts of exactly `partBytes`, the last one shorter. Two buffers are filled in turn, so a part stays
 * as it is until the second next one is asked for: one in flight, one read ahead.
 */
export async function* cutParts(
  chunks: AsyncIterable<Buffer>,
  partBytes: number,
  buffers: PartBuffers,
): AsyncGenerator<Buffer> {
  let part = buffers.next(partBytes);
  let filled = 0;
  for await (const chunk of chunks) {
    let taken = 0;
    while (taken < chunk.length) {
      const count = chunk.copy(part, filled, taken);
      taken += count;
      filled += count;
      if (filled === partBytes) {
        yield part;
        part = buffers.next(partBytes);
        filled = 0;
      }
    }
  }
  if (filled > 0) {
    yield part.subarray(0, filled);
  }
}

/** The two buffers of one layer; kept while it starts again somewhere else. */
export class PartBuffers {
  #current: Buffer = Buffer.alloc(0);
  #previous: Buffer = Buffer.alloc(0);

  next(bytes: number): Buffer {
    const buffer = this.#previous.length >= bytes ? this.#previous : Buffer.allocUnsafeSlow(bytes);
    this.#previous = this.#current;
    this.#current = buffer;
    return buffer.length === bytes ? buffer : buffer.subarray(0, bytes);
  }
}
