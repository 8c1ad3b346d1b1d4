import type { Extent } from './sparse-file.ts';

const ZEROS = Buffer.alloc(1024 * 1024);

/** Finds what a sparse file stores for [start, end): the first stored byte, and the extents, relative to `start`. */
export function clipExtents(
  extents: readonly Extent[],
  start: number,
  end: number,
): { readonly storedStart: number; readonly storedBytes: number; readonly extents: readonly Extent[] } {
  const clipped: Extent[] = [];
  let storedStart = 0;
  let storedBytes = 0;
  for (const { offset, length } of extents) {
    const from = Math.min(Math.max(offset, start), offset + length);
    const to = Math.max(Math.min(offset + length, end), from);
    if (clipped.length === 0) storedStart += from - offset;
    if (to === from) continue;
    clipped.push({ offset: from - start, length: to - from });
    storedBytes += to - from;
  }
  return { storedStart, storedBytes, extents: clipped };
}

/** Makes the `size` bytes of a sparse file out of its stored bytes. Ends early if `stored` does. */
export async function* fillHoles(
  stored: AsyncIterable<Buffer>,
  extents: readonly Extent[],
  size: number,
): AsyncGenerator<Buffer> {
  const chunks = stored[Symbol.asyncIterator]();
  let rest: Buffer = ZEROS.subarray(0, 0);
  let at = 0;
  try {
    for (const { offset, length } of extents) {
      yield* yieldZeros(offset - at);
      for (let left = length; left > 0; ) {
        if (rest.length === 0) {
          const next = await chunks.next();
          if (next.done) return;
          rest = next.value;
        }
        const piece = rest.subarray(0, left);
        rest = rest.subarray(piece.length);
        left -= piece.length;
        if (piece.length > 0) yield piece;
      }
      at = offset + length;
    }
    // `stored` may throw at its end, for instance because the file changed: let it, before the last hole is given out.
    await chunks.next();
    yield* yieldZeros(size - at);
  } finally {
    await chunks.return?.();
  }
}

function* yieldZeros(count: number): Generator<Buffer> {
  for (let left = count; left > 0; left -= Math.min(left, ZEROS.length)) yield ZEROS.subarray(0, left);
}
