import { isBlobDigest } from '../storage/model.ts';
import { challenge } from './authenticate.ts';
import { signDownload } from './download-address.ts';
import type { Caller, RepositoryExchange } from './exchange.ts';
import { findRepository } from './find-repository.ts';
import { blobUnknown, RegistryError, unsupported } from './registry-error.ts';

/** GET: sends the client elsewhere, as the service does to its content network. Source: distribution/distribution#4383. */
export function redirectToBlob(
  { response, context, origin }: RepositoryExchange,
  name: string,
  digest: string,
): void {
  const repository = findRepository(context, name);
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

/** HEAD: only for those who may push. Source: aws/containers-roadmap#2671. */
export function describeBlob(
  exchange: RepositoryExchange,
  name: string,
  digest: string,
  caller: Caller,
): void {
  const { response, context, origin } = exchange;
  if (caller === 'anonymous' && context.registryRules.refusesAnonymousBlobHeads) throw challenge(origin);
  const repository = findRepository(context, name);
  const layer = isBlobDigest(digest) ? repository.layers.get(digest) : undefined;
  if (layer === undefined) throw blobUnknown(digest);
  response.writeHead(200, {
    'content-type': 'application/octet-stream',
    'content-length': layer.size,
    'docker-content-digest': digest,
  });
  response.end();
}

/** DELETE, where blobs can be deleted at all: not from under an image. Source: OCI distribution specification, "Deleting Blobs". */
export function deleteBlob({ response, context }: RepositoryExchange, name: string, digest: string): void {
  if (!context.registryRules.deletesBlobs) throw unsupported();
  const repository = findRepository(context, name);
  if (!isBlobDigest(digest) || !repository.layers.has(digest)) throw blobUnknown(digest);
  const isUsed = [...repository.images.values()].some(({ blobs }) =>
    blobs.some((blob) => blob.digest === digest),
  );
  if (isUsed) throw new RegistryError(403, 'DENIED', `The layer with digest '${digest}' is part of an image`);
  context.store.deleteLayer(repository.name, digest);
  response.writeHead(202, { 'content-length': 0 });
  response.end();
}
