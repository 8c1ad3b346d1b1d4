import type { PrivateValueOf } from '../../wire/private/operations.ts';
import { findRepository, type OperationContext, toWholeSeconds } from '../operations/context.ts';
import { findImageById, resolveImageId } from '../operations/images.ts';
import { forbidPaging, paginate } from '../operations/paginate.ts';
import { invalidParameter, ServiceError } from '../service-error.ts';
import { isBlobDigest, type StoredImage, type StoredRepository } from '../storage/model.ts';
import { PRIVATE_CHOICES } from './choices.ts';
import type { PrivateHandler, PrivateHandlers } from './handler.ts';

/** Answers with the exact text of each manifest. An id that names no image becomes a failure. */
const batchGetImage: PrivateHandler<'BatchGetImage'> = async (context, input) => {
  const { name } = findRepository(context, input);
  const images: PrivateValueOf<'Image'>[] = [];
  const failures: PrivateValueOf<'ImageFailure'>[] = [];
  let bytes = 0;
  for (const imageId of input.imageIds) {
    // Another request may have changed the repository.
    const digest = resolveImageId(findRepository(context, input), imageId);
    if (typeof digest !== 'string') {
      failures.push({ imageId, ...digest });
      continue;
    }
    const image = context.store.repositories.get(name)?.images.get(digest);
    bytes += image?.manifestSize ?? 0;
    if (bytes > PRIVATE_CHOICES.maximumManifestBytes.value) throw tooManyManifestBytes();
    const manifest = await context.store.readManifest(name, digest);
    if (manifest === undefined || image === undefined) {
      failures.push({ imageId, failureCode: 'ImageNotFound', failureReason: 'Requested image not found' });
      continue;
    }
    images.push({
      registryId: context.registry.registryId,
      repositoryName: name,
      imageId: { imageDigest: digest, imageTag: imageId.imageTag },
      imageManifest: manifest.toString(),
      imageManifestMediaType: image.mediaType,
    });
  }
  return { images, failures };
};

function tooManyManifestBytes(): ServiceError {
  const maximum = PRIVATE_CHOICES.maximumManifestBytes.value;
  return new ServiceError('LimitExceededException', PRIVATE_CHOICES.tooManyManifestBytesText.value(maximum));
}

interface StatusFilter {
  readonly tagStatus?: PrivateValueOf<'TagStatus'> | undefined;
  readonly imageStatus?: PrivateValueOf<'ImageStatusFilter'> | undefined;
}

/** The emulator archives nothing, so every image is ACTIVE. */
function passes({ tags }: StoredImage, { tagStatus = 'ANY', imageStatus = 'ANY' }: StatusFilter): boolean {
  const isTagged = tags.size > 0;
  return (
    (tagStatus === 'ANY' || (tagStatus === 'TAGGED') === isTagged) &&
    (imageStatus === 'ANY' || imageStatus === 'ACTIVE')
  );
}

/** Lists one entry per tag, and one for each image without a tag, in push order. */
const listImages: PrivateHandler<'ListImages'> = (context, input) => {
  const repository = findRepository(context, input);
  const ids = new Map<string, PrivateValueOf<'ImageIdentifier'>>();
  for (const image of repository.images.values()) {
    if (!passes(image, input.filter ?? {})) continue;
    if (image.tags.size === 0) ids.set(image.digest, { imageDigest: image.digest });
    for (const imageTag of image.tags) {
      ids.set(`${image.digest} ${imageTag}`, { imageDigest: image.digest, imageTag });
    }
  }
  const { page, nextToken } = paginate(ids.keys(), input, `image ids of ${repository.name}`);
  return { imageIds: page.flatMap((key) => ids.get(key) ?? []), nextToken };
};

/** Lists in push order. One unknown id fails the call. */
const describePrivateImages: PrivateHandler<'DescribeImages'> = (context, input) => {
  const repository = findRepository(context, input);
  if (input.imageIds !== undefined) {
    forbidPaging(input);
    if (input.filter !== undefined) {
      throw invalidParameter('filter', PRIVATE_CHOICES.filterWithImageIds.value);
    }
    const images = input.imageIds.map((imageId) => findImageById(context, repository, imageId));
    return { imageDetails: images.map((image) => describePrivateImage(context, repository, image)) };
  }
  const digests = [...repository.images.values()]
    .filter((image) => passes(image, input.filter ?? {}))
    .map(({ digest }) => digest);
  const { page, nextToken } = paginate(digests, input, `images of ${repository.name}`);
  const images = page.flatMap((digest) =>
    isBlobDigest(digest) ? (repository.images.get(digest) ?? []) : [],
  );
  return {
    imageDetails: images.map((image) => describePrivateImage(context, repository, image)),
    nextToken,
  };
};

function describePrivateImage(
  { registry }: OperationContext,
  repository: StoredRepository,
  image: StoredImage,
): PrivateValueOf<'ImageDetail'> {
  return {
    registryId: registry.registryId,
    repositoryName: repository.name,
    imageDigest: image.digest,
    imageTags: image.tags.size === 0 ? undefined : [...image.tags],
    imageSizeInBytes: image.imageSizeInBytes,
    imagePushedAt: toWholeSeconds(image.pushedAt),
    imageManifestMediaType: image.mediaType,
    artifactMediaType: image.artifactMediaType,
    subjectManifestDigest: image.subject,
    imageStatus: 'ACTIVE',
  };
}

export const privateImageHandlers: PrivateHandlers<'BatchGetImage' | 'ListImages' | 'DescribeImages'> = {
  BatchGetImage: batchGetImage,
  ListImages: listImages,
  DescribeImages: describePrivateImages,
};
