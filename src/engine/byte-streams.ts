import { createHash } from 'node:crypto';
import type { Digest } from '../oci/digest.ts';

/** Passes bytes through and gives `onEnd` their digest. */
export async function* hashBytes(
  chunks: AsyncIterable<Buffer>,
  onEnd: (digest: Digest) => void,
): AsyncGenerator<Buffer> {
  const hash = createHash('sha256');
  for await (const chunk of chunks) {
    hash.update(chunk);
    yield chunk;
  }
  onEnd(`sha256:${hash.digest('hex')}`);
}

/** Passes bytes through and gives `onChunk` the length of each chunk. */
export async function* countBytes(
  chunks: AsyncIterable<Buffer>,
  onChunk: (bytes: number) => void,
): AsyncGenerator<Buffer> {
  for await (const chunk of chunks) {
    onChunk(chunk.length);
    yield chunk;
  }
}

/** Leaves out the first bytes. */
export async function* skipBytes(chunks: AsyncIterable<Buffer>, count: number): AsyncGenerator<Buffer> {
  let left = count;
  for await (const chunk of chunks) {
    if (left < chunk.length) {
      yield left === 0 ? chunk : chunk.subarray(left);
    }
    left = Math.max(0, left - chunk.length);
  }
}
