import { ServiceError } from './service-error.ts';

// Texts recorded of ECR Public, or of private ECR where the two are known to agree. Guessed ones are in `choices.ts`.

/** The general frame of validation. */
export function invalidParameter(member: string, reason: string): ServiceError {
  return new ServiceError(
    'InvalidParameterException',
    `Invalid parameter at '${member}' failed to satisfy constraint: '${reason}'`,
  );
}

export function describePattern(pattern: string): string {
  return `must satisfy regular expression '${pattern}'`;
}

export function repositoryNotFound(repositoryName: string, registryId: string): ServiceError {
  return new ServiceError(
    'RepositoryNotFoundException',
    `The repository with name '${repositoryName}' does not exist in the registry with id '${registryId}'`,
  );
}

export function expiredToken(): ServiceError {
  return new ServiceError('ExpiredTokenException', 'The security token included in the request is expired');
}

export function throttled(): ServiceError {
  return new ServiceError('ThrottlingException', 'Rate exceeded');
}

/** `reason`: what the service says after the resource. */
export function accessDenied(arn: string, action: string, resource: string, reason = ''): ServiceError {
  return new ServiceError(
    'AccessDeniedException',
    `User: ${arn} is not authorized to perform: ${action} on resource: ${resource}${reason}`,
  );
}
