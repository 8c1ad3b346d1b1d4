import type { ServerResponse } from 'node:http';
import { MAX_MANIFEST_CHARS } from '../../wire/limits.ts';
import { CHOICES } from '../choices.ts';
import { batchDeleteImage } from '../operations/images.ts';
import { putManifest } from '../operations/put-image.ts';
import { collectBody, readAnnounced, reserveMemory } from '../receive-body.ts';
import { invalidParameter, ServiceError } from '../service-error.ts';
import { type BlobDigest, computeBlobDigest, isBlobDigest, type StoredRepository } from '../storage/model.ts';
import { findRepositoryByPath, type RepositoryExchange } from './exchange.ts';
import { manifestUnknown, RegistryError } from './registry-error.ts';
import type { RegistryRules } from './rules.ts';

/**
 * GET and HEAD of a manifest, exactly as pushed. The Accept header is ignored. Source of the digest header's place: aws/containers-roadmap#1931,
 * estesp/manifest-tool#124.
 */
export async function serveManifest(
  { request, response, context, caller }: RepositoryExchange,
  reference: string,
): Promise<void> {
  const repository = findRepositoryByPath(context);
  const image = repository.images.get(resolveReference(repository, reference, context.registryRules));
  if (image === undefined) throw manifestUnknown();
  const headers = { 'content-type': image.mediaType, 'content-length': image.manifestSize };
  const digest = { 'docker-content-digest': image.digest };
  if (request.method === 'HEAD') {
    response.writeHead(200, { ...headers, ...digest });
    response.end();
    return;
  }
  context.front.countPull(context, caller);
  const manifest = await context.store.readManifest(repository.name, image.digest);
  if (manifest === undefined) throw manifestUnknown();
  response.writeHead(200, context.registryRules.digestHeaderOnGet ? { ...headers, ...digest } : headers);
  response.end(manifest);
}

/** A body above the limit is read up to here, because clients read the answer only after they have sent everything. */
const MAX_READ_BYTES = 2 * MAX_MANIFEST_CHARS;

/** PUT of a manifest, under the conditions of PutImage. An existing manifest is not an error here. */
export async function receiveManifest(exchange: RepositoryExchange, reference: string): Promise<void> {
  const { request, response, context, origin, name } = exchange;
  const target = readReference(reference, context.registryRules);
  findRepositoryByPath(context);
  const bytes = await readManifest(exchange);
  const text = bytes.toString();
  // Invalid UTF-8 would be stored as other bytes than were sent.
  if (!Buffer.from(text).equals(bytes)) throw invalidParameter('ImageManifest', 'Invalid JSON syntax');
  const mediaType = request.headers['content-type']?.split(';', 1)[0]?.trim();
  const repository = findRepositoryByPath(context);
  try {
    putManifest(context.store, context.registry.registryId, repository, {
      manifest: text,
      mediaType,
      minimumLayers: context.registryRules.minimumLayers,
      switches: context.manifestSwitches,
      ...target,
    });
  } catch (error) {
    if (!(error instanceof ServiceError) || error.exception !== 'ImageAlreadyExistsException') throw error;
  }
  const digest = computeBlobDigest(bytes);
  const subject = repository.images.get(digest)?.subject;
  // The service sends no Location. Source: apple/swift-container-plugin#27.
  response.writeHead(201, {
    'docker-content-digest': digest,
    'content-length': 0,
    ...(subject !== undefined && { 'oci-subject': subject }),
    ...(context.registryRules.sendsManifestLocation && {
      location: `${origin}/v2/${name}/manifests/${digest}`,
    }),
  });
  response.end();
}

/** DELETE of a manifest or a tag, under the conditions of BatchDeleteImage. */
export async function deleteManifest(exchange: RepositoryExchange, reference: string): Promise<void> {
  const { response, context } = exchange;
  const repository = findRepositoryByPath(context);
  const { name: repositoryName } = repository;
  const digest = resolveReference(repository, reference, context.registryRules);
  const imageId = digest === reference ? { imageDigest: digest } : { imageTag: reference };
  if (imageId.imageTag !== undefined && context.registryRules.keepsUntagged) {
    context.store.deleteTag(repositoryName, imageId.imageTag);
    return sendDeleted(response);
  }
  const { failures } = await batchDeleteImage(context, { repositoryName, imageIds: [imageId] });
  const failure = failures?.[0];
  if (failure?.failureCode === 'ImageNotFound') throw manifestUnknown();
  if (failure !== undefined) throw new RegistryError(403, 'DENIED', failure.failureReason ?? '');
  sendDeleted(response);
}

function sendDeleted(response: ServerResponse): void {
  response.writeHead(CHOICES.registryDeleteStatus.value, { 'content-length': 0 });
  response.end();
}

async function readManifest(exchange: RepositoryExchange): Promise<Buffer> {
  const { request, context } = exchange;
  const announced = readAnnounced(request);
  if (announced > MAX_READ_BYTES) throw tooLarge();
  const bytes = Math.min(announced || MAX_MANIFEST_CHARS, MAX_MANIFEST_CHARS);
  const release = await reserveMemory(request, context.bodyBudget, bytes);
  try {
    const body = await collectBody(request, MAX_MANIFEST_CHARS, MAX_READ_BYTES, (count) => {
      exchange.received.bytes += count;
    });
    if (body === undefined) throw tooLarge();
    return body;
  } finally {
    release();
  }
}

function tooLarge(): RegistryError {
  const text = `The manifest has more than ${MAX_MANIFEST_CHARS} bytes`;
  return new RegistryError(413, 'SIZE_INVALID', text, { connection: 'close' });
}

/** The reference of a manifest in a path. */
type ManifestReference = { readonly digest: BlobDigest } | { readonly tag: string };

/** A digest of any algorithm. Source: OCI distribution specification, "Digests". */
const digestForm = /^[a-z0-9]+(?:[.+_-][a-z0-9]+)*:[a-zA-Z0-9=_-]+$/;
/** A digest of an algorithm that the specification registers. */
const registeredForm = /^sha(?:256:[a-f0-9]{64}|512:[a-f0-9]{128})$/;

/** True for a digest of any algorithm. The emulator stores only sha256, as ECR does. */
export function isAnyDigest(text: string): boolean {
  return digestForm.test(text) && (!/^sha(?:256|512):/.test(text) || registeredForm.test(text));
}

/** Reads the reference of a PUT. Throws DIGEST_INVALID for a digest other than sha256, TAG_INVALID for a malformed tag. */
function readReference(reference: string, rules: RegistryRules): ManifestReference {
  if (isBlobDigest(reference)) return { digest: reference };
  // A tag has no colon, so this is meant as a digest.
  if (reference.includes(':')) throw unsupportedDigest(reference);
  return { tag: checkTag(reference, rules) };
}

/** Resolves the reference of a GET, HEAD or DELETE. Throws MANIFEST_UNKNOWN for a missing manifest, DIGEST_INVALID or TAG_INVALID for a malformed one. */
function resolveReference(repository: StoredRepository, reference: string, rules: RegistryRules): BlobDigest {
  if (isBlobDigest(reference)) return reference;
  if (isAnyDigest(reference)) throw manifestUnknown();
  if (reference.includes(':')) throw unsupportedDigest(reference);
  if (!rules.refusesBadTags && !rules.tagForm.test(reference)) throw manifestUnknown();
  const tag = repository.imageTags.get(checkTag(reference, rules));
  if (tag === undefined) throw manifestUnknown();
  return tag.digest;
}

function checkTag(tag: string, rules: RegistryRules): string {
  if (rules.tagForm.test(tag)) return tag;
  const text = `The image reference '${tag}' is neither a tag nor a digest`;
  throw new RegistryError(400, CHOICES.registryBadTagCode.value, text);
}

function unsupportedDigest(digest: string): RegistryError {
  const text = `The digest '${digest}' must be a sha256 digest`;
  return new RegistryError(400, CHOICES.registryUnsupportedDigestCode.value, text);
}
