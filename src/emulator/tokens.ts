import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { TOKEN_USERNAME } from '../wire/service.ts';
import { parseObject } from './json.ts';
import type { Principal } from './principal.ts';

/** How long an anonymous token of the registry's token endpoint is valid. */
const ANONYMOUS_TOKEN_MS = 3_600_000;
const SALT_BYTES = 16;

/** What tokens are made and judged with. */
export interface TokenContext {
  /** Keys the proof in each token, and the addresses of downloads. */
  readonly tokenKey: string;
  /** Of an authorization token. */
  readonly tokenLifetimeMs: number;
  /** By access key id. */
  readonly principals: ReadonlyMap<string, Principal>;
}

export interface IssuedToken {
  readonly token: string;
  /** Epoch milliseconds. */
  readonly expiresAt: number;
}

/** A principal: whom it was issued to. `expired`: it was valid once. */
export type TokenVerdict = Principal | 'anonymous' | 'expired' | 'invalid';

/** Token of GetAuthorizationToken: base64 of `AWS:<password>`. `now` is in epoch milliseconds. */
export function issueAuthorizationToken(
  context: TokenContext,
  principal: Principal,
  now: number,
): IssuedToken {
  const expiresAt = now + context.tokenLifetimeMs;
  const password = sealClaim(context, principal.accessKeyId, expiresAt);
  return { token: Buffer.from(`${TOKEN_USERNAME}:${password}`).toString('base64'), expiresAt };
}

/** Token of the registry's token endpoint for somebody without credentials; `now` is in epoch milliseconds. */
export function issueAnonymousToken(context: TokenContext, now: number): IssuedToken {
  const expiresAt = now + ANONYMOUS_TOKEN_MS;
  return { token: sealClaim(context, NOBODY, expiresAt), expiresAt };
}

/**
 * Judges what a client presents: as Bearer an authorization token or an anonymous one, as Basic (base64 of user name, colon, password)
 * an authorization token. Whether that form is fit for the route is the caller's to say.
 */
export function verifyToken(context: TokenContext, token: string, now: number): TokenVerdict {
  const decoded = decodeBase64(token)?.toString('latin1') ?? '';
  const isPassword = decoded.startsWith(`${TOKEN_USERNAME}:`);
  const claim = openClaim(context, isPassword ? decoded.slice(TOKEN_USERNAME.length + 1) : token);
  if (claim === undefined || isPassword === (claim.holder === NOBODY)) return 'invalid';
  if (now >= claim.expiration) return 'expired';
  return isPassword ? (context.principals.get(claim.holder) ?? 'invalid') : 'anonymous';
}

/** Holder of an anonymous token; no access key id is empty. */
const NOBODY = '';

interface Claim {
  /** Access key id, or `NOBODY`. */
  readonly holder: string;
  /** Epoch milliseconds. */
  readonly expiration: number;
}

/** Opaque to clients and of the form that the service's passwords have: base64 of JSON that begins with `payload`. */
function sealClaim(context: TokenContext, holder: string, expiration: number): string {
  const datakey = Buffer.concat([randomBytes(SALT_BYTES), Buffer.from(holder)]).toString('base64');
  const payload = computeProof(context, datakey, expiration).toString('base64');
  return Buffer.from(
    JSON.stringify({ payload, datakey, version: '2', type: 'DATA_KEY', expiration }),
  ).toString('base64');
}

/** Undefined for what was not sealed here. */
function openClaim(context: TokenContext, sealed: string): Claim | undefined {
  const { payload, datakey, expiration } = parseObject(decodeBase64(sealed)?.toString() ?? '') ?? {};
  if (typeof payload !== 'string' || typeof datakey !== 'string' || typeof expiration !== 'number') {
    return undefined;
  }
  const expected = computeProof(context, datakey, expiration);
  const given = Buffer.from(payload, 'base64');
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined;
  return { holder: Buffer.from(datakey, 'base64').toString('utf8', SALT_BYTES), expiration };
}

/** Undefined for anything but the one way to write these bytes: Node skips what is not base64, and a token with junk in it is another token. */
function decodeBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : undefined;
}

function computeProof(context: TokenContext, datakey: string, expiration: number): Buffer {
  return createHmac('sha256', context.tokenKey).update(`token ${datakey} ${expiration}`).digest();
}
