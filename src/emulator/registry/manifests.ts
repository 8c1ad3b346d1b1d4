import type { Caller, RepositoryExchange } from './exchange.ts';
import { findRepository } from './find-repository.ts';
import { resolveReference } from './manifest-reference.ts';
import { manifestUnknown } from './registry-error.ts';

/**
 * GET and HEAD of a manifest, as it was pushed: nothing is converted, whatever is accepted.
 * Source of where the digest is: aws/containers-roadmap#1931, estesp/manifest-tool#124.
 */
export async function serveManifest(
  { request, response, context }: RepositoryExchange,
  name: string,
  reference: string,
  caller: Caller,
): Promise<void> {
  const repository = findRepository(context, name);
  const image = repository.images.get(resolveReference(repository, reference, context.registryRules));
  if (image === undefined) throw manifestUnknown();
  const headers = { 'content-type': image.mediaType, 'content-length': image.manifestSize };
  const digest = { 'docker-content-digest': image.digest };
  if (request.method === 'HEAD') {
    response.writeHead(200, { ...headers, ...digest });
    response.end();
    return;
  }
  if (caller === 'anonymous') context.quotas.take('anonymousPull', '');
  else context.quotas.take('authenticatedPull', caller.registryId);
  const manifest = await context.store.readManifest(repository.name, image.digest);
  if (manifest === undefined) throw manifestUnknown();
  response.writeHead(200, context.registryRules.digestHeaderOnGet ? { ...headers, ...digest } : headers);
  response.end(manifest);
}
