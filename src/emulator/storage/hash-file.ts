import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';

/** SHA-256 of the first `size` bytes of a file, read as a stream; undefined when the file is shorter. */
export async function hashFile(path: string, size: number): Promise<Hash | undefined> {
  const hash = createHash('sha256');
  if (size === 0) return hash;
  let count = 0;
  const stream = createReadStream(path, { end: size - 1, highWaterMark: 1024 * 1024 });
  for await (const chunk of stream) {
    hash.update(chunk);
    count += chunk.length;
  }
  return count === size ? hash : undefined;
}
