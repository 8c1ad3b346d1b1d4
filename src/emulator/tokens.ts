import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { TOKEN_USERNAME } from '../wire/service.ts';
import { parseObject } from './json.ts';

const HOUR_MS = 3_600_000;
/** How long an authorization token is valid; source: API reference of GetAuthorizationToken. */
const AUTHORIZATION_TOKEN_MS = 12 * HOUR_MS;
/** How long an anonymous token of the registry's token endpoint is valid. */
const ANONYMOUS_TOKEN_MS = HOUR_MS;

/** What tokens are made and judged with. */
export interface TokenContext {
  /** The account, 12 digits. */
  readonly registryId: string;
  /** Keys the proof in each token; the same after a restart, so that tokens outlive it. */
  readonly tokenKey: string;
}

export interface IssuedToken {
  readonly token: string;
  /** Epoch milliseconds. */
  readonly expiresAt: number;
}

/** `owner`: issued to the account's credentials. `expired`: it was valid once. */
export type TokenVerdict = 'owner' | 'anonymous' | 'expired' | 'invalid';

/**
 * Token of GetAuthorizationToken: base64 of `AWS:<password>`. `now` is in epoch milliseconds.
 */
export function issueAuthorizationToken(context: TokenContext, now: number): IssuedToken {
  const expiresAt = now + AUTHORIZATION_TOKEN_MS;
  const password = sealClaim(context, 'owner', expiresAt);
  return { token: Buffer.from(`${TOKEN_USERNAME}:${password}`).toString('base64'), expiresAt };
}

/** Token of the registry's token endpoint for somebody without credentials; `now` is in epoch milliseconds. */
export function issueAnonymousToken(context: TokenContext, now: number): IssuedToken {
  const expiresAt = now + ANONYMOUS_TOKEN_MS;
  return { token: sealClaim(context, 'anonymous', expiresAt), expiresAt };
}

/**
 * Judges what a client presents: as Bearer an authorization token or an anonymous one, as Basic (base64 of user name, colon, password)
 * an authorization token. Whether that form is fit for the route is the caller's to say.
 */
export function verifyToken(context: TokenContext, token: string, now: number): TokenVerdict {
  const decoded = Buffer.from(token, 'base64').toString('latin1');
  if (!decoded.startsWith(`${TOKEN_USERNAME}:`)) return openClaim(context, 'anonymous', token, now);
  return openClaim(context, 'owner', decoded.slice(TOKEN_USERNAME.length + 1), now);
}

type Principal = 'owner' | 'anonymous';

/** Opaque to clients and of the form that the service's passwords have: base64 of JSON that begins with `payload`. */
function sealClaim(context: TokenContext, principal: Principal, expiresAt: number): string {
  const salt = randomBytes(16).toString('base64');
  const payload = computeProof(context, principal, salt, expiresAt).toString('base64');
  const claim = { payload, datakey: salt, version: '2', type: 'DATA_KEY', expiration: expiresAt };
  return Buffer.from(JSON.stringify(claim)).toString('base64');
}

function openClaim(context: TokenContext, principal: Principal, sealed: string, now: number): TokenVerdict {
  const claim = parseClaim(sealed);
  if (claim === undefined) return 'invalid';
  const expected = computeProof(context, principal, claim.datakey, claim.expiration);
  const given = Buffer.from(claim.payload, 'base64');
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return 'invalid';
  return now < claim.expiration ? principal : 'expired';
}

function computeProof(context: TokenContext, principal: Principal, salt: string, expiresAt: number): Buffer {
  return createHmac('sha256', context.tokenKey)
    .update(`${context.registryId}\n${principal}\n${salt}\n${expiresAt}`)
    .digest();
}

function parseClaim(sealed: string): { payload: string; datakey: string; expiration: number } | undefined {
  const { payload, datakey, expiration } = parseObject(Buffer.from(sealed, 'base64').toString()) ?? {};
  return typeof payload === 'string' && typeof datakey === 'string' && typeof expiration === 'number'
    ? { payload, datakey, expiration }
    : undefined;
}
