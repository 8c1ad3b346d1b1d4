import { MIN_PART_BYTES } from '../../wire/limits.ts';
import { CHOICES } from '../choices.ts';
import { ServiceError } from '../service-error.ts';
import type { Handler } from './context.ts';
import { findPushTarget } from './find-repository.ts';
import { uploadNotFound } from './upload-not-found.ts';

/** The store judges in the service's order: empty, part too small, digest, layer there already. */
export const completeLayerUpload: Handler<'CompleteLayerUpload'> = async (context, input) => {
  const { name } = findPushTarget(context, input);
  const { registryId } = context.identity;
  const { uploadId, layerDigests } = input;
  const result = await context.store.completeUpload(name, uploadId, {
    digests: layerDigests,
    minimumPartBytes: MIN_PART_BYTES,
  });
  switch (result.kind) {
    case 'completed':
      return { registryId, repositoryName: name, uploadId, layerDigest: result.digest };
    case 'unknown-upload':
      throw uploadNotFound(context, name, uploadId);
    case 'empty':
      throw new ServiceError(
        'EmptyUploadException',
        `The upload with id '${uploadId}' in the repository with name '${name}' in registry with id '${registryId}' cannot be completed because it does not have any parts`,
      );
    case 'part-too-small':
      throw new ServiceError(
        'LayerPartTooSmallException',
        'All layer parts except the last part should be at least 5MB',
      );
    case 'mismatch':
      throw new ServiceError(
        'InvalidLayerException',
        'None of the provided layer digests match the calculated layer digest',
      );
    case 'exists':
      throw new ServiceError(
        'LayerAlreadyExistsException',
        CHOICES.layerAlreadyExistsText.value(result.digest, name, registryId),
      );
  }
};
