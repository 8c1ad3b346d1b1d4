import { CHOICES } from '../choices.ts';
import { putManifest } from '../put-manifest.ts';
import type { Handler } from './context.ts';
import { findRepository } from './find-repository.ts';
import { checkImageId } from './image-ids.ts';

export const putImage: Handler<'PutImage'> = (context, input) => {
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
