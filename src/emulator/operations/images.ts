import type { ValueOf } from '../../wire/operations.ts';
import { CHOICES } from '../choices.ts';
import { describePattern, invalidParameter, ServiceError } from '../service-error.ts';
import { type BlobDigest, isBlobDigest, type StoredImage, type StoredRepository } from '../storage/model.ts';
import type { Store } from '../storage/store.ts';
import { IMAGE_DIGEST_PATTERN, IMAGE_TAG_PATTERN } from '../text-choices.ts';
import {
  findRepository,
  type Handler,
  type Handlers,
  type OperationContext,
  toEpochSeconds,
  toWholeSeconds,
} from './context.ts';
import { forbidPaging, paginate } from './paginate.ts';

/** Lists in push order. One unknown id fails the call. */
const describeImages: Handler<'DescribeImages'> = (context, input) => {
  const repository = findRepository(context, input);
  if (input.imageIds !== undefined) {
    forbidPaging(input);
    const images = input.imageIds.map((imageId) => findImageById(context, repository, imageId));
    return { imageDetails: images.map((image) => describeImage(context, repository, image)) };
  }
  const { page, nextToken } = paginate(repository.images.keys(), input, `images of ${repository.name}`);
  return { imageDetails: page.flatMap((digest) => describeDigest(context, repository, digest)), nextToken };
};

function describeDigest(
  context: OperationContext,
  repository: StoredRepository,
  digest: string,
): ValueOf<'ImageDetail'>[] {
  const image = isBlobDigest(digest) ? repository.images.get(digest) : undefined;
  return image === undefined ? [] : [describeImage(context, repository, image)];
}

function describeImage(
  context: OperationContext,
  repository: StoredRepository,
  image: StoredImage,
): ValueOf<'ImageDetail'> {
  return {
    registryId: context.registry.registryId,
    repositoryName: repository.name,
    imageTags: image.tags.size === 0 ? undefined : [...image.tags],
    ...describeReferencedImage(image),
  };
}

/** The members that DescribeImages and DescribeImageTags have in common. */
function describeReferencedImage(image: StoredImage): ValueOf<'ReferencedImageDetail'> {
  return {
    imageDigest: image.digest,
    imageSizeInBytes: image.imageSizeInBytes,
    imagePushedAt: toWholeSeconds(image.pushedAt),
    imageManifestMediaType: image.mediaType,
    artifactMediaType: image.artifactMediaType,
  };
}

/** Lists in the order in which the tags were put. */
const describeImageTags: Handler<'DescribeImageTags'> = (context, input) => {
  const repository = findRepository(context, input);
  const { page, nextToken } = paginate(
    repository.imageTags.keys(),
    input,
    `image tags of ${repository.name}`,
  );
  const imageTagDetails = page.flatMap((name) => {
    const tag = repository.imageTags.get(name);
    const image = tag && repository.images.get(tag.digest);
    if (tag === undefined || image === undefined) return [];
    return [
      {
        imageTag: name,
        createdAt: toEpochSeconds(tag.createdAt),
        imageDetail: describeReferencedImage(image),
      },
    ];
  });
  return { imageTagDetails, nextToken };
};

type ImageId = ValueOf<'ImageIdentifier'>;
type IdFailure = Omit<ValueOf<'ImageFailure'>, 'imageId'>;

/** Deletes in the given order. An index that precedes its children is deleted first, so it no longer protects them. */
export const batchDeleteImage: Handler<'BatchDeleteImage'> = (context, input) => {
  const { name } = findRepository(context, input);
  const imageIds: ImageId[] = [];
  const failures: ValueOf<'ImageFailure'>[] = [];
  for (const imageId of input.imageIds) {
    // Each deletion changes the repository.
    const repository = findRepository(context, input);
    const digest = resolveImageId(repository, imageId);
    const failure = typeof digest === 'string' ? findParentFailure(repository, digest, imageId) : digest;
    if (failure !== undefined) failures.push({ imageId, ...failure });
    else if (typeof digest === 'string') imageIds.push(...deleteOne(context.store, name, digest, imageId));
  }
  return { imageIds, failures };
};

/** By tag: deletes the tag, and with the last tag its image. By digest: deletes the image and all its tags. */
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

/** Resolves an id to a digest, or to the failure that the response reports. */
export function resolveImageId(
  repository: StoredRepository,
  { imageDigest, imageTag }: ImageId,
): BlobDigest | IdFailure {
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

/** A manifest that an index lists cannot be deleted. One of several tags can. */
function findParentFailure(
  repository: StoredRepository,
  digest: BlobDigest,
  { imageTag }: ImageId,
): IdFailure | undefined {
  const parents = [...(repository.parents.get(digest) ?? [])];
  const tags = repository.images.get(digest)?.tags.size ?? 0;
  if (parents.length === 0 || (imageTag !== undefined && tags > 1)) return undefined;
  return {
    failureCode: 'ImageReferencedByManifestList',
    failureReason: `Requested image referenced by manifest list: [${parents.join(', ')}]`,
  };
}

export const imageHandlers: Handlers<'DescribeImages' | 'DescribeImageTags' | 'BatchDeleteImage'> = {
  DescribeImages: describeImages,
  DescribeImageTags: describeImageTags,
  BatchDeleteImage: batchDeleteImage,
};

const tagForm = new RegExp(`^${IMAGE_TAG_PATTERN}$`);
const digestForm = new RegExp(`^${IMAGE_DIGEST_PATTERN}$`);

function isImageTag(tag: string): boolean {
  return tagForm.test(tag);
}

function isImageDigest(digest: string): boolean {
  return digestForm.test(digest);
}

/** Throws InvalidParameterException for a malformed tag or digest. */
export function checkImageId(imageId: ValueOf<'ImageIdentifier'>): void {
  if (imageId.imageDigest !== undefined && !isImageDigest(imageId.imageDigest)) {
    throw invalidParameter('imageDigest', describePattern(IMAGE_DIGEST_PATTERN));
  }
  if (imageId.imageTag !== undefined && !isImageTag(imageId.imageTag)) {
    throw invalidParameter('imageTag', describePattern(IMAGE_TAG_PATTERN));
  }
}

/** Finds the image of an id. If both digest and tag are given, they must agree. Throws InvalidParameterException or ImageNotFoundException. */
export function findImageById(
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
