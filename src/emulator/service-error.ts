import { type CommonExceptionName, EXCEPTIONS, type ExceptionName } from '../wire/exceptions.ts';

import { CHOICES } from './choices.ts';

/** An answer of the service other than the operation's output. `members` go into its body beside the message. */
export class ServiceError extends Error {
  readonly exception: ExceptionName | CommonExceptionName;
  readonly status: number;
  readonly members: Readonly<Record<string, unknown>>;

  constructor(
    exception: ExceptionName | CommonExceptionName,
    message: string,
    members: Readonly<Record<string, unknown>> = {},
  ) {
    super(message);
    this.exception = exception;
    this.status = statusOf(exception);
    this.members = members;
  }
}

function statusOf(exception: ExceptionName | CommonExceptionName): number {
  if (exception === 'RequestEntityTooLarge') return 413;
  return Object.hasOwn(EXCEPTIONS, exception)
    ? EXCEPTIONS[exception as ExceptionName].status
    : CHOICES.commonErrorStatus.value; // as: just looked up
}
