import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { ServiceError } from '../service-error.ts';
import type { BufferPool } from './buffer-pool.ts';

/** Room for the largest layer part (20 MiB, as base64 28 MB) with a margin, so that a part slightly too large is told so. */
const MAX_BODY_BYTES = 32 * 1024 * 1024;
/** Up to here a body that is too large is read to its end, as clients look for an answer only then. */
const MAX_READ_BYTES = 2 * MAX_BODY_BYTES;
/** How long a body may take. */
const MAX_BODY_MS = 300_000;

export interface ReceivedBody {
  readonly bytes: Buffer;
  /** SHA-256, lower-case hexadecimal. */
  readonly hash: string;
}

/**
 * Reads the whole body, hashes it while it comes in, and lends it to `use`; its bytes are gone when that settles. A body above 32 MiB is kept nowhere
 * and reported as RequestEntityTooLarge: at once when it is announced as twice that, and at the latest when twice that has come. Rejects with the
 * stream's error when the client goes away or is slow.
 */
export async function withBody<Result>(
  request: IncomingMessage,
  pool: BufferPool,
  onBytes: (count: number) => void,
  use: (body: ReceivedBody) => Promise<Result>,
): Promise<Result> {
  const announced = Number(request.headers['content-length'] ?? 0);
  if (announced > MAX_READ_BYTES) throw tooLarge();
  const timer = setTimeout(() => request.destroy(), MAX_BODY_MS);
  let bytes = pool.take(announced <= MAX_BODY_BYTES ? announced : 0);
  try {
    let length = 0;
    const hash = createHash('sha256');
    // as: no encoding is set, so chunks are buffers
    const chunks = request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
    for await (const chunk of chunks) {
      onBytes(chunk.length);
      const end = length + chunk.length;
      if (end <= MAX_BODY_BYTES) {
        if (end > bytes.length) bytes = enlarge(pool, bytes, length, end);
        chunk.copy(bytes, length);
        hash.update(chunk);
      }
      length = end;
      if (length > MAX_READ_BYTES) break;
    }
    clearTimeout(timer);
    if (length > MAX_BODY_BYTES) throw tooLarge();
    // From here on the client waits for us.
    request.setTimeout(0);
    return await use({ bytes: bytes.subarray(0, length), hash: hash.digest('hex') });
  } finally {
    clearTimeout(timer);
    pool.give(bytes);
  }
}

function tooLarge(): ServiceError {
  return new ServiceError('RequestEntityTooLarge', `HTTP content length exceeded ${MAX_BODY_BYTES} bytes.`);
}

/** Only for bodies of unannounced length. */
function enlarge(pool: BufferPool, bytes: Buffer, used: number, needed: number): Buffer {
  const larger = pool.take(Math.max(needed, 2 * bytes.length));
  bytes.copy(larger, 0, 0, used);
  pool.give(bytes);
  return larger;
}
