import { type BlobDigest, isBlobDigest } from '../storage/model.ts';
import type { Exchange, RegistryContext } from './exchange.ts';
import { RegistryError } from './registry-error.ts';
import { sendBody } from './reply.ts';

/** `GET /logo/<digest>.png`: what `logoUrl` in catalog data points to. */
export async function serveLogo({ response, context }: Exchange, hex: string): Promise<void> {
  const digest = `sha256:${hex}`;
  const logo = isBlobDigest(digest) ? await findLogo(context, digest) : undefined;
  if (logo === undefined) throw new RegistryError(404, 'NOT_FOUND', 'There is no such logo');
  sendBody(response, 200, 'image/png', logo);
}

async function findLogo({ registries }: RegistryContext, digest: BlobDigest): Promise<Buffer | undefined> {
  for (const { store } of registries) {
    const logo = await store.readLogo(digest);
    if (logo !== undefined) return logo;
  }
  return undefined;
}
