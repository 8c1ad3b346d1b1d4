import type { IncomingMessage, ServerResponse } from 'node:http';
import { discardBody } from '../receive-body.ts';
import { ServiceError } from '../service-error.ts';
import { authenticate, enterRegistryByPath } from './authenticate.ts';
import { serveCatalog } from './catalog.ts';
import { serveDownload } from './downloads.ts';
import type { Exchange, RegistryContext } from './exchange.ts';
import { serveLogo } from './logo.ts';
import { RegistryError, unsupported } from './registry-error.ts';
import { sendBody, sendError } from './reply.ts';
import { ROUTES } from './routes.ts';
import { redirectToToken, serveToken } from './token-endpoint.ts';
import { translateError } from './translate-error.ts';

/** Whether a request's path is the registry's to answer. */
export function isRegistryPath(path: string): boolean {
  return /^\/(?:v2|token|download|logo)(?:\/|$)/.test(path);
}

/**
 * Answers what `isRegistryPath` accepts; settles when the answer is sent or the client is gone. Never rejects.
 * Returns how many bytes of the request's body were read.
 */
export async function handleRegistryRequest(
  request: IncomingMessage,
  response: ServerResponse,
  context: RegistryContext,
): Promise<number> {
  response.setHeader('docker-distribution-api-version', 'registry/2.0');
  const { path, query } = splitTarget(request.url ?? '');
  const received = { bytes: 0 };
  const exchange = { request, response, context, query, origin: originOf(request), received };
  try {
    await route(exchange, path);
  } catch (error) {
    await answerError(exchange, error);
  }
  return received.bytes;
}

async function route(exchange: Exchange, path: string): Promise<void> {
  const [, room, rest = ''] = /^\/([a-z0-9]+)(?:\/(.*))?$/s.exec(path) ?? [];
  if (room === 'v2') return await routeRegistry(exchange, rest);
  if (!isReading(exchange)) throw unsupported();
  if (path === '/token/') return serveToken(exchange);
  if (path === '/token') return redirectToToken(exchange);
  if (room === 'download') return await serveDownload(exchange, rest);
  if (room === 'logo') return await serveLogo(exchange, rest.replace(/\.png$/, ''));
  throw notFound();
}

async function routeRegistry(exchange: Exchange, path: string): Promise<void> {
  const caller = authenticate(exchange);
  if (path === '' && isReading(exchange)) {
    return sendBody(exchange.response, 200, 'application/json; charset=utf-8', '{}');
  }
  if (path === '_catalog' && exchange.context.registryRules.listsRepositories && isReading(exchange)) {
    return serveCatalog(exchange);
  }
  for (const { pattern, pull, push } of ROUTES) {
    const [, name, reference = ''] = pattern.exec(path) ?? [];
    if (name === undefined) continue;
    const method = exchange.request.method ?? '';
    const pushing = push[method];
    const handle = pushing?.handle ?? pull[method];
    if (handle === undefined) throw unsupported();
    const served = enterRegistryByPath(exchange, caller, name, pushing?.operation);
    const context = { ...exchange.context, ...served };
    return await handle({ ...exchange, context }, name, reference, caller);
  }
  throw notFound();
}

function isReading({ request }: Exchange): boolean {
  return request.method === 'GET' || request.method === 'HEAD';
}

/** The path is decoded, as some clients escape the colon of a digest; one that cannot be is left as it is, and will not be found. */
function splitTarget(target: string): { readonly path: string; readonly query: URLSearchParams } {
  const [, path = '', query] = /^([^?]*)(?:\?(.*))?$/s.exec(target) ?? [];
  return { path: decodePath(path), query: new URLSearchParams(query) };
}

function decodePath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

function originOf(request: IncomingMessage): string {
  const host = request.headers.host ?? '';
  // Anything else would break out of the header that it is quoted in.
  if (/^[\w.:[\]-]+$/.test(host)) return `http://${host}`;
  return `http://127.0.0.1:${request.socket.localPort}`;
}

function notFound(): RegistryError {
  return new RegistryError(404, 'NOT_FOUND', 'page not found');
}

async function answerError(exchange: Exchange, error: unknown): Promise<void> {
  const { request, response, context, received } = exchange;
  // Whatever went wrong, it did so because the client is gone.
  if (response.destroyed) return;
  const answer = error instanceof ServiceError ? translateError(error, context.registryRules) : error;
  if (!(answer instanceof RegistryError)) context.onError(error);
  const { headers } = answer instanceof RegistryError ? answer : internalError();
  // Clients read the answer only after they sent everything. Bytes beyond the limit are not read; the connection closes.
  if (!request.complete && headers.connection !== 'close') {
    await discardBody(request, (bytes) => {
      received.bytes += bytes;
    }).catch(() => response.destroy());
  }
  if (response.destroyed) return;
  if (!request.complete) response.setHeader('connection', 'close');
  if (response.headersSent) response.destroy();
  else sendError(response, answer instanceof RegistryError ? answer : internalError());
}

function internalError(): RegistryError {
  return new RegistryError(500, 'UNKNOWN', 'The emulator met an error inside itself');
}
