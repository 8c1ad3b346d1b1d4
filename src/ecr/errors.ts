import { EcrpError } from '../errors.ts';
import type { Failure } from './exception.ts';
import { describeAttempts, explainConnection, isConnectionFailure } from './explain-connection.ts';
import { type CallSubject, type Explanation, explainException } from './explain-exception.ts';

/** The error that a user is told, made of the last failure of a call. */
export function explainFailure(failure: Failure, subject: CallSubject): EcrpError {
  const { code, message, hint } = explain(failure, subject);
  return new EcrpError(code, message ?? failure.message, {
    hint: code === 'UNAVAILABLE' ? addWait(hint, failure.retryAfterMs) : hint,
    operation: subject.operation,
    awsError: failure.fromService ? failure.name : undefined,
    requestId: failure.requestId,
    cause: failure.cause,
  });
}

/** Also the reason for not having waited, when it is longer than the budget for retries. */
function addWait(hint: string | undefined, retryAfterMs = 0): string | undefined {
  const seconds = Math.ceil(retryAfterMs / 1000);
  return seconds > 0 ? `${hint ?? 'Run it again.'} The service asks for ${seconds} s until then.` : hint;
}

function explain(failure: Failure, subject: CallSubject): Explanation {
  if (failure.fromService) {
    return explainException(failure, subject);
  }
  if (failure.proxy !== undefined) {
    const { message, hint } = failure.proxy;
    return {
      code: 'UNAVAILABLE',
      message: `${subject.operation}: ${message}${describeAttempts(subject.attempts)}`,
      hint,
    };
  }
  if (failure.status !== undefined) {
    return { code: 'UNAVAILABLE', ...explainForeignAnswer(failure, failure.status, subject) };
  }
  if (isConnectionFailure(failure)) {
    return { code: 'UNAVAILABLE', ...explainConnection(failure, subject) };
  }
  return { code: 'INTERNAL', message: `${subject.operation}: ${failure.name}: ${failure.message}` };
}

/** What came is not what ECR Public sends. */
function explainForeignAnswer(
  { name, message }: Failure,
  status: number,
  { operation, endpoint }: CallSubject,
): { readonly message: string; readonly hint: string } {
  const problem = name === 'UnexpectedAnswer' ? ` ${message}` : '';
  return {
    message: `${operation}: ${endpoint} returned HTTP ${status}${problem}; this does not look like ECR Public`,
    hint: 'Sign in where the network asks for it (captive portal), check the proxy, and check --endpoint-url if you gave it.',
  };
}
