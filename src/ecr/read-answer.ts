import { Readable } from 'node:stream';
import type { NodeHttpHandler } from '@smithy/node-http-handler';
import { onAbort } from '../async/abort.ts';
import { findJsonExcess } from '../json.ts';
import { BodyTooLong, readBody } from '../net/read-body.ts';
import { UnexpectedAnswer } from './unexpected-answer.ts';

/** What an answer may be; sizes in bytes. */
export interface AnswerLimits {
  readonly maxBytes: number;
  /** Of an answer that is an error. */
  readonly maxErrorBytes: number;
  /** Whether anything but JSON in a success shows that something else answers. */
  readonly isJson: boolean;
}

/** Of ECR Public: a page of 100 images with a thousand tags each is shorter, and so is an error that lists some hundred digests. */
export const SERVICE_ANSWERS: AnswerLimits = {
  maxBytes: 16 * 1024 * 1024,
  maxErrorBytes: 256 * 1024,
  isJson: true,
};

/** Answers of the services that give credentials; some are XML. */
export const CREDENTIAL_ANSWERS: AnswerLimits = {
  maxBytes: 1024 * 1024,
  maxErrorBytes: 256 * 1024,
  isJson: false,
};

type Response = Awaited<ReturnType<NodeHttpHandler['handle']>>['response'];

/** Reads an answer whole. Throws `UnexpectedAnswer` when it is too long, or nothing that the service would answer. */
export async function readAnswer(
  { statusCode, headers, body }: Response,
  { maxBytes, maxErrorBytes, isJson }: AnswerLimits,
  signal: AbortSignal,
  onBytes: () => void,
): Promise<Uint8Array> {
  const stream: unknown = body;
  if (!(stream instanceof Readable)) throw new TypeError('an HTTP answer without a stream');
  const refuse = (problem: string) => new UnexpectedAnswer(problem, statusCode, headers);
  if (isJson && statusCode >= 300 && statusCode < 400) {
    stream.destroy();
    throw refuse(describeRedirect(headers.location));
  }
  const dispose = onAbort(signal, () => stream.destroy(new Error('the attempt was aborted')));
  try {
    const bytes = await readBody(stream, { maxBytes: statusCode < 400 ? maxBytes : maxErrorBytes, onBytes });
    const start = findFirstCharacter(bytes);
    if (isJson && statusCode < 300 && start === '<') throw refuse('with a web page');
    const excess = start === '{' || start === '[' ? findJsonExcess(bytes) : undefined;
    if (excess !== undefined) throw refuse(`with JSON that ${excess}`);
    return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
  } catch (error) {
    if (error instanceof BodyTooLong) throw refuse(`with more than ${error.limit}`);
    throw error;
  } finally {
    dispose();
  }
}

/** Only the origin of where it leads to: the rest may be long, or hold a session. */
function describeRedirect(location: string | undefined): string {
  const url = location !== undefined && URL.canParse(location) ? new URL(location) : undefined;
  return url === undefined ? 'with a redirect' : `with a redirect to ${url.origin}`;
}

/** The first character after white space and a byte-order mark. */
function findFirstCharacter(bytes: Buffer): string | undefined {
  return /[^\s\uFEFF]/.exec(bytes.subarray(0, 1024).toString('utf8'))?.[0];
}
