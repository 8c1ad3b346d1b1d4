import type { Readable } from 'node:stream';
import { createBrotliDecompress, createInflate, createUnzip } from 'node:zlib';
import { discardBody, freeConnection, type HttpAnswer, readBody } from '../net/send-request.ts';

/** Redirects lead nowhere, or to a place that is not safe. */
export class RedirectError extends Error {
  override readonly name = 'RedirectError';
}

/** Fewer bytes than this are no progress: a server that drips would never end. */
export const LEAST_BYTES = 64 * 1024;

/** A registry answered with a status that is neither a success nor a plain "not found". */
export class UnexpectedStatus extends Error {
  override readonly name = 'UnexpectedStatus';
  readonly status: number;
  /** True when the registry refuses access. A web page is the answer of another server. */
  readonly isDenial: boolean;
  /** The wait that the answer asks for. */
  readonly retryAfterMs: number | undefined;

  constructor({ status, headers, url, isElsewhere = false }: HttpAnswer) {
    const isPage = headers['content-type']?.startsWith('text/html') ?? false;
    super(
      isElsewhere
        ? `the registry leads to ${url.host}, which returned HTTP ${status}`
        : isPage || (status >= 300 && status < 400)
          ? `it returned HTTP ${status}${isPage ? ' with a web page' : ''}; this does not look like a registry`
          : `the registry returned HTTP ${status}`,
    );
    this.status = status;
    this.isDenial = !isPage && !isElsewhere && (status === 401 || status === 403);
    this.retryAfterMs = readRetryAfter(headers['retry-after']);
  }

  /** True when the same request may succeed later. */
  get isTransient(): boolean {
    return this.status >= 500 || this.status === 429 || this.status === 408;
  }
}

/** Reads a number of seconds or a date. */
function readRetryAfter(header: string | undefined): number | undefined {
  if (header === undefined) return undefined;
  const ms = /^\d{1,9}$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now();
  return ms >= 0 ? ms : undefined;
}

/** Opens the body of an answer, decoded as in `readBytes`. Throws `UnexpectedStatus` unless the status is expected. */
export async function openBody(answer: HttpAnswer, expected: readonly number[]): Promise<Readable> {
  await expectStatus(answer, expected);
  return decode(answer);
}

/** Yields the bytes of a blob as they come, decoded as in `readBytes`. Throws `UnexpectedStatus` unless the answer is a 200. */
export async function* streamBlob(answer: HttpAnswer): AsyncGenerator<Buffer> {
  await expectStatus(answer, [200]);
  const decoded = decode(answer);
  try {
    yield* decoded;
  } finally {
    if (decoded !== answer.body) answer.body.destroy();
  }
}

/**
 * Reads all bytes of a document. Some servers compress it although the request does not allow it: it is decoded. Throws `BodyTooLong`
 * when the decoded bytes are more than `maxBytes`, `UnexpectedStatus` unless the answer is a 200. `onProgress` is called when many bytes
 * have come.
 */
export async function readBytes(
  answer: HttpAnswer,
  maxBytes: number,
  onProgress?: () => void,
): Promise<Buffer> {
  await expectStatus(answer, [200]);
  const decoded = decode(answer);
  try {
    return await readBody(decoded, { maxBytes, onBytes: onProgress && countProgress(onProgress) });
  } finally {
    if (decoded !== answer.body) answer.body.destroy();
    else await freeConnection();
  }
}

async function expectStatus(answer: HttpAnswer, expected: readonly number[]): Promise<void> {
  if (expected.includes(answer.status)) return;
  await discardBody(answer);
  throw new UnexpectedStatus(answer);
}

/** A server that drips makes no progress. */
function countProgress(onProgress: () => void): (bytes: number) => void {
  let count = 0;
  return (bytes) => {
    count += bytes;
    if (count < LEAST_BYTES) return;
    count = 0;
    onProgress();
  };
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
