import { isBlobDigest } from '../storage/model.ts';
import { findRepositoryByPath, type RepositoryExchange } from './exchange.ts';
import { blobUnknown, RegistryError, unsupported } from './registry-error.ts';

/** GET of a blob: redirects, as the service does to its content network. Source: distribution/distribution#4383. */
export function redirectToBlob(exchange: RepositoryExchange, digest: string): void {
  const { response, context } = exchange;
  const repository = findRepositoryByPath(context);
  if (!isBlobDigest(digest) || !repository.layers.has(digest)) throw blobUnknown(digest);
  response.writeHead(307, {
    location: context.front.locateLayer(exchange, digest),
    'content-length': 0,
    ...(context.registryRules.digestHeaderOnGet && { 'docker-content-digest': digest }),
  });
  response.end();
}

/** HEAD of a blob: refused to anonymous clients in AWS mode. Source: aws/containers-roadmap#2671. */
export function describeBlob(exchange: RepositoryExchange, digest: string): void {
  const { response, context, origin, caller } = exchange;
  if (caller === 'anonymous' && context.registryRules.refusesAnonymousBlobHeads) {
    throw context.front.challenge(origin);
  }
  const repository = findRepositoryByPath(context);
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
export function deleteBlob({ response, context }: RepositoryExchange, digest: string): void {
  if (!context.registryRules.deletesBlobs) throw unsupported();
  const repository = findRepositoryByPath(context);
  if (!isBlobDigest(digest) || !repository.layers.has(digest)) throw blobUnknown(digest);
  if (repository.isUsed(digest))
    throw new RegistryError(403, 'DENIED', `The layer with digest '${digest}' is part of an image`);
  context.store.deleteLayer(repository.name, digest);
  response.writeHead(202, { 'content-length': 0 });
  response.end();
}
