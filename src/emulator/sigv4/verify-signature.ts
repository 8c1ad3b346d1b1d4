import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { REGION, SIGNING_NAME } from '../../wire/service.ts';
import type { Principal } from '../principal.ts';
import { ServiceError } from '../service-error.ts';
import { expiredToken } from '../texts.ts';
import { type Authorization, parseAuthorization } from './authorization-header.ts';
import { formatCanonicalRequest, type ReceivedRequest } from './canonical-request.ts';
import { checkClock, readRequestDate } from './request-date.ts';

/** Headers that decide about the signature, as `IncomingMessage.headers` has them. */
export interface SignatureHeaders {
  readonly authorization?: string | undefined;
  readonly 'x-amz-date'?: string | string[] | undefined;
  readonly date?: string | undefined;
  readonly 'x-amz-security-token'?: string | string[] | undefined;
}

/** The identity that valid headers claim. Only the signature over the body proves it. */
export interface Claim {
  readonly principal: Principal;
  readonly authorization: Authorization;
  readonly requestDate: string;
}

/**
 * Judges the headers of a request by Signature Version 4, before its body has come; `principals` are by access key id, `now` is in epoch
 * milliseconds. Throws the `ServiceError` that AWS's front layer answers. The order of the checks is ours: form, scope, key, clock.
 */
export function judgeHeaders(
  headers: SignatureHeaders,
  principals: ReadonlyMap<string, Principal>,
  now: number,
): Claim {
  const requestDate = readRequestDate(headers['x-amz-date'], headers.date);
  const authorization = parseAuthorization(headers.authorization, requestDate !== undefined);
  checkScope(authorization);
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
export function verifySignature(claim: Claim, request: ReceivedRequest, now: number): Principal {
  const { principal, authorization, requestDate } = claim;
  const expected = sign(request, authorization, requestDate, principal.secretAccessKey);
  const given = Buffer.from(authorization.signature, 'latin1');
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
    throw invalid(
      'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.',
    );
  }
  // A session that nobody has the secret of is not told apart from one that is over.
  if (principal.expiresAt !== undefined && now >= principal.expiresAt) throw expiredToken();
  return principal;
}

/** In a time that does not tell where they differ. */
function isSameSecret(given: string | string[], expected: string): boolean {
  return timingSafeEqual(digest(String(given)), digest(expected));
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

function checkScope(authorization: Authorization): void {
  if (authorization.region !== REGION) throw invalid('Credential should be scoped to a valid region. ');
  if (authorization.service !== SIGNING_NAME) {
    throw invalid(`Credential should be scoped to correct service: '${SIGNING_NAME}'. `);
  }
  if (!authorization.signedHeaders.includes('host')) {
    throw invalid("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.");
  }
}

/** The signature as ASCII bytes of lower-case hexadecimal. */
function sign(
  request: ReceivedRequest,
  authorization: Authorization,
  requestDate: string,
  secret: string,
): Buffer {
  const { date, region, service, signedHeaders } = authorization;
  // Header values are bytes that node:http hands out as latin1.
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
