import type { ValueOf } from '../../wire/operations.ts';
import { isBlobDigest, type StoredImage, type StoredRepository } from '../storage/model.ts';
import type { Handler, OperationContext } from './context.ts';
import { findRepository } from './find-repository.ts';
import { findImage } from './image-ids.ts';
import { forbidPaging, paginate } from './paginate.ts';
import { formatWholeSeconds } from './timestamps.ts';

/** In the order in which the images came. One unknown id fails the call. */
export const describeImages: Handler<'DescribeImages'> = (context, input) => {
  const repository = findRepository(context, input);
  if (input.imageIds !== undefined) {
    forbidPaging(input);
    const images = input.imageIds.map((imageId) => findImage(context, repository, imageId));
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

/** What DescribeImages and DescribeImageTags both say of an image. */
export function describeReferencedImage(image: StoredImage): ValueOf<'ReferencedImageDetail'> {
  return {
    imageDigest: image.digest,
    imageSizeInBytes: image.imageSizeInBytes,
    imagePushedAt: formatWholeSeconds(image.pushedAt),
    imageManifestMediaType: image.mediaType,
    artifactMediaType: image.artifactMediaType,
  };
}
