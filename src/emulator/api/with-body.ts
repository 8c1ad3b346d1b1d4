import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { ServiceError } from '../service-error.ts';
import type { BufferPool } from './buffer-pool.ts';

/** Room for the largest layer part (20 MiB, as base64 28 MB) with a margin, so that a part slightly too large is told so. */
const MAX_BODY_BYTES = 32 * 1024 * 1024;

export interface ReceivedBody {
  readonly bytes: Buffer;
  /** SHA-256, lower-case hexadecimal. */
  readonly hash: string;
}

/**
 * Reads the whole body, hashes it while it comes in, and lends it to `use`; its bytes are gone when that settles. A body above 32 MiB is read to its
 * end, so that the client gets to see the answer, kept nowhere, and reported as RequestEntityTooLarge. Rejects with the stream's error when the client goes away.
 */
export async function withBody<Result>(
  request: IncomingMessage,
  pool: BufferPool,
  onBytes: (count: number) => void,
  use: (body: ReceivedBody) => Promise<Result>,
): Promise<Result> {
  const announced = Number(request.headers['content-length'] ?? 0);
  let bytes = pool.take(announced <= MAX_BODY_BYTES ? announced : 0);
  try {
    let length = 0;
    const hash = createHash('sha256');
    for await (const chunk of request as AsyncIterable<Buffer>) {
      // as: no encoding is set, so chunks are buffers
      onBytes(chunk.length);
      const end = length + chunk.length;
      if (end <= MAX_BODY_BYTES) {
        if (end > bytes.length) bytes = enlarge(pool, bytes, length, end);
        chunk.copy(bytes, length);
        hash.update(chunk);
      }
      length = end;
    }
    if (length > MAX_BODY_BYTES) {
      throw new ServiceError(
        'RequestEntityTooLarge',
        `HTTP content length exceeded ${MAX_BODY_BYTES} bytes.`,
      );
    }
    return await use({ bytes: bytes.subarray(0, length), hash: hash.digest('hex') });
  } finally {
    pool.give(bytes);
  }
}

/** Only for bodies of unannounced length. */
function enlarge(pool: BufferPool, bytes: Buffer, used: number, needed: number): Buffer {
  const larger = pool.take(Math.max(needed, 2 * bytes.length));
  bytes.copy(larger, 0, 0, used);
  pool.give(bytes);
  return larger;
}
