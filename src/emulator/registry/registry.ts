import type { IncomingMessage, ServerResponse } from 'node:http';
import type { OperationName } from '../../wire/operations.ts';
import { drainBody } from '../receive-body.ts';
import { ServiceError } from '../service-error.ts';
import { authenticate, enterRegistryByPath, redirectToToken, serveToken } from './authenticate.ts';
import { deleteBlob, describeBlob, redirectToBlob, serveDownload, serveLogo } from './blobs.ts';
import {
  type RegistryCaller,
  type RegistryContext,
  type RegistryExchange,
  type RepositoryExchange,
  sendBody,
  sendError,
} from './exchange.ts';
import { serveCatalog, serveTags } from './listings.ts';
import { deleteManifest, receiveManifest, serveManifest } from './manifests.ts';
import { serveReferrers } from './referrers.ts';
import { RegistryError, translateError, unsupported } from './registry-error.ts';
import { appendToUpload, cancelUpload, completeUpload, describeUpload, startUpload } from './uploads.ts';

/** True for a path that `handleRegistryRequest` answers. */
export function isRegistryPath(path: string): boolean {
  return /^\/(?:v2|token|download|logo)(?:\/|$)/.test(path);
}

/**
 * Answers a request whose path `isRegistryPath` accepts. Resolves when the answer is sent or the client is gone, to the count of body bytes that were
 * read. Never rejects.
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

async function route(exchange: RegistryExchange, path: string): Promise<void> {
  const [, room, rest = ''] = /^\/([a-z0-9]+)(?:\/(.*))?$/s.exec(path) ?? [];
  if (room === 'v2') return await routeRegistry(exchange, rest);
  if (!isReading(exchange)) throw unsupported();
  if (path === '/token/') return serveToken(exchange);
  if (path === '/token') return redirectToToken(exchange);
  if (room === 'download') return await serveDownload(exchange, rest);
  if (room === 'logo') return await serveLogo(exchange, rest.replace(/\.png$/, ''));
  throw notFound();
}

async function routeRegistry(exchange: RegistryExchange, path: string): Promise<void> {
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

function isReading({ request }: RegistryExchange): boolean {
  return request.method === 'GET' || request.method === 'HEAD';
}

/** Decodes the path, because some clients escape the colon of a digest. A path with malformed escapes stays as it is and is not found. */
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
  // Other characters could break out of the quoted header value.
  if (/^[\w.:[\]-]+$/.test(host)) return `http://${host}`;
  return `http://127.0.0.1:${request.socket.localPort}`;
}

function notFound(): RegistryError {
  return new RegistryError(404, 'NOT_FOUND', 'page not found');
}

async function answerError(exchange: RegistryExchange, error: unknown): Promise<void> {
  const { request, response, context, received } = exchange;
  // The client is gone, which caused the error.
  if (response.destroyed) return;
  const answer = error instanceof ServiceError ? translateError(error, context.registryRules) : error;
  if (!(answer instanceof RegistryError)) context.onError(error);
  const { headers } = answer instanceof RegistryError ? answer : internalError();
  // Clients read the answer only after they have sent everything. Bytes beyond the limit are not read: the connection closes.
  if (!request.complete && headers.connection !== 'close') {
    await drainBody(request, (bytes) => {
      received.bytes += bytes;
    }).catch(() => response.destroy());
  }
  if (response.destroyed) return;
  if (!request.complete) response.setHeader('connection', 'close');
  if (response.headersSent) response.destroy();
  else sendError(response, answer instanceof RegistryError ? answer : internalError());
}

function internalError(): RegistryError {
  return new RegistryError(500, 'UNKNOWN', 'Internal error of the emulator');
}

/** `reference` is the last element of the path: a tag, a digest, an upload id, or empty for a route without one. */
type RouteHandler = (
  exchange: RepositoryExchange,
  name: string,
  reference: string,
  caller: RegistryCaller,
) => void | Promise<void>;

interface Route {
  /** Matches the path after `/v2/`. Groups: name, reference. */
  readonly pattern: RegExp;
  /** By method. */
  readonly pull: Readonly<Record<string, RouteHandler>>;
  /** By method. The caller needs permission for `operation`. */
  readonly push: Readonly<
    Record<string, { readonly operation: OperationName; readonly handle: RouteHandler }>
  >;
}

/** The first matching route wins. A repository's name may itself contain a word like `blobs`. */
const ROUTES: readonly Route[] = [
  {
    pattern: /^(.+)\/blobs\/uploads\/?$/s,
    pull: {},
    push: { POST: { operation: 'InitiateLayerUpload', handle: startUpload } },
  },
  {
    pattern: /^(.+)\/blobs\/uploads\/([^/]+)$/s,
    pull: {},
    push: {
      GET: { operation: 'UploadLayerPart', handle: describeUpload },
      PATCH: { operation: 'UploadLayerPart', handle: appendToUpload },
      PUT: { operation: 'CompleteLayerUpload', handle: completeUpload },
      DELETE: { operation: 'InitiateLayerUpload', handle: cancelUpload },
    },
  },
  {
    pattern: /^(.+)\/manifests\/([^/]+)$/s,
    pull: { GET: serveManifest, HEAD: serveManifest },
    push: {
      PUT: { operation: 'PutImage', handle: receiveManifest },
      DELETE: { operation: 'BatchDeleteImage', handle: deleteManifest },
    },
  },
  {
    pattern: /^(.+)\/blobs\/([^/]+)$/s,
    pull: { GET: redirectToBlob, HEAD: describeBlob },
    push: { DELETE: { operation: 'BatchDeleteImage', handle: deleteBlob } },
  },
  { pattern: /^(.+)\/tags\/list$/s, pull: { GET: serveTags }, push: {} },
  { pattern: /^(.+)\/referrers\/([^/]+)$/s, pull: { GET: serveReferrers }, push: {} },
];
