import { CHOICES } from '../choices.ts';
import { ServiceError } from '../service-error.ts';

const ALGORITHM = 'AWS4-HMAC-SHA256';

/** The fields of an `Authorization` header of Signature Version 4. */
export interface SignatureFields {
  readonly accessKeyId: string;
  /** `YYYYMMDD` */
  readonly date: string;
  readonly region: string;
  readonly service: string;
  /** In lower case, in the order of the header. */
  readonly signedHeaders: readonly string[];
  readonly signature: string;
}

/**
 * Parses an `Authorization` header. `hasDate` is true when the request has one of the two date headers. Throws MissingAuthenticationTokenException for no
 * header of this scheme, IncompleteSignatureException for a missing or malformed field.
 */
export function parseAuthorization(header: string | undefined, hasDate: boolean): SignatureFields {
  if (header === undefined || !header.startsWith(`${ALGORITHM} `)) {
    throw new ServiceError('MissingAuthenticationTokenException', 'Missing Authentication Token');
  }
  const fields = readFields(header.slice(ALGORITHM.length));
  const complaints = ['Credential', 'Signature', 'SignedHeaders']
    .filter((name) => !fields.get(name))
    .map((name) => `Authorization header requires '${name}' parameter.`);
  if (!hasDate) {
    complaints.push("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.");
  }
  if (complaints.length > 0) throw incomplete(`${complaints.join(' ')} Authorization=${header}`);

  const credential = fields.get('Credential') ?? '';
  const [accessKeyId, date, region, service, terminator, ...more] = credential.split('/');
  if (!accessKeyId || !date || !region || !service || terminator !== 'aws4_request' || more.length > 0) {
    throw incomplete(
      `Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '${credential}'`,
    );
  }
  const signedHeaders = (fields.get('SignedHeaders') ?? '').toLowerCase().split(';');
  return { accessKeyId, date, region, service, signedHeaders, signature: fields.get('Signature') ?? '' };
}

/** Reads `Name=value` pairs between commas. A value may contain `=`. */
function readFields(text: string): Map<string, string> {
  return new Map(
    text.split(',').map((field): [string, string] => {
      const equals = field.indexOf('=');
      return equals < 0
        ? [field.trim(), '']
        : [field.slice(0, equals).trim(), field.slice(equals + 1).trim()];
    }),
  );
}

function incomplete(message: string): ServiceError {
  return new ServiceError('IncompleteSignatureException', message);
}

/** The maximum distance of a request's date from the server's. The texts below give it in minutes. */
const WINDOW_MS = CHOICES.signatureWindowMs.value;
const WINDOW_TEXT = `${WINDOW_MS / 60_000} min.`;

/** Returns the date of `X-Amz-Date`, else of `Date`, as `YYYYMMDDTHHMMSSZ`. Undefined for no date and for a malformed one. */
export function readRequestDate(
  amzDate: string | string[] | undefined,
  date: string | undefined,
): string | undefined {
  if (amzDate !== undefined) {
    return typeof amzDate === 'string' && !Number.isNaN(parseBasicDate(amzDate)) ? amzDate : undefined;
  }
  const time = Date.parse(date ?? '');
  return Number.isNaN(time) ? undefined : formatBasicDate(time);
}

/** Throws InvalidSignatureException for a date outside the window or on another day than the scope's. `now` is in epoch milliseconds. */
export function checkClock(requestDate: string, scopeDate: string, now: number): void {
  if (!requestDate.startsWith(scopeDate) || scopeDate.length !== 8) {
    throw invalid(
      `Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '${scopeDate}' != '${requestDate.slice(0, 8)}', from '${requestDate}'.`,
    );
  }
  const time = parseBasicDate(requestDate);
  const today = formatBasicDate(now);
  if (time < now - WINDOW_MS) {
    throw invalid(
      `Signature expired: ${requestDate} is now earlier than ${formatBasicDate(now - WINDOW_MS)} (${today} - ${WINDOW_TEXT})`,
    );
  }
  if (time > now + WINDOW_MS) {
    throw invalid(
      `Signature not yet current: ${requestDate} is still later than ${formatBasicDate(now + WINDOW_MS)} (${today} + ${WINDOW_TEXT})`,
    );
  }
}

/** Formats epoch milliseconds as `YYYYMMDDTHHMMSSZ`. */
function formatBasicDate(time: number): string {
  return new Date(time).toISOString().replace(/[-:]|\.\d{3}/g, '');
}

/** Parses `YYYYMMDDTHHMMSSZ` to epoch milliseconds. NaN for any other text. */
function parseBasicDate(text: string): number {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text);
  if (match === null) return Number.NaN;
  const [, year, month, day, hour, minute, second] = match;
  return Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
}

function invalid(message: string): ServiceError {
  return new ServiceError('InvalidSignatureException', message);
}
