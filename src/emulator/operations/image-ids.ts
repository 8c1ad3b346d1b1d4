import type { ValueOf } from '../../wire/operations.ts';
import { CHOICES } from '../choices.ts';
import { IMAGE_DIGEST_PATTERN, IMAGE_TAG_PATTERN } from '../patterns.ts';
import { ServiceError } from '../service-error.ts';
import { isBlobDigest, type StoredImage, type StoredRepository } from '../storage/model.ts';
import { describePattern, invalidParameter } from '../texts.ts';
import type { OperationContext } from './context.ts';

const tagForm = new RegExp(`^${IMAGE_TAG_PATTERN}$`);
const digestForm = new RegExp(`^${IMAGE_DIGEST_PATTERN}$`);

export function isImageTag(tag: string): boolean {
  return tagForm.test(tag);
}

export function isImageDigest(digest: string): boolean {
  return digestForm.test(digest);
}

/** Throws InvalidParameterException for a tag or a digest that does not have its form. */
export function checkImageId(imageId: ValueOf<'ImageIdentifier'>): void {
  if (imageId.imageDigest !== undefined && !isImageDigest(imageId.imageDigest)) {
    throw invalidParameter('imageDigest', describePattern(IMAGE_DIGEST_PATTERN));
  }
  if (imageId.imageTag !== undefined && !isImageTag(imageId.imageTag)) {
    throw invalidParameter('imageTag', describePattern(IMAGE_TAG_PATTERN));
  }
}

/** The image that an id names; digest and tag must agree when both are given. Throws InvalidParameterException or ImageNotFoundException. */
export function findImage(
  context: OperationContext,
  repository: StoredRepository,
  imageId: ValueOf<'ImageIdentifier'>,
): StoredImage {
  checkImageId(imageId);
  const none = CHOICES.tagOfUntagged.value;
  const { imageDigest = none, imageTag = none } = imageId;
  const digest = imageId.imageDigest ?? repository.imageTags.get(imageTag)?.digest;
  const image = isBlobDigest(digest) ? repository.images.get(digest) : undefined;
  if (image === undefined || (imageId.imageTag !== undefined && !image.tags.has(imageTag))) {
    throw new ServiceError(
      'ImageNotFoundException',
      `The image with imageId {imageDigest:'${imageDigest}', imageTag:'${imageTag}'} does not exist within the repository with name '${repository.name}' in the registry with id '${context.registry.registryId}'`,
    );
  }
  return image;
}
