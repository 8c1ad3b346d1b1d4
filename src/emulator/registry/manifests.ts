import { CHOICES } from '../choices.ts';
import { IMAGE_TAG_PATTERN } from '../patterns.ts';
import { type Digest, isDigest } from '../storage/digest.ts';
import type { Repository } from '../storage/model.ts';
import type { Caller, RepositoryExchange } from './exchange.ts';
import { findRepository } from './find-repository.ts';
import { manifestUnknown, RegistryError } from './registry-error.ts';

const tagSyntax = new RegExp(`^${IMAGE_TAG_PATTERN}$`);

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
  const image = repository.images.get(resolveReference(repository, reference));
  if (image === undefined) throw manifestUnknown();
  const headers = { 'content-type': image.mediaType, 'content-length': image.manifestSize };
  const digest = { 'docker-content-digest': image.digest };
  if (request.method === 'HEAD') {
    response.writeHead(200, { ...headers, ...digest });
    response.end();
    return;
  }
  context.quotas.take(caller === 'anonymous' ? 'anonymousPull' : 'authenticatedPull');
  const manifest = await context.store.readManifest(repository.name, image.digest);
  if (manifest === undefined) throw manifestUnknown();
  response.writeHead(200, context.registryRules.digestHeaderOnGet ? { ...headers, ...digest } : headers);
  response.end(manifest);
}

/** Returns the tag; throws when it does not have a tag's form. */
export function checkTag(tag: string): string {
  if (tagSyntax.test(tag)) return tag;
  const text = `The image reference '${tag}' is neither a tag nor a digest`;
  throw new RegistryError(400, CHOICES.registryBadTagCode.value, text);
}

function resolveReference(repository: Repository, reference: string): Digest {
  if (isDigest(reference)) return reference;
  const tag = repository.imageTags.get(checkTag(reference));
  if (tag === undefined) throw manifestUnknown();
  return tag.digest;
}
