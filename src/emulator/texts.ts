import { ServiceError } from './service-error.ts';

// Texts recorded of ECR Public, or of private ECR where the two are known to agree. Guessed ones are in `choices.ts`.

/** The general frame of validation. */
export function invalidParameter(member: string, reason: string): ServiceError {
  return new ServiceError(
    'InvalidParameterException',
    `Invalid parameter at '${member}' failed to satisfy constraint: '${reason}'`,
  );
}

/** A tag or digest that does not have its form; the model has no pattern for these, the service has. */
export const IMAGE_TAG_PATTERN = '[a-zA-Z0-9-_.]+';
export const IMAGE_DIGEST_PATTERN = '[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+';
/** Of the model's shape LayerDigest. */
export const LAYER_DIGEST_PATTERN = IMAGE_DIGEST_PATTERN;

export function describePattern(pattern: string): string {
  return `must satisfy regular expression '${pattern}'`;
}

export function repositoryNotFound(repositoryName: string, registryId: string): ServiceError {
  return new ServiceError(
    'RepositoryNotFoundException',
    `The repository with name '${repositoryName}' does not exist in the registry with id '${registryId}'`,
  );
}
