import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { TOKEN_USERNAME } from '../wire/service.ts';
import { parseObject } from './json.ts';
import type { Principal } from './served-registry.ts';

/** The lifetime of an anonymous token of the registry's token endpoint. */
const ANONYMOUS_TOKEN_MS = 3_600_000;
const SALT_BYTES = 16;

/** Derives the key of one service's tokens from the key in the data directory, so that no service takes the tokens of another. */
export function deriveTokenKey(tokenKey: string, signingName: string): string {
  return createHmac('sha256', tokenKey).update(`tokens of ${signingName}`).digest('hex');
}

/** What issues and verifies tokens. */
export interface TokenContext {
  /** Signs tokens and download addresses. */
  readonly tokenKey: string;
  /** The lifetime of an authorization token. */
  readonly tokenLifetimeMs: number;
  /** By access key id. */
  readonly principals: ReadonlyMap<string, Principal>;
}

export interface IssuedToken {
  readonly token: string;
  /** Epoch milliseconds. */
  readonly expiresAt: number;
}

/** The principal that a valid token was issued to, or `anonymous`, or why the token is refused. */
export type TokenVerdict = Principal | 'anonymous' | 'expired' | 'invalid';

/** Issues the token of GetAuthorizationToken: base64 of `AWS:<password>`. `now` is in epoch milliseconds. */
export function issueAuthorizationToken(
  context: TokenContext,
  principal: Principal,
  now: number,
): IssuedToken {
  const expiresAt = now + context.tokenLifetimeMs;
  const password = sealClaim(context, principal.accessKeyId, expiresAt);
  return { token: Buffer.from(`${TOKEN_USERNAME}:${password}`).toString('base64'), expiresAt };
}

/** Issues a token for a client without credentials. `now` is in epoch milliseconds. */
export function issueAnonymousToken(context: TokenContext, now: number): IssuedToken {
  const expiresAt = now + ANONYMOUS_TOKEN_MS;
  return { token: sealClaim(context, NOBODY, expiresAt), expiresAt };
}

/**
 * Verifies the token of a Bearer header, or the base64 of a Basic header, which is an authorization token. The caller checks that the route takes that
 * scheme. `now` is in epoch milliseconds.
 */
export function verifyToken(context: TokenContext, token: string, now: number): TokenVerdict {
  const decoded = decodeBase64(token)?.toString('latin1') ?? '';
  const isPassword = decoded.startsWith(`${TOKEN_USERNAME}:`);
  const claim = openClaim(context, isPassword ? decoded.slice(TOKEN_USERNAME.length + 1) : token);
  if (claim === undefined || isPassword === (claim.holder === NOBODY)) return 'invalid';
  if (now >= claim.expiration) return 'expired';
  return isPassword ? (context.principals.get(claim.holder) ?? 'invalid') : 'anonymous';
}

/** The holder of an anonymous token. No access key id is empty. */
const NOBODY = '';

interface Claim {
  /** An access key id, or `NOBODY`. */
  readonly holder: string;
  /** Epoch milliseconds. */
  readonly expiration: number;
}

/** Makes a password of the service's form: base64 of JSON that begins with `payload`. It is opaque to clients. */
function sealClaim(context: TokenContext, holder: string, expiration: number): string {
  const datakey = Buffer.concat([randomBytes(SALT_BYTES), Buffer.from(holder)]).toString('base64');
  const payload = computeProof(context, datakey, expiration).toString('base64');
  return Buffer.from(
    JSON.stringify({ payload, datakey, version: '2', type: 'DATA_KEY', expiration }),
  ).toString('base64');
}

/** Undefined for a password that `sealClaim` did not make. */
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

/** Undefined for any but the canonical encoding: Node skips characters that are not base64, so a token with junk in it would be accepted. */
function decodeBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : undefined;
}

function computeProof(context: TokenContext, datakey: string, expiration: number): Buffer {
  return createHmac('sha256', context.tokenKey).update(`token ${datakey} ${expiration}`).digest();
}

const KEY_BYTES = 32;

/**
 * Reads or creates the secret that signs tokens. It is random, because the default access keys are public. It is in the data directory, so that tokens
 * survive a restart. A key that other users could read is replaced. The directory must be locked.
 */
export function openTokenKey(directory: string): string {
  const path = join(directory, 'token-key');
  const kept = readKey(path);
  if (kept !== undefined) return kept;
  const key = randomBytes(KEY_BYTES).toString('hex');
  const temporary = `${path}.new`;
  rmSync(temporary, { force: true });
  writeFileSync(temporary, `${key}\n`, { mode: 0o600, flag: 'wx' });
  renameSync(temporary, path);
  return key;
}

function readKey(path: string): string | undefined {
  const stats = statSync(path, { throwIfNoEntry: false });
  // Windows has no such mode bits.
  if (stats === undefined || (process.platform !== 'win32' && (stats.mode & 0o077) !== 0)) return undefined;
  const text = readFileSync(path, 'latin1').trim();
  return text.length === 2 * KEY_BYTES && /^[0-9a-f]+$/.test(text) ? text : undefined;
}
