import { endUpload, layerTooLarge, tooManyParts, uploadNotFound } from '../operations/layers.ts';
import { readAnnounced } from '../receive-body.ts';
import { ServiceError } from '../service-error.ts';
import { isBlobDigest, type StoredUpload } from '../storage/model.ts';
import { LayerTooLargeError } from '../storage/uploads.ts';
import { findRepositoryByPath, type RepositoryExchange, streamBody } from './exchange.ts';
import { RegistryError } from './registry-error.ts';

/** POST: starts an upload. ECR Public ignores `mount` and `digest`. Source: estesp/manifest-tool#124. */
export async function startUpload(exchange: RepositoryExchange): Promise<void> {
  const { context, query } = exchange;
  const { name: repositoryName } = findRepositoryByPath(context);
  if (context.registryRules.mountsBlobs) {
    const mounted = mountBlob(exchange);
    if (mounted !== undefined) return sendCreated(exchange, mounted);
  }
  const upload = context.store.initiateUpload(repositoryName);
  if (context.registryRules.takesWholeBlobs && query.has('digest')) {
    return await uploadAtOnce(exchange, upload.uploadId);
  }
  sendProgress(exchange, 202, upload);
}

/** Discards the upload in any case: the client of a single POST never learns its id. */
async function uploadAtOnce(exchange: RepositoryExchange, uploadId: string): Promise<void> {
  const { store, repositoryName } = exchange.context;
  try {
    await completeUpload(exchange, uploadId);
  } finally {
    store.dropUpload(repositoryName, uploadId);
  }
}

/** Mounts a blob of another repository of the registry. Undefined when that is not possible: then the client sends the blob. */
function mountBlob(exchange: RepositoryExchange): string | undefined {
  const { context, query } = exchange;
  const { front, store, repositoryName } = context;
  const digest = query.get('mount');
  if (!isBlobDigest(digest)) return undefined;
  const from = front.findMountSource(exchange, query.get('from') ?? '', digest);
  const layer = from === undefined ? undefined : store.repositories.get(from)?.layers.get(digest);
  if (layer === undefined) return undefined;
  const isThere = store.repositories.get(repositoryName)?.layers.has(digest);
  if (isThere !== true) store.addLayer(repositoryName, digest, layer.size);
  return digest;
}

/** GET: the progress of an upload. */
export function describeUpload(exchange: RepositoryExchange, uploadId: string): void {
  sendProgress(exchange, 204, findUpload(exchange, uploadId));
}

/** PATCH: appends the body as one part of any length. */
export async function appendToUpload(exchange: RepositoryExchange, uploadId: string): Promise<void> {
  const upload = findUpload(exchange, uploadId);
  await appendBody(exchange, upload);
  const { patchStatus, patchRangeAdvances } = exchange.context.registryRules;
  const shownBytes = patchRangeAdvances ? upload.nextByte : upload.partSizes[0];
  sendProgress(exchange, patchStatus, upload, shownBytes);
}

/** PUT: appends the body, if any, and completes the upload. An existing layer is not an error here. */
export async function completeUpload(exchange: RepositoryExchange, uploadId: string): Promise<void> {
  const { context, query } = exchange;
  const digest = query.get('digest') ?? '';
  const upload = findUpload(exchange, uploadId);
  const { repositoryName } = upload;
  await appendBody(exchange, upload);
  try {
    await endUpload(context, { repositoryName, uploadId, layerDigests: [digest] }, context.registryRules);
  } catch (error) {
    if (!(error instanceof ServiceError) || error.exception !== 'LayerAlreadyExistsException') throw error;
    context.store.dropUpload(repositoryName, uploadId);
  }
  sendCreated(exchange, digest);
}

function sendCreated({ response, origin, name }: RepositoryExchange, digest: string): void {
  response.writeHead(201, {
    location: `${origin}/v2/${name}/blobs/${digest}`,
    'docker-content-digest': digest,
    'content-length': 0,
  });
  response.end();
}

/** DELETE: discards an upload. */
export function cancelUpload(exchange: RepositoryExchange, uploadId: string): void {
  const { repositoryName } = findUpload(exchange, uploadId);
  exchange.context.store.dropUpload(repositoryName, uploadId);
  exchange.response.writeHead(204);
  exchange.response.end();
}

function findUpload({ context }: RepositoryExchange, uploadId: string): StoredUpload {
  const repository = findRepositoryByPath(context);
  const upload = context.store.findUpload(repository.name, uploadId);
  if (upload === undefined) throw uploadNotFound(context, repository.name, uploadId);
  return upload;
}

async function appendBody(exchange: RepositoryExchange, upload: StoredUpload): Promise<void> {
  const { request, context } = exchange;
  const firstByte = readFirstByte(request.headers['content-range']) ?? upload.nextByte;
  if (readAnnounced(request) > context.service.maximumLayerBytes)
    throw layerTooLarge(context, upload.uploadId);
  const result = await context.store
    .appendPart(upload.repositoryName, upload.uploadId, {
      firstByte,
      bytes: streamBody(exchange),
      maximumParts: context.service.maximumPartsPerLayer,
      maximumBytes: context.service.maximumLayerBytes,
    })
    .catch((error: unknown) => {
      if (!(error instanceof LayerTooLargeError)) throw error;
      return { kind: 'too-large' } as const;
    });
  switch (result.kind) {
    case 'appended':
      return;
    case 'unknown-upload':
      throw uploadNotFound(context, upload.repositoryName, upload.uploadId);
    case 'not-consecutive':
      throw new RegistryError(
        416,
        'BLOB_UPLOAD_INVALID',
        `First byte of the layer part is ${firstByte} instead of ${result.expected}`,
        { range: formatRange(result.expected) },
      );
    case 'too-many-parts':
      throw tooManyParts(context, upload.uploadId);
    case 'too-large':
      throw layerTooLarge(context, upload.uploadId);
  }
}

/**
 * Reads the first byte of a chunk from its Content-Range: `<first>-<last>` of the OCI distribution specification, or HTTP's form. Undefined without a
 * header: the body continues the upload then.
 */
function readFirstByte(contentRange: string | undefined): number | undefined {
  if (contentRange === undefined) return undefined;
  const [, first, last] = /^(?:bytes )?(\d+)-(\d+)(?:\/(?:\d+|\*))?$/i.exec(contentRange) ?? [];
  if (first === undefined || Number(last) < Number(first)) {
    throw new RegistryError(400, 'BLOB_UPLOAD_INVALID', `Content-Range '${contentRange}' is malformed`);
  }
  return Number(first);
}

function sendProgress(
  { response, origin, name }: RepositoryExchange,
  status: number,
  upload: StoredUpload,
  shownBytes = upload.nextByte,
): void {
  response.writeHead(status, {
    location: `${origin}/v2/${name}/blobs/uploads/${upload.uploadId}`,
    range: formatRange(shownBytes),
    'docker-upload-uuid': upload.uploadId,
    ...(status !== 204 && { 'content-length': 0 }),
  });
  response.end();
}

/** Formats received bytes as registries do: `0-0` also means no bytes. */
function formatRange(nextByte: number): string {
  return `0-${Math.max(0, nextByte - 1)}`;
}
