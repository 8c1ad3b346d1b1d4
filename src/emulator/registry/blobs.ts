import { createHmac, timingSafeEqual } from 'node:crypto';
import { pipeline } from 'node:stream/promises';
import type { EmulatorContext } from '../operations/context.ts';
import { findRegistryById } from '../served-registry.ts';
import { type BlobDigest, isBlobDigest } from '../storage/model.ts';
import type { OpenLayer } from '../storage/store.ts';
import { challenge } from './authenticate.ts';
import {
  findRepositoryByPath,
  type RegistryCaller,
  type RegistryContext,
  type RegistryExchange,
  type RepositoryExchange,
  sendBody,
} from './exchange.ts';
import { blobUnknown, RegistryError, unsupported } from './registry-error.ts';

/** GET of a blob: redirects, as the service does to its content network. Source: distribution/distribution#4383. */
export function redirectToBlob(
  { response, context, origin }: RepositoryExchange,
  name: string,
  digest: string,
): void {
  const repository = findRepositoryByPath(context, name);
  if (!isBlobDigest(digest) || !repository.layers.has(digest)) throw blobUnknown(digest);
  const { registryId } = context.registry;
  const location = `${origin}/download/${signDownload(context, { registryId, repositoryName: repository.name, digest })}`;
  response.writeHead(307, {
    location,
    'content-length': 0,
    ...(context.registryRules.digestHeaderOnGet && { 'docker-content-digest': digest }),
  });
  response.end();
}

/** HEAD of a blob: refused to anonymous clients in AWS mode. Source: aws/containers-roadmap#2671. */
export function describeBlob(
  exchange: RepositoryExchange,
  name: string,
  digest: string,
  caller: RegistryCaller,
): void {
  const { response, context, origin } = exchange;
  if (caller === 'anonymous' && context.registryRules.refusesAnonymousBlobHeads) throw challenge(origin);
  const repository = findRepositoryByPath(context, name);
  const layer = isBlobDigest(digest) ? repository.layers.get(digest) : undefined;
  if (layer === undefined) throw blobUnknown(digest);
  response.writeHead(200, {
    'content-type': 'application/octet-stream',
    'content-length': layer.size,
    'docker-content-digest': digest,
  });
  response.end();
}

/** DELETE of a blob, in OCI mode only. Refuses a blob that an image refers to. Source: OCI distribution specification, "Deleting Blobs". */
export function deleteBlob({ response, context }: RepositoryExchange, name: string, digest: string): void {
  if (!context.registryRules.deletesBlobs) throw unsupported();
  const repository = findRepositoryByPath(context, name);
  if (!isBlobDigest(digest) || !repository.layers.has(digest)) throw blobUnknown(digest);
  const isUsed = [...repository.images.values()].some(({ blobs }) =>
    blobs.some((blob) => blob.digest === digest),
  );
  if (isUsed) throw new RegistryError(403, 'DENIED', `The layer with digest '${digest}' is part of an image`);
  context.store.deleteLayer(repository.name, digest);
  response.writeHead(202, { 'content-length': 0 });
  response.end();
}

/** Serves a layer, or a range of it, at an address from `redirectToBlob`. Ignores tokens. */
export async function serveDownload(exchange: RegistryExchange, signed: string): Promise<void> {
  const { context } = exchange;
  const download = readDownload(context, signed);
  if (download === undefined) throw new RegistryError(403, 'DENIED', 'Access denied');
  const { registryId, repositoryName, digest } = download;
  const served = findRegistryById(context.registries, registryId);
  const layer = await served?.store.openLayer(repositoryName, digest);
  if (layer === undefined) throw blobUnknown(digest);
  if (context.registryRules.digestHeaderOnGet) exchange.response.setHeader('docker-content-digest', digest);
  await sendLayer(exchange, layer);
}

async function sendLayer({ request, response }: RegistryExchange, layer: OpenLayer): Promise<void> {
  const { size } = layer;
  // Answers have no validators, so a conditional range gets the whole layer.
  const range =
    request.headers['if-range'] === undefined ? readRange(request.headers.range, size) : undefined;
  if (range === 'unsatisfiable') {
    response.writeHead(416, { 'content-range': `bytes */${size}`, 'content-length': 0 });
    response.end();
    return;
  }
  const { start, end } = range ?? { start: 0, end: size };
  response.writeHead(range === undefined ? 200 : 206, {
    'content-type': 'application/octet-stream',
    'accept-ranges': 'bytes',
    'content-length': end - start,
    ...(range !== undefined && { 'content-range': `bytes ${start}-${end - 1}/${size}` }),
  });
  if (request.method === 'HEAD') response.end();
  else await pipeline(layer.read(start, end), response);
}

const VALID_MS = 3_600_000;

/** A layer that may be downloaded without credentials. */
interface Download {
  readonly registryId: string;
  readonly repositoryName: string;
  readonly digest: BlobDigest;
}

/** Makes the last element of a download's address. It is opaque, and valid for an hour. */
function signDownload(context: EmulatorContext, download: Download): string {
  const { registryId, repositoryName, digest } = download;
  const claim = `${context.now() + VALID_MS} ${digest} ${registryId} ${repositoryName}`;
  return `${Buffer.from(claim).toString('base64url')}.${sign(context, claim).toString('base64url')}`;
}

/** Undefined for an address that is expired or that `signDownload` did not make. */
function readDownload(context: EmulatorContext, signed: string): Download | undefined {
  const [encoded = '', signature = ''] = signed.split('.', 2);
  const claim = Buffer.from(encoded, 'base64url').toString();
  const given = Buffer.from(signature, 'base64url');
  const expected = sign(context, claim);
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined;
  const [expiry, digest, registryId = '', repositoryName = ''] = claim.split(' ', 4);
  if (!isBlobDigest(digest) || !(context.now() < Number(expiry))) return undefined;
  return { registryId, repositoryName, digest };
}

function sign({ tokens }: EmulatorContext, claim: string): Buffer {
  return createHmac('sha256', tokens.tokenKey).update(`download ${claim}`).digest();
}

/** The bytes of [start, end). */
interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/**
 * Reads a Range header for `size` bytes. Undefined for no header, and for a malformed one, another unit or several ranges: RFC 9110, section 14.2,
 * lets a server ignore those. `unsatisfiable` when no byte of the range exists.
 */
function readRange(header: string | undefined, size: number): ByteRange | 'unsatisfiable' | undefined {
  const match = /^bytes=(\d*)-(\d*)$/i.exec(header ?? '');
  if (match === null) return undefined;
  const [, first = '', last = ''] = match;
  if (first === '' && last === '') return undefined;
  if (first === '') {
    const count = Number(last);
    return count === 0 || size === 0 ? 'unsatisfiable' : { start: Math.max(0, size - count), end: size };
  }
  const start = Number(first);
  if (last !== '' && Number(last) < start) return undefined;
  if (start >= size) return 'unsatisfiable';
  return { start, end: last === '' ? size : Math.min(size, Number(last) + 1) };
}

/** `GET /logo/<digest>.png`: the target of `logoUrl` in catalog data. */
export async function serveLogo({ response, context }: RegistryExchange, hex: string): Promise<void> {
  const digest = `sha256:${hex}`;
  const logo = isBlobDigest(digest) ? await findLogo(context, digest) : undefined;
  if (logo === undefined) throw new RegistryError(404, 'NOT_FOUND', 'Logo not found');
  sendBody(response, 200, 'image/png', logo);
}

async function findLogo({ registries }: RegistryContext, digest: BlobDigest): Promise<Buffer | undefined> {
  for (const { store } of registries) {
    const logo = await store.readLogo(digest);
    if (logo !== undefined) return logo;
  }
  return undefined;
}
