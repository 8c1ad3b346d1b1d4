import type { ErrorCode } from '../errors.ts';
import type { OperationName } from '../wire/operations.ts';
import type { PrivateOperationName } from '../wire/private/operations.ts';

/** The operations after which a hint is about a push. */
export const CALLS_OF_PUSH: readonly OperationName[] = [
  'BatchCheckLayerAvailability',
  'InitiateLayerUpload',
  'UploadLayerPart',
  'CompleteLayerUpload',
  'PutImage',
];

/**
 * What an exception means for a user. In texts, `{message}` stands for the service's own message, `{operation}` and `{repository}` for
 * those of the call, `{endpoint}` for its URL, `{attempts}` for ` after 3 attempts`, `{action}` for the IAM action that is missing, and
 * `{account}` for the caller's account. Words of the service: see `ServiceWords`.
 */
export interface ErrorRow {
  /** Holds for these operations only. */
  readonly of?: readonly (OperationName | PrivateOperationName)[];
  /** Holds if the service's message says this. */
  readonly says?: RegExp;
  readonly code: ErrorCode;
  /** Default: the service's message. */
  readonly message?: string;
  /** What to do: a command or an imperative. */
  readonly hint: string;
}

/** A row for answers with one of these HTTP statuses; without `statuses`, for all. `{name}` is the exception, `{status}` the status. */
export interface StatusRow extends ErrorRow {
  readonly statuses?: readonly number[];
}
