import { once } from 'node:events';
import { type IncomingHttpHeaders, type IncomingMessage, request as requestPlain } from 'node:http';
import { request as requestSecure } from 'node:https';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Connections } from './connections.ts';
import { ProxyError } from './proxy-error.ts';

export interface HttpRequest {
  readonly method?: 'GET' | 'HEAD';
  readonly headers?: Readonly<Record<string, string>>;
}

/** An answer whose body is to be read, or discarded: until then its connection is not free. */
export interface HttpAnswer {
  /** Where it came from. */
  readonly url: URL;
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Empty with HEAD. */
  readonly body: IncomingMessage;
  readonly method: 'GET' | 'HEAD';
}

/** Bodies up to this length are worth reading to keep their connection. */
const MAX_SHORT_BYTES = 16 * 1024;

/**
 * Sends a request without a body; redirects are not followed. Throws the system's error when no answer comes, a `ProxyError` when a
 * proxy is why, an `AbortError` when `signal` is aborted, which ends the body too.
 */
export async function sendRequest(
  connections: Connections,
  url: URL,
  { method = 'GET', headers = {} }: HttpRequest,
  signal: AbortSignal,
): Promise<HttpAnswer> {
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw new Error(`${url.protocol} is not HTTP`);
  const agent = await connections.findAgent(url.protocol);
  const isSecure = url.protocol === 'https:';
  const request = (isSecure ? requestSecure : requestPlain)(url, {
    method,
    // What is read is judged by its digest, so it shall come as it is.
    headers: { 'accept-encoding': 'identity', 'user-agent': 'ecrp', ...headers },
    agent,
    signal,
  });
  request.end();
  const response = await awaitResponse(request);
  // An error after this comes out of the body.
  request.on('error', () => undefined);
  const status = response.statusCode ?? 0;
  const proxy = status === 407 ? connections.findProxy(url) : undefined;
  if (proxy !== undefined) {
    response.destroy();
    throw ProxyError.ofStatus(proxy, status, url.host);
  }
  return { url, status, headers: response.headers, body: response, method };
}

async function awaitResponse(request: ReturnType<typeof requestPlain>): Promise<IncomingMessage> {
  // Node's own event; its types do not say what it carries.
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  return response;
}

/**
 * Discards the body of an answer whose status was all that is wanted. One that says to be short is read: its connection is then free for the
 * next request, which saves the round trips of another one.
 */
export async function discardBody({ headers, body, method }: HttpAnswer): Promise<void> {
  const length = Number(headers['content-length'] ?? Number.POSITIVE_INFINITY);
  if (method !== 'HEAD' && length > MAX_SHORT_BYTES) {
    body.destroy();
    return;
  }
  const ended = once(body, 'close').catch(() => undefined);
  // That it is cut short is no matter.
  body.on('error', () => undefined).resume();
  if (!body.destroyed) await ended;
  await freeConnection();
}

/** A connection can be used again from the turn of the event loop after the one in which an answer was read. */
export async function freeConnection(): Promise<void> {
  await nextTurn();
}
