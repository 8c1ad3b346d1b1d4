import { createHmac, timingSafeEqual } from 'node:crypto';
import type { EmulatorContext } from '../operations/context.ts';
import { findRegistryById } from '../served-registry.ts';
import { type BlobDigest, isBlobDigest } from '../storage/model.ts';
import { type RegistryContext, type RegistryExchange, sendBody } from './exchange.ts';
import { blobUnknown, RegistryError } from './registry-error.ts';
import { sendLayer } from './send-layer.ts';

// Addresses of ECR Public that need no token.

/** Serves a layer, or a range of it, at an address from `signDownload`. Ignores tokens. */
export async function serveDownload(exchange: RegistryExchange, signed: string): Promise<void> {
  const { context, request, response } = exchange;
  const download = readDownload(context, signed);
  if (download === undefined) throw new RegistryError(403, 'DENIED', 'Access denied');
  const { registryId, repositoryName, digest } = download;
  const served = findRegistryById(context.registries, registryId);
  const layer = await served?.store.openLayer(repositoryName, digest);
  if (layer === undefined) throw blobUnknown(digest);
  if (context.registryRules.digestHeaderOnGet) response.setHeader('docker-content-digest', digest);
  await sendLayer(request, response, layer);
}

const VALID_MS = 3_600_000;

/** A layer that may be downloaded without credentials. */
interface Download {
  readonly registryId: string;
  readonly repositoryName: string;
  readonly digest: BlobDigest;
}

/** Makes the last element of a download's address. It is opaque, and valid for an hour. */
export function signDownload(context: EmulatorContext, download: Download): string {
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
