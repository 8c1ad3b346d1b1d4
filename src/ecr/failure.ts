import { ProxyError } from '../net/connection-error.ts';
import { AttemptTimeout } from './attempt.ts';

// Why an attempt of a call failed, and whether another one follows.

/** A failed attempt, in one shape: the SDK throws errors of many. */
export interface Failure {
  /** Name of the service's exception, or name or code of a local error (`ECONNRESET`, `TimeoutError`, `UnexpectedAnswer`). */
  readonly name: string;
  readonly message: string;
  /** HTTP status; undefined when no answer came. */
  readonly status: number | undefined;
  readonly requestId: string | undefined;
  /** True when the answer names its exception in JSON, as the service's do. A proxy's HTML does not. */
  readonly fromService: boolean;
  /** The wait that the answer asks for. */
  readonly retryAfterMs: number | undefined;
  /** The SDK has corrected its clock by the answer, and signs the next attempt by that. */
  readonly clockCorrected: boolean;
  /** A proxy failed or refused, so the request did not reach the service. */
  readonly proxy: ProxyError | undefined;
  readonly cause: unknown;
}

/** Reads a thrown value. */
export function describeFailure(cause: unknown): Failure {
  const error = asRecord(cause);
  const metadata = asRecord(error.$metadata);
  const response = asRecord(error.$response);
  const headers = asRecord(response.headers);
  const status = asNumber(metadata.httpStatusCode) ?? asNumber(response.statusCode);
  const code = asString(error.code);
  const name = asString(error.name) ?? 'Error';
  const fromService = error.$fault !== undefined && name !== 'Unknown';
  // In further lines, the SDK adds a hint for programmers.
  const text = (asString(error.message) ?? String(cause)).split('\n')[0] ?? '';
  // Of KmsException: the code that KMS gave.
  const kmsError = asString(error.kmsError);
  const message = kmsError === undefined || text.includes(kmsError) ? text : `${text} (${kmsError})`;
  return {
    name: stripName(!fromService && code !== undefined ? code : name),
    message,
    status,
    requestId: asString(metadata.requestId),
    fromService,
    retryAfterMs: readRetryAfter(headers),
    // The SDK does not report that it returns to our clock, when that was set right meanwhile.
    clockCorrected: metadata.clockSkewCorrected === true || (fromService && isOfClock(name, message)),
    proxy: cause instanceof ProxyError ? cause : undefined,
    cause,
  };
}

/** Describes a failure in a few words for progress and logs. */
export function describeReason({ fromService, name, message, status }: Failure): string {
  if (fromService) return name;
  return name === 'UnexpectedAnswer' ? `HTTP ${status} ${message}` : message || name;
}

/** An attempt that is ended sooner says nothing: no service has to answer by then. */
const LEAST_WAIT_MS = 1000;

/** True when the attempt was ended before the service had time to answer. */
export function isCutShort({ cause }: Failure): boolean {
  return cause instanceof AttemptTimeout && cause.waitedMs < LEAST_WAIT_MS;
}

/** What the service says of a signature that it refuses for its time. */
export const OUT_OF_TIME = /earlier than|later than|expired|not yet current/i;

/** True when a signature is refused for its time. */
function isOfClock(name: string, message: string): boolean {
  return /InvalidSignatureException|SignatureDoesNotMatch/.test(name) && OUT_OF_TIME.test(message);
}

/** JSON services may write `com.amazonaws.namespace#Code` and `Code:http://…`. */
function stripName(name: string): string {
  return name.replace(/^.*#/, '').replace(/:.*$/, '');
}

function readRetryAfter(headers: Record<string, unknown>): number | undefined {
  const text = asString(headers['retry-after']);
  if (text === undefined) {
    return undefined;
  }
  if (/^\d+$/.test(text)) {
    return Number(text) * 1000;
  }
  // The time is by the sender's clock, which the answer's date shows. Ours may be hours off.
  const sentMs = Date.parse(asString(headers.date) ?? '');
  const delayMs = Date.parse(text) - (Number.isNaN(sentMs) ? Date.now() : sentMs);
  return Number.isFinite(delayMs) ? Math.max(0, delayMs) : undefined;
}

function asRecord(value: unknown): Record<string, unknown> {
  // Every object can be read by name, hence the cast. Its members are `unknown` again.
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function asString(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function asNumber(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}

/**
 * An answer that the service never gives: a page, a redirect, or one that is too long. Usually another server answers in its
 * place, such as a captive portal.
 */
export class UnexpectedAnswer extends Error {
  override readonly name = 'UnexpectedAnswer';
  /** The members that the SDK's own errors have. */
  readonly $metadata: { readonly httpStatusCode: number };
  readonly $response: { readonly statusCode: number; readonly headers: Readonly<Record<string, string>> };

  /** `problem` follows `ENDPOINT returned HTTP 200`, such as `with a web page`. */
  constructor(problem: string, status: number, headers: Readonly<Record<string, string>>) {
    super(problem);
    this.$metadata = { httpStatusCode: status };
    this.$response = { statusCode: status, headers };
  }
}

/**
 * What follows a failed attempt. `retry`: the same request may succeed later. `retry-once`: hardly, as another server answers in place
 * of the service. `refresh`: it may succeed with new credentials. `final`: it will not.
 */
export type Verdict = 'retry' | 'retry-once' | 'refresh' | 'final';

const THROTTLING = new Set([
  'ThrottlingException',
  'Throttling',
  'ThrottledException',
  'RequestThrottled',
  'RequestThrottledException',
  'RequestLimitExceeded',
  'TooManyRequestsException',
  'BandwidthLimitExceeded',
  'SlowDown',
]);

const TRANSIENT = new Set([
  'ServerException',
  'InternalFailure',
  'InternalServerError',
  'InternalServerException',
  'ServiceUnavailable',
  'ServiceUnavailableException',
  'RequestTimeout',
  'RequestTimeoutException',
]);

const EXPIRED = new Set(['ExpiredTokenException', 'ExpiredToken', 'RequestExpired']);

/** Node's codes for a connection that was not made, or broke. TLS and certificate errors are not among them. */
const NETWORK = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTDOWN',
  'EHOSTUNREACH',
  'ENETDOWN',
  'ENETRESET',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EAI_FAIL',
  'EADDRNOTAVAIL',
  'TimeoutError',
  'ERR_STREAM_PREMATURE_CLOSE',
]);

/** Decides by the exception's name. Without one, as in a proxy's page, decides by the status. */
export function classifyFailure(failure: Failure): Verdict {
  if (failure.clockCorrected || isThrottling(failure)) {
    return 'retry';
  }
  if (failure.fromService) {
    if (EXPIRED.has(failure.name)) {
      return 'refresh';
    }
    return TRANSIENT.has(failure.name) || isServerStatus(failure.status) ? 'retry' : 'final';
  }
  if (failure.proxy?.isFinal) {
    return 'final';
  }
  if (failure.name === 'UnexpectedAnswer') {
    return 'retry-once';
  }
  if (isNetworkFailure(failure)) {
    return 'retry';
  }
  // A success that cannot be read was cut off or changed on its way.
  const unreadable = failure.status === 200;
  return unreadable || isServerStatus(failure.status) || failure.status === 408 ? 'retry' : 'final';
}

function isThrottling(failure: Failure): boolean {
  if (!failure.fromService) return failure.status === 429;
  return (
    THROTTLING.has(failure.name) || (failure.name === 'KmsException' && /throttl/i.test(failure.message))
  );
}

/** True when no answer came, or an incomplete one. */
export function isNetworkFailure(failure: Failure): boolean {
  if (failure.fromService) {
    return false;
  }
  return failure.proxy !== undefined || NETWORK.has(failure.name) || failure.name.startsWith('HPE_');
}

/** True when the service may have executed the request although the attempt failed. */
export function isAmbiguous(failure: Failure): boolean {
  return isNetworkFailure(failure) || failure.status === 200 || isServerStatus(failure.status);
}

function isServerStatus(status: number | undefined): boolean {
  return status !== undefined && status >= 500;
}
