import type { Readable } from 'node:stream';
import { createBrotliDecompress, createInflate, createUnzip } from 'node:zlib';
import { readBody } from '../net/read-body.ts';
import { discardBody, freeConnection, type HttpAnswer } from '../net/send-request.ts';
import { UnexpectedStatus } from './unexpected-status.ts';

/** The bytes of a blob as they come. Throws an `UnexpectedStatus` unless the answer is a 200. */
export async function* streamBytes(answer: HttpAnswer): AsyncGenerator<Buffer> {
  await expectSuccess(answer);
  yield* answer.body;
}

/**
 * All bytes of a document, decoded where the server encoded them though nobody asked for it. Throws when they are more than `maxBytes`
 * after that, and an `UnexpectedStatus` unless the answer is a 200.
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
