import { type CommonExceptionName, EXCEPTIONS, type ExceptionName } from '../wire/exceptions.ts';
import { PRIVATE_EXCEPTIONS, type PrivateExceptionName } from '../wire/private/exceptions.ts';
import { CHOICES } from './choices.ts';

/** An error answer of the service. `members` go into its body beside the message. */
export class ServiceError extends Error {
  readonly exception: ExceptionName | PrivateExceptionName | CommonExceptionName;
  readonly status: number;
  readonly members: Readonly<Record<string, unknown>>;

  constructor(
    exception: ExceptionName | PrivateExceptionName | CommonExceptionName,
    message: string,
    members: Readonly<Record<string, unknown>> = {},
  ) {
    super(message);
    this.exception = exception;
    this.status = statusOf(exception);
    this.members = members;
  }
}

/** Both services answer an exception that both have with the same status. */
const declared: Readonly<Record<string, { readonly status: number }>> = {
  ...PRIVATE_EXCEPTIONS,
  ...EXCEPTIONS,
};

function statusOf(exception: string): number {
  if (exception === 'RequestEntityTooLarge') return 413;
  return declared[exception]?.status ?? CHOICES.commonErrorStatus.value;
}

// Texts recorded from ECR Public, or from private ECR where both are known to agree. Guessed texts are in `text-choices.ts`.

/** The frame of all validation errors. */
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

/** `reason` follows the resource. */
export function accessDenied(arn: string, action: string, resource: string, reason = ''): ServiceError {
  return new ServiceError(
    'AccessDeniedException',
    `User: ${arn} is not authorized to perform: ${action} on resource: ${resource}${reason}`,
  );
}
