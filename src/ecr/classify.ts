import type { Failure } from './exception.ts';

/**
 * What to do about a failed attempt. `retry`: the same request may succeed later. `retry-once`: hardly, as something else than the
 * service answers. `refresh`: it may with new credentials. `final`: it will not.
 */
export type Verdict = 'retry' | 'retry-once' | 'refresh' | 'final';

const throttling = new Set([
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

const transient = new Set([
  'ServerException',
  'InternalFailure',
  'InternalServerError',
  'InternalServerException',
  'ServiceUnavailable',
  'ServiceUnavailableException',
  'RequestTimeout',
  'RequestTimeoutException',
]);

const expired = new Set(['ExpiredTokenException', 'ExpiredToken', 'RequestExpired']);

/** Node's codes for a connection that was not made or did not last; TLS and certificate errors are not among them. */
const network = new Set([
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

/** Decides by the exception's name, and by the status only where no exception was named, as by a proxy's page. */
export function classifyFailure(failure: Failure): Verdict {
  if (failure.clockCorrected || isThrottling(failure)) {
    return 'retry';
  }
  if (failure.fromService) {
    if (expired.has(failure.name)) {
      return 'refresh';
    }
    return transient.has(failure.name) || isServerStatus(failure.status) ? 'retry' : 'final';
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
  // A success that cannot be read was cut short or changed on its way.
  const unreadable = failure.status === 200;
  return unreadable || isServerStatus(failure.status) || failure.status === 408 ? 'retry' : 'final';
}

export function isThrottling(failure: Failure): boolean {
  return failure.fromService ? throttling.has(failure.name) : failure.status === 429;
}

/** Whether no answer came, or not a whole one. */
export function isNetworkFailure(failure: Failure): boolean {
  if (failure.fromService) {
    return false;
  }
  return failure.proxy !== undefined || network.has(failure.name) || failure.name.startsWith('HPE_');
}

/** Whether the service may have done what was asked although the attempt failed. */
export function isAmbiguous(failure: Failure): boolean {
  return isNetworkFailure(failure) || failure.status === 200 || isServerStatus(failure.status);
}

function isServerStatus(status: number | undefined): boolean {
  return status !== undefined && status >= 500;
}
