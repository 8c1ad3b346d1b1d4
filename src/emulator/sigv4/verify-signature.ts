import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { Principal } from '../served-registry.ts';
import { expiredToken, ServiceError } from '../service-error.ts';
import { checkClock, parseAuthorization, readRequestDate, type SignatureFields } from './signed-headers.ts';

/** The headers that matter for the signature, as in `IncomingMessage.headers`. */
export interface SignatureHeaders {
  readonly authorization?: string | undefined;
  readonly 'x-amz-date'?: string | string[] | undefined;
  readonly date?: string | undefined;
  readonly 'x-amz-security-token'?: string | string[] | undefined;
}

/** The region and service that a signature must be made for. */
export interface SignatureScope {
  readonly region: string;
  readonly signingName: string;
}

/** The identity that valid headers claim. Only the signature over the body proves it. */
export interface ClaimedIdentity {
  readonly principal: Principal;
  readonly authorization: SignatureFields;
  readonly requestDate: string;
}

/**
 * Checks the headers of a request by Signature Version 4, before its body arrives. `principals` are by access key id, `now` is in epoch milliseconds.
 * Throws the `ServiceError` of AWS's front layer. The order of the checks is ours: form, scope, key, clock.
 */
export function checkSignedHeaders(
  headers: SignatureHeaders,
  principals: ReadonlyMap<string, Principal>,
  scope: SignatureScope,
  now: number,
): ClaimedIdentity {
  const requestDate = readRequestDate(headers['x-amz-date'], headers.date);
  const authorization = parseAuthorization(headers.authorization, requestDate !== undefined);
  checkScope(authorization, scope);
  const principal = principals.get(authorization.accessKeyId);
  if (
    principal === undefined ||
    !isSameSecret(headers['x-amz-security-token'] ?? '', principal.sessionToken ?? '') ||
    requestDate === undefined
  ) {
    throw new ServiceError(
      'UnrecognizedClientException',
      'The security token included in the request is invalid.',
    );
  }
  checkClock(requestDate, authorization.date, now);
  return { principal, authorization, requestDate };
}

/** Verifies the signature and returns the principal. Throws InvalidSignatureException or ExpiredTokenException. */
export function verifySignature(claim: ClaimedIdentity, request: ReceivedRequest, now: number): Principal {
  const { principal, authorization, requestDate } = claim;
  const expected = sign(request, authorization, requestDate, principal.secretAccessKey);
  const given = Buffer.from(authorization.signature, 'latin1');
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
    throw invalid(
      'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.',
    );
  }
  // Only a caller that has the secret learns that the session has expired.
  if (principal.expiresAt !== undefined && now >= principal.expiresAt) throw expiredToken();
  return principal;
}

/** Compares in constant time. */
function isSameSecret(given: string | string[], expected: string): boolean {
  return timingSafeEqual(digest(String(given)), digest(expected));
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

function checkScope(authorization: SignatureFields, { region, signingName }: SignatureScope): void {
  if (authorization.region !== region) throw invalid('Credential should be scoped to a valid region. ');
  if (authorization.service !== signingName) {
    throw invalid(`Credential should be scoped to correct service: '${signingName}'. `);
  }
  if (!authorization.signedHeaders.includes('host')) {
    throw invalid("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.");
  }
}

/** Computes the signature, as ASCII bytes of lower-case hexadecimal. */
function sign(
  request: ReceivedRequest,
  authorization: SignatureFields,
  requestDate: string,
  secret: string,
): Buffer {
  const { date, region, service, signedHeaders } = authorization;
  // node:http decodes header values as latin1.
  const canonicalHash = createHash('sha256')
    .update(formatCanonicalRequest(request, signedHeaders), 'latin1')
    .digest('hex');
  const scope = `${date}/${region}/${service}/aws4_request`;
  const key = [date, region, service, 'aws4_request'].reduce<Buffer | string>(
    (previous, part) => createHmac('sha256', previous).update(part).digest(),
    `AWS4${secret}`,
  );
  const signature = createHmac('sha256', key)
    .update(`AWS4-HMAC-SHA256\n${requestDate}\n${scope}\n${canonicalHash}`)
    .digest('hex');
  return Buffer.from(signature, 'latin1');
}

function invalid(message: string): ServiceError {
  return new ServiceError('InvalidSignatureException', message);
}

/** The signed parts of a received request. */
export interface ReceivedRequest {
  readonly method: string;
  /** The path and query, as received. */
  readonly url: string;
  /** Names and values in turn, as received (`rawHeaders` of node:http). */
  readonly rawHeaders: readonly string[];
  /** SHA-256 of the body, lower-case hexadecimal. */
  readonly bodyHash: string;
}

/** Formats the canonical request of Signature Version 4. A signed header that is absent counts as empty. */
export function formatCanonicalRequest(request: ReceivedRequest, signedHeaders: readonly string[]): string {
  const [path = '/', query = ''] = splitOnce(request.url, '?');
  const headers = collectHeaders(request.rawHeaders);
  return [
    request.method,
    path,
    formatCanonicalQuery(query),
    ...signedHeaders.map((name) => `${name}:${headers.get(name)?.join(',') ?? ''}`),
    '',
    signedHeaders.join(';'),
    request.bodyHash,
  ].join('\n');
}

/** Collects values by lower-case name. Trims them and collapses runs of spaces. */
function collectHeaders(rawHeaders: readonly string[]): Map<string, string[]> {
  const headers = new Map<string, string[]>();
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = (rawHeaders[at] ?? '').toLowerCase();
    const value = (rawHeaders[at + 1] ?? '').trim().replace(/ +/g, ' ');
    const values = headers.get(name);
    if (values === undefined) headers.set(name, [value]);
    else values.push(value);
  }
  return headers;
}

/** Sorts pairs by encoded name, then by value. Source: "Create a signed AWS API request", IAM user guide. */
function formatCanonicalQuery(query: string): string {
  if (query === '') return '';
  return query
    .split('&')
    .map((pair) => {
      const [name = '', value = ''] = splitOnce(pair, '=');
      return { name: reencode(name), value: reencode(value) };
    })
    .sort((a, b) => compare(a.name, b.name) || compare(a.value, b.value))
    .map(({ name, value }) => `${name}=${value}`)
    .join('&');
}

/** Decodes a text, then percent-encodes everything but the unreserved characters of RFC 3986. */
function reencode(text: string): string {
  let decoded: string;
  try {
    decoded = decodeURIComponent(text);
  } catch {
    return text; // a client can only have signed malformed escapes as they are
  }
  return encodeURIComponent(decoded).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function splitOnce(text: string, separator: string): string[] {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
