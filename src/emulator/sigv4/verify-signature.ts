import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { REGION, SIGNING_NAME } from '../../wire/service.ts';
import type { Identity } from '../identity.ts';
import { ServiceError } from '../service-error.ts';
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

/**
 * Checks Signature Version 4 in its header form; `now` is in epoch milliseconds. Throws the `ServiceError` that AWS's front
 * layer answers. The order of the checks is ours: form, scope, key, clock, signature.
 */
export function verifySignature(
  request: ReceivedRequest,
  headers: SignatureHeaders,
  identity: Identity,
  now: number,
): void {
  const requestDate = readRequestDate(headers['x-amz-date'], headers.date);
  const authorization = parseAuthorization(headers.authorization, requestDate !== undefined);
  checkScope(authorization);
  // The emulator's keys are long-lived ones: a session token can only belong to other keys.
  if (
    authorization.accessKeyId !== identity.accessKeyId ||
    headers['x-amz-security-token'] !== undefined ||
    requestDate === undefined
  ) {
    throw new ServiceError(
      'UnrecognizedClientException',
      'The security token included in the request is invalid.',
    );
  }
  checkClock(requestDate, authorization.date, now);
  const expected = sign(request, authorization, requestDate, identity.secretAccessKey);
  const given = Buffer.from(authorization.signature, 'latin1');
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
    throw invalid(
      'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.',
    );
  }
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
