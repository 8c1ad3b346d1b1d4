import type { IncomingMessage, ServerResponse } from 'node:http';
import { authenticate } from './authenticate.ts';
import { describeBlob, redirectToBlob } from './blobs.ts';
import type { RegistryContext } from './context.ts';
import { serveDownload } from './downloads.ts';
import type { Exchange } from './exchange.ts';
import { serveLogo } from './logo.ts';
import { serveManifest } from './manifests.ts';
import { serveReferrers } from './referrers.ts';
import { RegistryError, unsupported } from './registry-error.ts';
import { sendError } from './reply.ts';
import { serveTags } from './tags.ts';
import { redirectToToken, serveToken } from './token-endpoint.ts';

/** Whether a request's path is the registry's to answer. */
export function isRegistryPath(path: string): boolean {
  return /^\/(?:v2|token|download|logo)(?:\/|$)/.test(path);
}

/** Answers what `isRegistryPath` accepts; settles when the answer is sent or the client is gone. Never rejects. */
export async function handleRegistryRequest(
  request: IncomingMessage,
  response: ServerResponse,
  context: RegistryContext,
): Promise<void> {
  response.setHeader('docker-distribution-api-version', 'registry/2.0');
  try {
    const { path, query } = splitTarget(request.url ?? '');
    await route({ request, response, context, query, origin: originOf(request) }, path);
  } catch (error) {
    if (response.headersSent) response.destroy();
    else sendError(response, error instanceof RegistryError ? error : describeBug(error));
  }
}

async function route(exchange: Exchange, path: string): Promise<void> {
  const [, room, rest = ''] = /^\/([a-z0-9]+)(?:\/(.*))?$/s.exec(path) ?? [];
  const isReading = exchange.request.method === 'GET' || exchange.request.method === 'HEAD';
  if (room === 'v2') return await routeRegistry(exchange, rest);
  if (!isReading) throw unsupported();
  if (path === '/token/') return serveToken(exchange);
  if (path === '/token') return redirectToToken(exchange);
  if (room === 'download') return await serveDownload(exchange, rest);
  if (room === 'logo') return await serveLogo(exchange, rest.replace(/\.png$/, ''));
  throw notFound();
}

async function routeRegistry(exchange: Exchange, path: string): Promise<void> {
  const caller = authenticate(exchange);
  const { method } = exchange.request;
  const isReading = method === 'GET' || method === 'HEAD';
  if (!isReading) throw unsupported();
  if (path === '') {
    exchange.response.writeHead(200, {
      'content-type': 'application/json; charset=utf-8',
      'content-length': 2,
    });
    exchange.response.end('{}');
    return;
  }
  const [, name, kind, reference] = /^(.+)\/(manifests|blobs|tags|referrers)\/([^/]+)$/s.exec(path) ?? [];
  if (name === undefined || reference === undefined) throw notFound();
  if (kind === 'manifests') return await serveManifest(exchange, name, reference);
  if (kind === 'referrers') return await serveReferrers(exchange, name, reference);
  if (kind === 'tags' && reference === 'list') return serveTags(exchange, name);
  if (kind !== 'blobs') throw notFound();
  if (method === 'HEAD') return describeBlob(exchange, caller, name, reference);
  return redirectToBlob(exchange, name, reference);
}

/** The path is decoded: some clients escape the colon of a digest. */
function splitTarget(target: string): { readonly path: string; readonly query: URLSearchParams } {
  const [, path = '', query] = /^([^?]*)(?:\?(.*))?$/s.exec(target) ?? [];
  try {
    return { path: decodeURIComponent(path), query: new URLSearchParams(query) };
  } catch {
    throw notFound();
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

function describeBug(error: unknown): RegistryError {
  return new RegistryError(500, 'UNKNOWN', error instanceof Error ? error.message : String(error));
}
