import { MIN_PART_BYTES } from '../../wire/limits.ts';
import type { InputOf, OutputOf } from '../../wire/operations.ts';
import { CHOICES } from '../choices.ts';
import { ServiceError } from '../service-error.ts';
import type { Handler, OperationContext } from './context.ts';
import { findRepository } from './find-repository.ts';
import { uploadNotFound } from './upload-not-found.ts';

/** What decides about the parts of an upload. */
export interface UploadRules {
  /** Of every part but the last. */
  readonly minimumPartBytes: number;
  /** Whether a blob may have no byte. */
  readonly takesEmptyBlobs: boolean;
}

export const completeLayerUpload: Handler<'CompleteLayerUpload'> = (context, input) =>
  endUpload(context, input, { minimumPartBytes: MIN_PART_BYTES, takesEmptyBlobs: false });

/** The store judges in the service's order: empty, part too small, digest, layer there already. */
export async function endUpload(
  context: OperationContext,
  input: InputOf<'CompleteLayerUpload'>,
  rules: UploadRules,
): Promise<OutputOf<'CompleteLayerUpload'>> {
  const { name } = findRepository(context, input);
  const { registryId } = context.registry;
  const { uploadId, layerDigests } = input;
  const result = await context.store.completeUpload(name, uploadId, {
    digests: layerDigests,
    minimumPartBytes: rules.minimumPartBytes,
    takesEmpty: rules.takesEmptyBlobs,
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
}
