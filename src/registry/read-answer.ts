import type { Readable } from 'node:stream';
import { createBrotliDecompress, createInflate, createUnzip } from 'node:zlib';
import { discardBody, freeConnection, type HttpAnswer, readBody } from '../net/send-request.ts';

/** A registry answered with a status that is neither a success nor a plain "not found". */
export class UnexpectedStatus extends Error {
  override readonly name = 'UnexpectedStatus';
  readonly status: number;
  /** True when the registry refuses access. A web page is the answer of another server. */
  readonly isDenial: boolean;
  /** The wait that the answer asks for. */
  readonly retryAfterMs: number | undefined;

  constructor({ status, headers }: HttpAnswer) {
    const isPage = headers['content-type']?.startsWith('text/html') ?? false;
    super(
      isPage || (status >= 300 && status < 400)
        ? `it returned HTTP ${status}${isPage ? ' with a web page' : ''}; this does not look like a registry`
        : `the registry returned HTTP ${status}`,
    );
    this.status = status;
    this.isDenial = !isPage && (status === 401 || status === 403);
    const seconds = headers['retry-after'] ?? '';
    this.retryAfterMs = /^\d{1,9}$/.test(seconds) ? Number(seconds) * 1000 : undefined;
  }

  /** True when the same request may succeed later. */
  get isTransient(): boolean {
    return this.status >= 500 || this.status === 429 || this.status === 408;
  }
}

/** Yields the bytes of a blob as they come, decoded as in `readBytes`. Throws `UnexpectedStatus` unless the answer is a 200. */
export async function* streamBlob(answer: HttpAnswer): AsyncGenerator<Buffer> {
  await expectSuccess(answer);
  const decoded = decode(answer);
  try {
    yield* decoded;
  } finally {
    if (decoded !== answer.body) answer.body.destroy();
  }
}

/**
 * Reads all bytes of a document. Some servers compress it although the request does not allow it: it is decoded. Throws `BodyTooLong`
 * when the decoded bytes are more than `maxBytes`, `UnexpectedStatus` unless the answer is a 200.
 */
export async function readBytes(answer: HttpAnswer, maxBytes: number): Promise<Buffer> {
  await expectSuccess(answer);
  const decoded = decode(answer);
  try {
    return await readBody(decoded, { maxBytes });
  } finally {
    if (decoded !== answer.body) answer.body.destroy();
    else await freeConnection();
  }
}

async function expectSuccess(answer: HttpAnswer): Promise<void> {
  if (answer.status === 200) return;
  await discardBody(answer);
  throw new UnexpectedStatus(answer);
}

function decode({ headers, body }: HttpAnswer): Readable {
  const decoder = makeDecoder(headers['content-encoding']?.trim().toLowerCase() ?? 'identity');
  if (decoder === undefined) return body;
  body.on('error', (error) => decoder.destroy(error));
  return body.pipe(decoder);
}

function makeDecoder(encoding: string) {
  if (encoding === 'gzip' || encoding === 'x-gzip') return createUnzip();
  if (encoding === 'deflate') return createInflate();
  return encoding === 'br' ? createBrotliDecompress() : undefined;
}
