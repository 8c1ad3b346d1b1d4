/** Error codes of the command line's contract; `exitStatusOf` maps each to a process exit status. */
export type ErrorCode =
  | 'INTERNAL'
  | 'USAGE'
  | 'INVALID_INPUT'
  | 'AUTH'
  | 'NOT_FOUND'
  | 'CONFLICT'
  | 'LIMIT'
  | 'UNAVAILABLE'
  | 'INTERRUPTED';

/** The signals that end a command in good order. */
export type EndingSignal = 'SIGINT' | 'SIGTERM' | 'SIGHUP';

export interface ErrorDetails {
  /** What to do next: the command to run, the flag to give, the missing permission. */
  hint?: string | undefined;
  /** The ECR Public operation that failed, e.g. `PutImage`. */
  operation?: string | undefined;
  /** The service's own exception name, e.g. `RepositoryNotFoundException`. */
  awsError?: string | undefined;
  requestId?: string | undefined;
  /** Only with INTERRUPTED: which signal, as the exit status depends on it. */
  signal?: EndingSignal | undefined;
  cause?: unknown;
}

/** The one error class: everything that a user can be told about is thrown as this. */
export class EcrpError extends Error {
  override readonly name = 'EcrpError';
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly operation: string | undefined;
  readonly awsError: string | undefined;
  readonly requestId: string | undefined;
  readonly signal: EndingSignal | undefined;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.hint = details.hint;
    this.operation = details.operation;
    this.awsError = details.awsError;
    this.requestId = details.requestId;
    this.signal = details.signal;
  }
}

const exitStatuses: Readonly<Record<ErrorCode, number>> = {
  INTERNAL: 1,
  USAGE: 2,
  INVALID_INPUT: 3,
  AUTH: 4,
  NOT_FOUND: 5,
  CONFLICT: 6,
  LIMIT: 7,
  UNAVAILABLE: 8,
  INTERRUPTED: 130,
};

/** 128 and the number of the signal, as shells have it. */
const signalStatuses: Readonly<Record<EndingSignal, number>> = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 };

/** Exit status of an error: by the signal that interrupted, else by the code. */
export function exitStatusOf(error: EcrpError): number {
  return error.signal === undefined ? exitStatuses[error.code] : signalStatuses[error.signal];
}
