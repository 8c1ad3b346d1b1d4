import { once } from 'node:events';
import {
  type ClientRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request as requestPlain,
} from 'node:http';
import { request as requestSecure } from 'node:https';
import type { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { dropAdvice, ProxyError } from './connection-error.ts';
import type { Connections } from './connections.ts';
import { USER_AGENT } from './user-agent.ts';

export type HttpMethod = 'GET' | 'HEAD' | 'POST' | 'PATCH' | 'PUT';

export interface HttpRequest {
  readonly method?: HttpMethod;
  readonly headers?: Readonly<Record<string, string>>;
  /** Default none. */
  readonly body?: string | undefined;
}

/** An answer. Its connection is not free until its body is read or discarded. */
export interface HttpAnswer {
  /** URL of the request. */
  readonly url: URL;
  /** True when another host answers, to which a redirect led. */
  readonly isElsewhere?: boolean;
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Empty with HEAD. */
  readonly body: IncomingMessage;
  readonly method: HttpMethod;
}

/** Reading a body of up to this length is worth it to keep the connection. */
const MAX_SHORT_BYTES = 16 * 1024;

/**
 * Sends a request. Follows no redirects. Throws the system's error when no answer comes, a `ProxyError` when the proxy
 * is the cause, an `AbortError` when `signal` aborts. That ends the body as well.
 */
export async function sendRequest(
  connections: Connections,
  url: URL,
  given: HttpRequest,
  signal: AbortSignal,
): Promise<HttpAnswer> {
  const request = await openRequest(connections, url, given, signal);
  request.end(given.body);
  return describeAnswer(connections, url, given, await awaitResponse(request));
}

/** Opens a request whose body, if any, is still to be written. */
export async function openRequest(
  connections: Connections,
  url: URL,
  { method = 'GET', headers = {} }: HttpRequest,
  signal: AbortSignal,
): Promise<ClientRequest> {
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw new Error(`${url.protocol} is not HTTP`);
  const agent = await connections.findAgent(url.protocol);
  const isSecure = url.protocol === 'https:';
  return (isSecure ? requestSecure : requestPlain)(url, {
    method,
    // The digest is that of the bytes without a further encoding.
    headers: { 'accept-encoding': 'identity', 'user-agent': USER_AGENT, ...headers },
    agent,
    signal,
  });
}

/** Describes an answer whose head has come. Throws a `ProxyError` when the proxy answers in place of the host. */
export function describeAnswer(
  connections: Connections,
  url: URL,
  { method = 'GET' }: HttpRequest,
  response: IncomingMessage,
): HttpAnswer {
  const status = response.statusCode ?? 0;
  const proxy = status === 407 ? connections.findProxy(url) : undefined;
  if (proxy !== undefined) {
    response.destroy();
    throw ProxyError.ofStatus(proxy, status, url.host);
  }
  return { url, status, headers: response.headers, body: response, method };
}

/** Waits for the head of the answer. */
export async function awaitResponse(request: ClientRequest): Promise<IncomingMessage> {
  const [response] = await once(request, 'response').catch((error: unknown) => {
    throw dropAdvice(error);
  });
  // Later errors come out of the body.
  request.on('error', () => undefined);
  return response;
}

/** A body exceeds its bound. */
export class BodyTooLong extends Error {
  override readonly name = 'BodyTooLong';
  /** The bound, such as `4 MiB`. */
  readonly limit: string;

  constructor(maxBytes: number) {
    const limit = formatBytes(maxBytes);
    super(`the answer is longer than ${limit}`);
    this.limit = limit;
  }
}

export interface ReadBodyOptions {
  readonly maxBytes: number;
  /** Called at each chunk, with its length. */
  readonly onBytes?: ((bytes: number) => void) | undefined;
}

/** Reads a whole body. Throws `BodyTooLong` and ends the connection as soon as it is longer than `maxBytes`. */
export async function readBody(body: Readable, { maxBytes, onBytes }: ReadBodyOptions): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  // Leaving the loop destroys the stream, and with it the connection of an HTTP answer.
  for await (const chunk of body) {
    // HTTP streams yield Buffers, though their types do not say so.
    const bytes = chunk as Buffer;
    size += bytes.length;
    onBytes?.(bytes.length);
    if (size > maxBytes) throw new BodyTooLong(maxBytes);
    chunks.push(bytes);
  }
  return Buffer.concat(chunks, size);
}

function formatBytes(bytes: number): string {
  const mib = bytes / (1024 * 1024);
  return mib >= 1 ? `${mib} MiB` : `${bytes / 1024} KiB`;
}

/**
 * Discards the body of an answer. Reads a short one: then the connection is free for the next request, which saves the round trips of
 * a new one.
 */
export async function discardBody({ headers, body, method }: HttpAnswer): Promise<void> {
  const length = Number(headers['content-length'] ?? Number.POSITIVE_INFINITY);
  if (method !== 'HEAD' && length > MAX_SHORT_BYTES) {
    body.destroy();
    return;
  }
  const ended = once(body, 'close').catch(() => undefined);
  // A body that is cut off does not matter.
  body.on('error', () => undefined).resume();
  if (!body.destroyed) await ended;
  await freeConnection();
}

/** Waits until the connection of an answer that was read can be used again: that is in the next turn of the event loop. */
export async function freeConnection(): Promise<void> {
  await nextTurn();
}
