import type { ServerResponse } from 'node:http';
import { MAX_MANIFEST_CHARS } from '../../wire/limits.ts';
import { CHOICES } from '../choices.ts';
import { batchDeleteImage } from '../operations/images.ts';
import { putManifest } from '../operations/put-image.ts';
import { readAnnounced, reserveMemory } from '../receive-body.ts';
import { ServiceError } from '../service-error.ts';
import { computeBlobDigest } from '../storage/model.ts';
import { invalidParameter } from '../texts.ts';
import type { RepositoryExchange } from './exchange.ts';
import { findRepository } from './find-repository.ts';
import { readReference, resolveReference } from './manifest-reference.ts';
import { manifestUnknown, RegistryError } from './registry-error.ts';
import { readBody } from './request-body.ts';

/** Up to here a body that is too large is read to its end, as clients look for an answer only then. */
const MAX_READ_BYTES = 2 * MAX_MANIFEST_CHARS;

/** PUT of a manifest, with the conditions of PutImage; one that is there already is no error here. */
export async function receiveManifest(
  exchange: RepositoryExchange,
  name: string,
  reference: string,
): Promise<void> {
  const { request, response, context, origin } = exchange;
  const target = readReference(reference, context.registryRules);
  findRepository(context, name);
  const bytes = await readManifest(exchange);
  const text = bytes.toString();
  // What is no UTF-8 would be stored as other bytes than were sent.
  if (!Buffer.from(text).equals(bytes)) throw invalidParameter('ImageManifest', 'Invalid JSON syntax');
  const mediaType = request.headers['content-type']?.split(';', 1)[0]?.trim();
  const repository = findRepository(context, name);
  try {
    putManifest(context.store, context.registry.registryId, repository, {
      manifest: text,
      mediaType,
      minimumLayers: context.registryRules.minimumLayers,
      ...target,
    });
  } catch (error) {
    if (!(error instanceof ServiceError) || error.exception !== 'ImageAlreadyExistsException') throw error;
  }
  const digest = computeBlobDigest(bytes);
  const subject = repository.images.get(digest)?.subject;
  // The service sends no Location, as apple/swift-container-plugin#27 found.
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

/** DELETE of a manifest by digest, or of a tag, with the conditions of BatchDeleteImage. */
export async function deleteManifest(
  exchange: RepositoryExchange,
  name: string,
  reference: string,
): Promise<void> {
  const { response, context } = exchange;
  const repository = findRepository(context, name);
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
    return await readWithin(exchange);
  } finally {
    release();
  }
}

async function readWithin(exchange: RepositoryExchange): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of readBody(exchange)) {
    if (exchange.received.bytes <= MAX_MANIFEST_CHARS) chunks.push(chunk);
    // The answer would be lost on a client that is still sending, but so would be our time.
    else if (exchange.received.bytes > MAX_READ_BYTES) throw tooLarge();
  }
  if (exchange.received.bytes > MAX_MANIFEST_CHARS) throw tooLarge();
  return Buffer.concat(chunks);
}

function tooLarge(): RegistryError {
  const text = `A manifest has at most ${MAX_MANIFEST_CHARS} bytes`;
  return new RegistryError(413, 'SIZE_INVALID', text, { connection: 'close' });
}
