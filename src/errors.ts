/** Error codes of the command line. `exitStatusOf` maps each to an exit status of the process. */
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

/** Signals that end a command in an orderly way. */
export type EndingSignal = 'SIGINT' | 'SIGTERM' | 'SIGHUP';

export interface ErrorDetails {
  /** What is wrong, item by item. Each gets a line of its own below the message. */
  items?: readonly string[] | undefined;
  /** What to do next: the command to run, the option to give, the missing permission. */
  hint?: string | undefined;
  /** Failed operation of ECR Public, e.g. `PutImage`. */
  operation?: string | undefined;
  /** Exception name of the service, e.g. `RepositoryNotFoundException`. */
  awsError?: string | undefined;
  requestId?: string | undefined;
  /** Signal that caused INTERRUPTED. The exit status depends on it. */
  signal?: EndingSignal | undefined;
  cause?: unknown;
}

/** The one class of errors that are reported to the user. Anything else is a bug. */
export class EcrpError extends Error {
  override readonly name = 'EcrpError';
  readonly code: ErrorCode;
  /** The message without its items. */
  readonly summary: string;
  readonly items: readonly string[];
  readonly hint: string | undefined;
  readonly operation: string | undefined;
  readonly awsError: string | undefined;
  readonly requestId: string | undefined;
  readonly signal: EndingSignal | undefined;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    const items = details.items ?? [];
    super(
      [message, ...items].join('\n  - '),
      details.cause === undefined ? undefined : { cause: details.cause },
    );
    this.code = code;
    this.summary = message;
    this.items = items;
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

/** 128 plus the number of the signal, as in shells. */
const signalStatuses: Readonly<Record<EndingSignal, number>> = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 };

/** Returns the exit status of an error: by its signal, else by its code. */
export function exitStatusOf(error: EcrpError): number {
  return error.signal === undefined ? exitStatuses[error.code] : signalStatuses[error.signal];
}
