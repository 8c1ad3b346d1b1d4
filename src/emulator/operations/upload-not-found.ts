import { CHOICES } from '../choices.ts';
import { ServiceError } from '../service-error.ts';
import type { OperationContext } from './context.ts';

export function uploadNotFound(
  context: OperationContext,
  repositoryName: string,
  uploadId: string,
): ServiceError {
  const text = CHOICES.uploadNotFoundText.value(uploadId, repositoryName, context.registry.registryId);
  return new ServiceError('UploadNotFoundException', text);
}
