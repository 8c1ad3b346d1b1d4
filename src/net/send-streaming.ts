import type { ClientRequest } from 'node:http';
import type { Connections } from './connections.ts';
import {
  awaitResponse,
  describeAnswer,
  type HttpAnswer,
  type HttpRequest,
  openRequest,
} from './send-request.ts';

export interface OutgoingBody {
  /** In bytes; undefined when it is unknown, for HTTP's chunked coding. */
  readonly length: number | undefined;
  /** A chunk is read no more once the next one is requested. */
  readonly bytes: AsyncIterable<Buffer>;
}

/**
 * Sends a request with a body, without copying it. Requests the next chunk when the system has taken the last one. An answer may come before
 * all of the body is sent, as a refusal does: then the rest is not read, and the connection ends with the answer. Throws as `sendRequest`,
 * and what reading the body throws.
 */
export async function sendStreaming(
  connections: Connections,
  url: URL,
  given: HttpRequest,
  { length, bytes }: OutgoingBody,
  signal: AbortSignal,
): Promise<HttpAnswer> {
  const coding =
    length === undefined ? { 'transfer-encoding': 'chunked' } : { 'content-length': `${length}` };
  const headers = { ...given.headers, ...coding };
  const request = await openRequest(connections, url, { ...given, headers }, signal);
  const writer = watchRequest(request);
  const answered = awaitResponse(request);
  answered.catch(() => undefined);
  try {
    for await (const chunk of bytes) {
      await writer.write(chunk);
      if (writer.isOver) break;
    }
  } catch (error) {
    request.destroy();
    throw error;
  }
  const isEarly = writer.isOver;
  if (!isEarly) request.end();
  const response = await answered;
  if (isEarly) response.once('close', () => request.destroy());
  return describeAnswer(connections, url, given, response);
}

/** Writes chunks, and stops waiting when the request has an answer or has failed: Node then forgets the callbacks of writes. */
function watchRequest(request: ClientRequest) {
  let isOver = false;
  let wake: () => void = () => undefined;
  const end = (): void => {
    isOver = true;
    wake();
  };
  for (const event of ['response', 'error', 'close'] as const) request.once(event, end);
  return {
    get isOver() {
      return isOver;
    },
    write: (chunk: Buffer): Promise<void> =>
      new Promise((resolve) => {
        wake = resolve;
        if (isOver) resolve();
        else request.write(chunk, () => resolve());
      }),
  };
}
