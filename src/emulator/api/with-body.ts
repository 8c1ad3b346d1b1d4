import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { JsonObject } from '../json.ts';
import { ServiceError } from '../service-error.ts';
import { BodyParser } from './body-parser.ts';
import type { BufferPool } from './buffer-pool.ts';

/** Room for the largest layer part (20 MiB, as base64 28 MB) with a margin, so that a part slightly too large is told so. */
const MAX_BODY_BYTES = 32 * 1024 * 1024;
/** Up to here a body that is too large is read to its end, as clients look for an answer only then. */
const MAX_READ_BYTES = 2 * MAX_BODY_BYTES;
/** How long a body may take. */
const MAX_BODY_MS = 300_000;

export interface ReceivedBody {
  /** Throws SerializationException when the body is no JSON object. */
  readonly parse: () => JsonObject;
  /** SHA-256, lower-case hexadecimal. */
  readonly hash: string;
}

/**
 * Takes a body in, hashing and decoding it on the way, and lends it to `use`; its bytes are gone when that settles. With `blobMember`, that member may be
 * there as bytes. A body above 32 MiB is kept nowhere and reported as RequestEntityTooLarge: at once when it is announced as twice that, and at the latest
 * when twice that has come. Rejects with the stream's error when the client goes away or is slow.
 */
export async function withBody<Result>(
  request: IncomingMessage,
  { pool, blobMember }: { readonly pool: BufferPool; readonly blobMember: string | undefined },
  onBytes: (count: number) => void,
  use: (body: ReceivedBody) => Promise<Result>,
): Promise<Result> {
  const announced = Number(request.headers['content-length'] ?? 0);
  if (announced > MAX_READ_BYTES) throw tooLarge();
  const timer = setTimeout(() => request.destroy(), MAX_BODY_MS);
  const parser = new BodyParser(pool, announced <= MAX_BODY_BYTES ? announced : 0, blobMember);
  try {
    let length = 0;
    const hash = createHash('sha256');
    await readChunks(request, (chunk) => {
      onBytes(chunk.length);
      length += chunk.length;
      if (length <= MAX_BODY_BYTES) {
        hash.update(chunk);
        parser.append(chunk);
      }
      return length <= MAX_READ_BYTES;
    });
    clearTimeout(timer);
    if (length > MAX_BODY_BYTES) throw tooLarge();
    // From here on the client waits for us.
    request.setTimeout(0);
    return await use({ parse: () => parser.parse(), hash: hash.digest('hex') });
  } finally {
    clearTimeout(timer);
    parser.release();
  }
}

/**
 * Gives every chunk to `see`, until that says no or the body has ended. Of a layer part there are hundreds, and listening makes no promises for each,
 * as iterating does.
 */
function readChunks(request: IncomingMessage, see: (chunk: Buffer) => boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      for (const [event, listener] of listeners) request.off(event, listener);
    };
    const fail = (error: unknown) => {
      stop();
      reject(error);
    };
    const end = () => {
      stop();
      resolve();
    };
    const take = (chunk: Buffer) => {
      try {
        if (see(chunk)) return;
        request.pause();
        end();
      } catch (error) {
        fail(error);
      }
    };
    const listeners = [
      ['data', take],
      ['end', end],
      ['error', fail],
      ['close', () => fail(new Error('The connection was closed in the midst of a request'))],
    ] as const;
    for (const [event, listener] of listeners) request.on(event, listener);
  });
}

function tooLarge(): ServiceError {
  return new ServiceError('RequestEntityTooLarge', `HTTP content length exceeded ${MAX_BODY_BYTES} bytes.`);
}
