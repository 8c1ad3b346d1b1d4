import { EcrpError, type ErrorCode } from '../errors.ts';
import type { ErrorRow, StatusRow } from './error-row.ts';
import { ERROR_TABLE } from './error-table.ts';
import { describeAttempts, explainConnection, isConnectionFailure } from './explain-connection.ts';
import type { Failure } from './failure.ts';
import { PRIVATE_ERROR_TABLE } from './private/error-table.ts';

/** Names that other layers in front of AWS services have for the same. */
export const OTHER_NAMES: Readonly<Record<string, keyof typeof ERROR_TABLE>> = {
  AccessDenied: 'AccessDeniedException',
  InvalidClientTokenId: 'UnrecognizedClientException',
  SignatureDoesNotMatch: 'InvalidSignatureException',
  MissingAuthenticationToken: 'MissingAuthenticationTokenException',
  IncompleteSignature: 'IncompleteSignatureException',
  ExpiredToken: 'ExpiredTokenException',
  RequestExpired: 'ExpiredTokenException',
  TooManyRequestsException: 'ThrottlingException',
  RequestEntityTooLargeException: 'RequestEntityTooLarge',
};

const UNKNOWN = '{operation}: {name}{attempts}: {message}';

/** Exceptions that the table does not have. */
const UNKNOWN_EXCEPTIONS: readonly StatusRow[] = [
  {
    statuses: [401, 403],
    code: 'AUTH',
    message: UNKNOWN,
    hint: 'Check the credentials and their IAM permissions; --verbose says which credentials were used.',
  },
  { statuses: [404], code: 'NOT_FOUND', message: UNKNOWN, hint: 'Check the names in the command.' },
  {
    statuses: [409],
    code: 'CONFLICT',
    message: UNKNOWN,
    hint: 'Run it again when other clients have ended.',
  },
  { statuses: [413], code: 'LIMIT', message: UNKNOWN, hint: 'Make the request shorter.' },
  { statuses: [429], code: 'UNAVAILABLE', message: UNKNOWN, hint: 'Run it again later.' },
  { statuses: [500, 501, 502, 503, 504], code: 'UNAVAILABLE', message: UNKNOWN, hint: 'Run it again.' },
  {
    code: 'INVALID_INPUT',
    message: UNKNOWN,
    hint: 'Change what the message of the service names: ecrp does not know this exception.',
  },
];

/** Answers that name no exception in JSON, such as web pages: the service sends none. `{problem}` is what they are. */
const FOREIGN_ANSWERS: readonly StatusRow[] = [
  {
    statuses: [413],
    of: ['UploadLayerPart'],
    code: 'LIMIT',
    message:
      '{operation}: {endpoint} returned HTTP {status}{problem}: the part is too long for something on the way',
    hint: 'Add --part-size 5, or raise the limit of the proxy on the way.',
  },
  {
    code: 'UNAVAILABLE',
    message: '{operation}: {endpoint} returned HTTP {status}{problem}; this does not look like {service}',
    hint: 'Sign in where the network asks for it (captive portal), check the proxy, and check --endpoint-url if you gave it.',
  },
];

/** The call that an error is about. */
export interface CallSubject {
  readonly operation: string;
  /** For messages about the connection. */
  readonly endpoint: string;
  readonly attempts: number;
  readonly repositoryName?: string | undefined;
  /** Host of the private registry; undefined: the service is ECR Public. */
  readonly privateHost?: string | undefined;
}

interface Explanation {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint?: string | undefined;
}

/** What the texts of both services differ in. */
interface ServiceWords {
  readonly service: string;
  /** Of IAM actions. */
  readonly prefix: string;
  /** Variable that names the endpoint. */
  readonly variable: string;
  /** Name in Service Quotas. */
  readonly quotas: string;
  /** The most that a layer has. */
  readonly parts: string;
  readonly layer: string;
  /** What to do about a wrong region. */
  readonly regionHint: string;
}

const PUBLIC_WORDS: ServiceWords = {
  service: 'ECR Public',
  prefix: 'ecr-public',
  variable: 'AWS_ENDPOINT_URL_ECR_PUBLIC',
  quotas: 'ECR Public',
  parts: '1,000',
  layer: '10,000 MiB',
  regionHint: 'ECR Public answers everything in us-east-1 only: leave out --region.',
};

const PRIVATE_WORDS: ServiceWords = {
  service: 'private ECR',
  prefix: 'ecr',
  variable: 'AWS_ENDPOINT_URL_ECR',
  quotas: 'Amazon ECR',
  parts: '4,200',
  layer: '52,000 MiB',
  regionHint: 'Check the region in the registry host, and the endpoint if you gave one.',
};

/** Makes the error for the user out of the last failure of a call. */
export function explainFailure(failure: Failure, subject: CallSubject): EcrpError {
  const { code, message, hint } = explain(failure, subject);
  return new EcrpError(code, message, {
    hint: code === 'UNAVAILABLE' ? addWait(hint, failure.retryAfterMs) : hint,
    operation: subject.operation,
    awsError: failure.fromService ? failure.name : undefined,
    requestId: failure.requestId,
    cause: failure.cause,
  });
}

/** True for a refusal of IAM, under each of its names. */
export function isAccessDenied(error: unknown): error is EcrpError {
  return error instanceof EcrpError && /^AccessDenied(Exception)?$/.test(error.awsError ?? '');
}

/** Adds the wait that the service asks for. It may be longer than the retry budget: then it is why the call was not retried. */
function addWait(hint: string | undefined, retryAfterMs = 0): string | undefined {
  const seconds = Math.ceil(retryAfterMs / 1000);
  return seconds > 0 ? `${hint ?? 'Run it again.'} The service asks for ${seconds} s until then.` : hint;
}

function explain(failure: Failure, subject: CallSubject): Explanation {
  const { operation, attempts } = subject;
  if (failure.fromService) {
    return fillRow(findRow(listRows(failure.name), failure, operation), failure, subject);
  }
  if (failure.proxy !== undefined) {
    const { message, hint } = failure.proxy;
    return { code: 'UNAVAILABLE', message: `${operation}: ${message}${describeAttempts(attempts)}`, hint };
  }
  if (failure.status !== undefined) {
    return fillRow(findRow(FOREIGN_ANSWERS, failure, operation), failure, subject);
  }
  if (isConnectionFailure(failure)) {
    return { code: 'UNAVAILABLE', ...explainConnection(failure, subject) };
  }
  return { code: 'INTERNAL', message: `${operation}: ${failure.name}: ${failure.message}` };
}

/** The rows of an exception, by the name that the tables have for it. */
function listRows(name: string): readonly StatusRow[] {
  const tabled = (Object.hasOwn(OTHER_NAMES, name) ? OTHER_NAMES[name] : undefined) ?? name;
  return findOwn(ERROR_TABLE, tabled) ?? findOwn(PRIVATE_ERROR_TABLE, tabled) ?? UNKNOWN_EXCEPTIONS;
}

function findOwn(table: Readonly<Record<string, readonly ErrorRow[]>>, name: string) {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}

/** Finds the first row that holds. The last row of each list holds always. */
function findRow(
  rows: readonly StatusRow[],
  { message, status = 400 }: Failure,
  operation: string,
): ErrorRow {
  const row = rows.find(
    ({ of, says, statuses }) =>
      (of?.some((each) => each === operation) ?? true) &&
      (says?.test(message) ?? true) &&
      (statuses?.includes(status) ?? true),
  );
  return row ?? { code: 'INVALID_INPUT', hint: 'Change what the message of the service names.' };
}

/** Replaces the placeholders of a row. Texts of the service are put in as they are, whatever braces they have. */
function fillRow({ code, message = '{message}', hint }: ErrorRow, failure: Failure, subject: CallSubject) {
  const { privateHost, repositoryName = 'REPO' } = subject;
  const isPrivate = privateHost !== undefined;
  const words = isPrivate ? PRIVATE_WORDS : PUBLIC_WORDS;
  const values: Readonly<Record<string, string>> = {
    ...words,
    list: isPrivate ? `ecrp repo list ${privateHost}` : 'ecrp repo list',
    message: failure.message.trim(),
    operation: subject.operation,
    repository: isPrivate ? `${privateHost}/${repositoryName}` : repositoryName,
    endpoint: subject.endpoint,
    attempts: describeAttempts(subject.attempts),
    action: findAction(failure.message) ?? `${words.prefix}:${subject.operation}`,
    account: /^User: arn:[^:]*:(?:iam|sts)::(\d{12}):/.exec(failure.message)?.[1] ?? 'ACCOUNT',
    name: failure.name,
    status: String(failure.status),
    problem: failure.name === 'UnexpectedAnswer' ? ` ${failure.message}` : '',
  };
  const fill = (text: string): string =>
    text.replaceAll(/\{(\w+)\}/g, (placeholder, name: string) => values[name] ?? placeholder);
  return { code, message: fill(message), hint: fill(hint) };
}

/** Finds the IAM action that a denial names. */
function findAction(message: string): string | undefined {
  return /[a-z0-9-]+:[A-Z][A-Za-z]+/.exec(message)?.[0];
}
