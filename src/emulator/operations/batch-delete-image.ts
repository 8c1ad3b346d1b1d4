import type { ValueOf } from '../../wire/operations.ts';
import { CHOICES } from '../choices.ts';
import { IMAGE_DIGEST_PATTERN } from '../patterns.ts';
import { type BlobDigest, isBlobDigest, type StoredRepository } from '../storage/model.ts';
import type { Store } from '../storage/store.ts';
import type { Handler } from './context.ts';
import { findRepository } from './find-repository.ts';
import { isImageDigest, isImageTag } from './image-ids.ts';

type ImageId = ValueOf<'ImageIdentifier'>;
type Failure = Omit<ValueOf<'ImageFailure'>, 'imageId'>;

/** One id after the other, in the order given: an index before its children goes, after them it does not save them. */
export const batchDeleteImage: Handler<'BatchDeleteImage'> = (context, input) => {
  const { name } = findRepository(context, input);
  const imageIds: ImageId[] = [];
  const failures: ValueOf<'ImageFailure'>[] = [];
  for (const imageId of input.imageIds) {
    // Looked up anew each time, as the one before may have changed it.
    const repository = findRepository(context, input);
    const digest = findDigest(repository, imageId);
    const failure = typeof digest === 'string' ? findParentFailure(repository, digest, imageId) : digest;
    if (failure !== undefined) failures.push({ imageId, ...failure });
    else if (typeof digest === 'string') imageIds.push(...deleteOne(context.store, name, digest, imageId));
  }
  return { imageIds, failures };
};

/** By tag, the tag goes, and with the last one its image; by digest, the image goes with all its tags. */
function deleteOne(store: Store, repositoryName: string, digest: BlobDigest, imageId: ImageId): ImageId[] {
  const image = store.repositories.get(repositoryName)?.images.get(digest);
  const tags = [...(image?.tags ?? [])];
  const { imageTag } = imageId;
  if (imageTag !== undefined && tags.length > 1) {
    store.deleteTag(repositoryName, imageTag);
    return [{ imageDigest: digest, imageTag }];
  }
  store.deleteImage(repositoryName, digest);
  return tags.length === 0
    ? [{ imageDigest: digest }]
    : tags.map((tag) => ({ imageDigest: digest, imageTag: tag }));
}

/** The digest that an id stands for, or what is wrong with the id. */
function findDigest(repository: StoredRepository, { imageDigest, imageTag }: ImageId): BlobDigest | Failure {
  if (imageDigest === undefined && imageTag === undefined) {
    return {
      failureCode: 'MissingDigestAndTag',
      failureReason: 'Invalid request parameters: both tag and digest cannot be null',
    };
  }
  if (imageDigest !== undefined && !isImageDigest(imageDigest)) {
    return {
      failureCode: 'InvalidImageDigest',
      failureReason: `Invalid request parameters: image digest should satisfy the regex '${IMAGE_DIGEST_PATTERN}'`,
    };
  }
  if (imageTag !== undefined && !isImageTag(imageTag)) {
    return { failureCode: 'InvalidImageTag', failureReason: CHOICES.invalidImageTagReason.value };
  }
  const tagged = imageTag === undefined ? undefined : repository.imageTags.get(imageTag)?.digest;
  const digest = imageDigest ?? tagged;
  if (
    !isBlobDigest(digest) ||
    !repository.images.has(digest) ||
    (imageTag !== undefined && tagged === undefined)
  ) {
    return { failureCode: 'ImageNotFound', failureReason: 'Requested image not found' };
  }
  if (tagged !== undefined && tagged !== digest) {
    return {
      failureCode: 'ImageTagDoesNotMatchDigest',
      failureReason: CHOICES.tagDoesNotMatchDigestReason.value,
    };
  }
  return digest;
}

/** A manifest that an index lists stays; one of several tags may be taken off it. */
function findParentFailure(
  repository: StoredRepository,
  digest: BlobDigest,
  { imageTag }: ImageId,
): Failure | undefined {
  const parents = [...(repository.parents.get(digest) ?? [])];
  const tags = repository.images.get(digest)?.tags.size ?? 0;
  if (parents.length === 0 || (imageTag !== undefined && tags > 1)) return undefined;
  return {
    failureCode: 'ImageReferencedByManifestList',
    failureReason: `Requested image referenced by manifest list: [${parents.join(', ')}]`,
  };
}
