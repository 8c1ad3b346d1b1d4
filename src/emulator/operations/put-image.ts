import { MAX_TAGS_PER_IMAGE } from '../../wire/limits.ts';
import { CHOICES } from '../choices.ts';
import { isImmutable } from '../private/mutability.ts';
import { ServiceError } from '../service-error.ts';
import {
  type BlobDigest,
  computeBlobDigest,
  type StoredImage,
  type StoredRepository,
} from '../storage/model.ts';
import type { Store } from '../storage/store.ts';
import { findRepository, type Handler, type Handlers } from './context.ts';
import { checkImageId } from './images.ts';
import { type ManifestFacts, type ManifestSwitches, readManifestFacts } from './manifest.ts';

const putImage: Handler<'PutImage'> = (context, input) => {
  const repository = findRepository(context, input);
  const { imageManifest, imageManifestMediaType, imageTag, imageDigest } = input;
  checkImageId({ imageTag, imageDigest });
  const { registryId } = context.registry;
  const image = putManifest(context.store, registryId, repository, {
    manifest: imageManifest,
    mediaType: imageManifestMediaType,
    tag: imageTag,
    digest: imageDigest,
    minimumLayers: CHOICES.minimumLayersPerImage.value,
    switches: context.manifestSwitches,
  });
  return {
    image: {
      registryId,
      repositoryName: repository.name,
      imageId: { imageDigest: image.digest, imageTag },
      imageManifest,
      imageManifestMediaType: image.mediaType,
    },
  };
};

export const putImageHandlers: Handlers<'PutImage'> = { PutImage: putImage };

export interface ManifestToPut {
  readonly manifest: string;
  /** Required when the manifest has no media type of its own. */
  readonly mediaType?: string | undefined;
  readonly tag?: string | undefined;
  /** Compared with the computed digest. */
  readonly digest?: string | undefined;
  /** The minimum for an image manifest. */
  readonly minimumLayers: number;
  readonly switches: ManifestSwitches;
}

/**
 * Puts an image and its tag into a repository, under the service's conditions. Throws the `ServiceError`s of PutImage. The order of the checks is ours:
 * manifest, digest, image exists already, immutable tag, missing references, limits.
 */
export function putManifest(
  store: Store,
  registryId: string,
  repository: StoredRepository,
  image: ManifestToPut,
): StoredImage {
  const { manifest, tag } = image;
  const facts = readManifestFacts(manifest, image.mediaType, image);
  const digest = computeBlobDigest(manifest);
  if (image.digest !== undefined && image.digest !== digest) {
    throw new ServiceError(
      'ImageDigestDoesNotMatchException',
      CHOICES.imageDigestDoesNotMatchText.value(image.digest, repository.name, registryId),
    );
  }
  const place = { repositoryName: repository.name, registryId };
  const existing = repository.images.get(digest);
  if (existing !== undefined && (tag === undefined || existing.tags.has(tag))) {
    const { repeatedImmutableTag } = image.switches;
    if (tag !== undefined && repeatedImmutableTag === 'ImageTagAlreadyExistsException') {
      if (hasImmutable(repository, tag)) throw tagAlreadyExists(repository, tag);
    }
    throw new ServiceError(
      'ImageAlreadyExistsException',
      `Image with digest '${digest}' and tag '${tag ?? CHOICES.tagOfUntagged.value}' already exists in the repository with name '${place.repositoryName}' in registry with id '${registryId}'`,
    );
  }
  checkTag(repository, digest, tag);
  checkReferences(repository, facts, registryId);
  checkLimits(repository, existing, tag, registryId);
  return store.putImage(repository.name, {
    manifest: Buffer.from(manifest),
    mediaType: facts.mediaType,
    imageSizeInBytes: computeSize(repository, facts),
    ...(facts.artifactMediaType !== undefined && { artifactMediaType: facts.artifactMediaType }),
    ...(facts.artifactType !== undefined && { artifactType: facts.artifactType }),
    ...(facts.subject !== undefined && { subject: facts.subject }),
    blobs: facts.blobs
      .filter(({ digest: blob, foreign }) => !foreign || repository.layers.has(blob))
      .map(({ digest: blob, mediaType }) => ({ digest: blob, mediaType })),
    manifests: facts.manifests,
    tag,
  });
}

/** Throws ImageTagAlreadyExistsException for an immutable tag that is on another image. Repositories of ECR Public have no immutable tags. */
function checkTag(repository: StoredRepository, digest: BlobDigest, tag: string | undefined): void {
  const current = tag === undefined ? undefined : repository.imageTags.get(tag)?.digest;
  if (tag === undefined || current === undefined || current === digest) return;
  if (hasImmutable(repository, tag)) throw tagAlreadyExists(repository, tag);
}

function hasImmutable({ settings }: StoredRepository, tag: string): boolean {
  return settings !== undefined && isImmutable(settings, tag);
}

function tagAlreadyExists({ name }: StoredRepository, tag: string): ServiceError {
  return new ServiceError(
    'ImageTagAlreadyExistsException',
    `The image tag '${tag}' already exists in the '${name}' repository and cannot be overwritten because the tag is immutable.`,
  );
}

/** A `subject` may be missing. See `CHOICES.missingSubject`. */
function checkReferences(repository: StoredRepository, facts: ManifestFacts, registryId: string): void {
  const missingLayers = facts.blobs
    .filter(({ digest, foreign }) => !foreign && !repository.layers.has(digest))
    .map(({ digest }) => digest);
  if (missingLayers.length > 0) {
    throw new ServiceError(
      'LayersNotFoundException',
      describeMissing('Layers', missingLayers, repository, registryId),
    );
  }
  const missingImages = facts.manifests.filter((child) => !repository.images.has(child));
  if (missingImages.length > 0) {
    throw new ServiceError(
      'ReferencedImagesNotFoundException',
      describeMissing('Images', missingImages, repository, registryId),
    );
  }
}

/** Both texts are recorded from private: for layers in oras-project/oras-py#54. */
function describeMissing(
  what: 'Layers' | 'Images',
  digests: readonly BlobDigest[],
  repository: StoredRepository,
  registryId: string,
): string {
  return `${what} with digests '[${digests.join(', ')}]' required for pushing image into repository with name '${repository.name}' in the registry with id '${registryId}' do not exist`;
}

function checkLimits(
  repository: StoredRepository,
  existing: StoredImage | undefined,
  tag: string | undefined,
  registryId: string,
): void {
  const place = `in the repository with name '${repository.name}' in registry with id '${registryId}'`;
  const maximumImages = CHOICES.maximumImagesPerRepository.value;
  if (existing === undefined && repository.images.size >= maximumImages) {
    throw new ServiceError(
      'LimitExceededException',
      `The repository with name '${repository.name}' in registry with id '${registryId}' already has the maximum allowed number of images which is '${maximumImages}'`,
    );
  }
  if (tag !== undefined && existing !== undefined && existing.tags.size >= MAX_TAGS_PER_IMAGE) {
    throw new ServiceError(
      'LimitExceededException',
      `Adding tag '${tag}' to an image ${place} exceeds the maximum allowed number of tags per image which is '${MAX_TAGS_PER_IMAGE}'`,
    );
  }
}

/** The size of config and compressed layers, or of an index's largest manifest. Source: `ImageSizeInBytes` in the service model. */
function computeSize(repository: StoredRepository, facts: ManifestFacts): number {
  const children = facts.manifests.map((child) => repository.images.get(child)?.imageSizeInBytes ?? 0);
  const blobs = facts.blobs.map(
    (blob) => repository.layers.get(blob.digest)?.size ?? (blob.foreign ? 0 : blob.size),
  );
  return (
    blobs.reduce((sum, size) => sum + size, 0) + children.reduce((most, size) => Math.max(most, size), 0)
  );
}
