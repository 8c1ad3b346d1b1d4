import { ServiceError } from '../service-error.ts';

const ALGORITHM = 'AWS4-HMAC-SHA256';

/** Parts of an `Authorization` header of Signature Version 4. */
export interface Authorization {
  readonly accessKeyId: string;
  /** `YYYYMMDD` */
  readonly date: string;
  readonly region: string;
  readonly service: string;
  /** Lower case, in the order of the header. */
  readonly signedHeaders: readonly string[];
  readonly signature: string;
}

/**
 * Reads the header. Throws MissingAuthenticationTokenException when there is none of this scheme, IncompleteSignatureException
 * when a part is missing or malformed; `hasDate` says whether the request has one of the two date headers.
 */
export function parseAuthorization(header: string | undefined, hasDate: boolean): Authorization {
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

/** `Name=value` pairs between commas; a value may have `=` of its own. */
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
