import type { IncomingMessage, ServerResponse } from 'node:http';
import { drainBody } from '../receive-body.ts';
import { ServiceError } from '../service-error.ts';
import { deleteBlob, describeBlob, redirectToBlob } from './blobs.ts';
import {
  isReading,
  type PathAttempt,
  type RegistryContext,
  type RegistryExchange,
  type RepositoryExchange,
  sendBody,
  sendError,
} from './exchange.ts';
import { serveCatalog, serveTags } from './listings.ts';
import { deleteManifest, receiveManifest, serveManifest } from './manifests.ts';
import { serveReferrers } from './referrers.ts';
import { pageNotFound, RegistryError, translateError, unsupported } from './registry-error.ts';
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
  const exchange = {
    request,
    response,
    context,
    query,
    origin: originOf(request, context),
    received,
  };
  try {
    await route(exchange, path);
  } catch (error) {
    await answerError(exchange, error);
  }
  return received.bytes;
}

async function route(exchange: RegistryExchange, path: string): Promise<void> {
  const [, rest] = /^\/v2(?:\/(.*))?$/s.exec(path) ?? [];
  if (path === '/v2' || rest !== undefined) await routeRegistry(exchange, rest ?? '');
  else await exchange.context.front.serveBeside(exchange, path);
}

async function routeRegistry(exchange: RegistryExchange, path: string): Promise<void> {
  const { front, registryRules } = exchange.context;
  const caller = front.authenticate(exchange);
  if (path === '' && isReading(exchange)) {
    return sendBody(exchange.response, 200, 'application/json; charset=utf-8', '{}');
  }
  if (path === '_catalog' && registryRules.listsRepositories && isReading(exchange)) {
    return serveCatalog(exchange, front.listRepositories(exchange, caller));
  }
  for (const { pattern, methods } of ROUTES) {
    const [, name, reference = ''] = pattern.exec(path) ?? [];
    if (name === undefined) continue;
    const method = methods[exchange.request.method ?? ''];
    if (method === undefined) throw unsupported();
    const place = front.enter(exchange, caller, name, method);
    return await method.handle(
      { ...exchange, context: { ...exchange.context, ...place }, name, caller },
      reference,
    );
  }
  throw pageNotFound();
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

function originOf(request: IncomingMessage, { scheme, registryHost }: RegistryContext): string {
  // Other characters could break out of the quoted header value.
  if (/^[\w.:[\]-]+$/.test(registryHost)) return `${scheme}://${registryHost}`;
  return `http://127.0.0.1:${request.socket.localPort}`;
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
type RouteHandler = (exchange: RepositoryExchange, reference: string) => void | Promise<void>;

interface Route {
  /** Matches the path after `/v2/`. Groups: name, reference. */
  readonly pattern: RegExp;
  readonly methods: Readonly<Record<string, PathAttempt & { readonly handle: RouteHandler }>>;
}

/** The first matching route wins. A repository's name may itself contain a word like `blobs`. */
const ROUTES: readonly Route[] = [
  {
    pattern: /^(.+)\/blobs\/uploads\/?$/s,
    methods: { POST: { kind: 'push', operation: 'InitiateLayerUpload', handle: startUpload } },
  },
  {
    pattern: /^(.+)\/blobs\/uploads\/([^/]+)$/s,
    methods: {
      GET: { kind: 'push', operation: 'UploadLayerPart', handle: describeUpload },
      PATCH: { kind: 'push', operation: 'UploadLayerPart', handle: appendToUpload },
      PUT: { kind: 'push', operation: 'CompleteLayerUpload', handle: completeUpload },
      DELETE: { kind: 'push', operation: 'InitiateLayerUpload', handle: cancelUpload },
    },
  },
  {
    pattern: /^(.+)\/manifests\/([^/]+)$/s,
    methods: {
      GET: { kind: 'pull', operation: 'BatchGetImage', handle: serveManifest },
      HEAD: { kind: 'pull', operation: 'BatchGetImage', handle: serveManifest },
      PUT: { kind: 'push', operation: 'PutImage', handle: receiveManifest },
      DELETE: { kind: 'push', operation: 'BatchDeleteImage', handle: deleteManifest },
    },
  },
  {
    pattern: /^(.+)\/blobs\/([^/]+)$/s,
    methods: {
      GET: { kind: 'pull', operation: 'GetDownloadUrlForLayer', handle: redirectToBlob },
      HEAD: { kind: 'pull', operation: 'BatchCheckLayerAvailability', handle: describeBlob },
      DELETE: { kind: 'push', operation: 'BatchDeleteImage', handle: deleteBlob },
    },
  },
  {
    pattern: /^(.+)\/tags\/list$/s,
    methods: { GET: { kind: 'pull', operation: 'ListImages', handle: serveTags } },
  },
  {
    pattern: /^(.+)\/referrers\/([^/]+)$/s,
    methods: { GET: { kind: 'pull', operation: 'BatchGetImage', handle: serveReferrers } },
  },
];
