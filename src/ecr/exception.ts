import { ProxyError } from '../net/proxy-error.ts';
import { AttemptTimeout } from './attempt-timeout.ts';

const LEAST_WAIT_MS = 1000;

/** What of a failed attempt the rules of this room look at; the SDK throws things of many shapes. */
export interface Failure {
  /** The service's exception name, or the name or code of a local error (`ECONNRESET`, `TimeoutError`, `UnexpectedAnswer`). */
  readonly name: string;
  readonly message: string;
  /** Undefined when no answer came. */
  readonly status: number | undefined;
  readonly requestId: string | undefined;
  /** Whether the answer named its exception in JSON, as the service does; a proxy's HTML does not. */
  readonly fromService: boolean;
  /** The wait that the answer asks for. */
  readonly retryAfterMs: number | undefined;
  /** The SDK has measured another clock than it has signed by, and signs the next attempt by that. */
  readonly clockCorrected: boolean;
  /** A proxy failed or refused, and the service was not reached. */
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
  // The SDK adds a hint for programmers in further lines.
  const message = (asString(error.message) ?? String(cause)).split('\n')[0] ?? '';
  return {
    name: stripName(!fromService && code !== undefined ? code : name),
    message,
    status,
    requestId: asString(metadata.requestId),
    fromService,
    retryAfterMs: readRetryAfter(headers),
    // The SDK does not tell when it comes back to our clock, as that has been set right meanwhile.
    clockCorrected: metadata.clockSkewCorrected === true || (fromService && isOfClock(name, message)),
    proxy: cause instanceof ProxyError ? cause : undefined,
    cause,
  };
}

/** A few words for progress and logs. */
export function describeReason({ fromService, name, message, status }: Failure): string {
  if (fromService) return name;
  return name === 'UnexpectedAnswer' ? `HTTP ${status} ${message}` : message || name;
}

/** Whether the attempt was ended sooner than any service answers. */
export function isCutShort({ cause }: Failure): boolean {
  return cause instanceof AttemptTimeout && cause.waitedMs < LEAST_WAIT_MS;
}

/** Whether a signature is refused for its time. */
export function isOfClock(name: string, message: string): boolean {
  return (
    /InvalidSignatureException|SignatureDoesNotMatch/.test(name) &&
    /earlier than|later than|expired|not yet current/i.test(message)
  );
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
  // A time is the sender's, whose clock the answer tells: ours may be hours off.
  const sentMs = Date.parse(asString(headers.date) ?? '');
  const delayMs = Date.parse(text) - (Number.isNaN(sentMs) ? Date.now() : sentMs);
  return Number.isFinite(delayMs) ? Math.max(0, delayMs) : undefined;
}

function asRecord(value: unknown): Record<string, unknown> {
  // A cast, as every object can be looked into by name; what is found is `unknown` again.
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function asString(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function asNumber(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}
