import { type ClientRequest, type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';

/** The service is on this machine or its link, so it accepts at once or is not there. */
const CONNECT_MS = 1_000;
/** Many times what the credentials of a role take. */
const MOST_BYTES = 64 * 1024;

export interface LocalRequest {
  readonly method?: 'GET' | 'PUT';
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

export interface LocalAnswer {
  readonly status: number;
  readonly text: string;
}

/** The service is not there: nothing accepts the connection. */
export class UnreachableError extends Error {}

/**
 * Asks a service on this machine or its link for credentials, always straight: a proxy would see the keys of a role.
 * Throws `UnreachableError` when no connection is made within a second, the signal's reason when that is aborted.
 */
export function requestLocal(
  url: URL,
  { method = 'GET', headers, signal }: LocalRequest,
): Promise<LocalAnswer> {
  return new Promise((resolve, reject) => {
    const send = url.protocol === 'https:' ? requestHttps : requestHttp;
    // Not the global agent: NODE_USE_ENV_PROXY gives that one a proxy.
    const request: ClientRequest = send(url, { method, headers: { ...headers }, signal, agent: false });
    let isConnected = false;
    const fail = (error: Error): void => {
      if (signal.aborted) reject(signal.reason);
      else reject(isConnected ? error : new UnreachableError(`no connection: ${error.message}`));
      request.destroy();
    };
    const timer = setTimeout(() => fail(new Error(`none within ${CONNECT_MS / 1000} s`)), CONNECT_MS);
    request.once('socket', (socket) => {
      socket.once('connect', () => {
        isConnected = true;
        clearTimeout(timer);
      });
    });
    request.once('error', fail);
    request.once('close', () => clearTimeout(timer));
    request.once('response', (response) => {
      readText(response).then((text) => resolve({ status: response.statusCode ?? 0, text }), fail);
    });
    request.end();
  });
}

async function readText(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response) {
    // A response without an encoding yields Buffers; its types do not say so.
    const bytes = chunk as Buffer;
    size += bytes.length;
    if (size > MOST_BYTES) throw new Error(`the answer is longer than ${MOST_BYTES} bytes`);
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString('utf8');
}
