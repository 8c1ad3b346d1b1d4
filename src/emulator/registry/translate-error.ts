import { CHOICES } from '../choices.ts';
import type { ServiceError } from '../service-error.ts';
import { RegistryError } from './registry-error.ts';
import type { RegistryRules } from './rules.ts';

/** Status and code that the registry gives to an exception of the JSON API which it met, as far as they were recorded. */
const answers: Readonly<Record<string, readonly [status: number, code: string]>> = {
  EmptyUploadException: [400, 'BLOB_UPLOAD_INVALID'],
  LayerPartTooSmallException: [400, 'BLOB_UPLOAD_INVALID'],
  InvalidLayerPartException: [416, 'BLOB_UPLOAD_INVALID'],
  UploadNotFoundException: [404, CHOICES.registryUploadNotFoundCode.value],
  LayersNotFoundException: [404, 'MANIFEST_BLOB_UNKNOWN'],
  ReferencedImagesNotFoundException: [404, 'MANIFEST_BLOB_UNKNOWN'],
  ImageDigestDoesNotMatchException: [400, 'DIGEST_INVALID'],
  RepositoryNotFoundException: [404, 'NAME_UNKNOWN'],
  LimitExceededException: [403, 'DENIED'],
  AccessDeniedException: [403, 'DENIED'],
  ThrottlingException: [429, 'TOOMANYREQUESTS'],
};

/** What a client of the registry sees of a `ServiceError`. */
export function translateError({ exception, message }: ServiceError, rules: RegistryRules): RegistryError {
  const byRules: typeof answers = {
    InvalidParameterException: rules.invalidManifest,
    InvalidLayerException: [400, rules.digestMismatchCode],
  };
  const [status, code] = byRules[exception] ?? answers[exception] ?? [500, 'UNKNOWN'];
  return new RegistryError(status, code, message);
}
