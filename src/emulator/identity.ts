import { createHash, createHmac } from 'node:crypto';
import { type GivenPrincipal, isAccessKeyId } from './identity-file.ts';
import type { Principal } from './principal.ts';

/** Whose registry it is, and who may call the API. */
export interface Identity {
  /** The account: 12 digits. */
  readonly registryId: string;
  /** The default, primary and only alias of the registry. */
  readonly registryAlias: string;
  /** By access key id. The account itself, which may do everything, is one of them. */
  readonly principals: ReadonlyMap<string, Principal>;
  /** Whom the emulator's environment is for: the first of those given, else the account. */
  readonly principal: Principal;
  /** Keys the registry's tokens; see `TokenContext`. */
  readonly tokenKey: string;
  /** How long an authorization token is good. */
  readonly tokenLifetimeMs: number;
}

export interface IdentityOptions {
  readonly account?: string | undefined;
  readonly alias?: string | undefined;
  readonly accessKeyId?: string | undefined;
  readonly secretAccessKey?: string | undefined;
  /** Principals besides the account itself. */
  readonly identities?: readonly GivenPrincipal[] | undefined;
  /** Default: 12 hours. */
  readonly tokenLifetimeMs?: number | undefined;
}

/** How long an authorization token is valid; source: API reference of GetAuthorizationToken. */
const TOKEN_LIFETIME_MS = 12 * 3_600_000;

const defaultAccount = '123456789012';

/**
 * The same options give the same identity on every start. What is not given is derived: the alias from the account (8
 * letters and digits, a letter first, like those AWS assigns), the keys from account and alias, since clients cache tokens by
 * access key and two registries must not share one. Throws an `Error` when an option does not have the service's form.
 */
export function deriveIdentity(options: IdentityOptions): Identity {
  const registryId = options.account ?? defaultAccount;
  if (!/^[0-9]{12}$/.test(registryId)) throw new Error(`account must be 12 digits, not '${registryId}'`);
  const registryAlias = options.alias ?? deriveAlias(registryId);
  if (registryAlias.length > 50 || !/^[a-z][a-z0-9]+(?:[._-][a-z0-9]+)*$/.test(registryAlias)) {
    throw new Error(
      `alias must be 2 to 50 lower-case letters and digits beginning with a letter (single '.', '_' or '-' inside), not '${registryAlias}'`,
    );
  }
  const seed = `${registryId}/${registryAlias}`;
  const secretAccessKey = options.secretAccessKey ?? deriveSecret(seed);
  const account: Principal = {
    accessKeyId: checkAccessKeyId(options.accessKeyId ?? deriveAccessKeyId(seed)),
    secretAccessKey,
    arn: `arn:aws:iam::${registryId}:root`,
    allowedActions: ['*'],
  };
  const given = (options.identities ?? []).map((principal) => ({
    ...principal,
    arn: principal.arn ?? `arn:aws:iam::${registryId}:user/${principal.accessKeyId}`,
  }));
  return {
    registryId,
    registryAlias,
    principals: new Map([account, ...given].map((principal) => [principal.accessKeyId, principal])),
    principal: given[0] ?? account,
    tokenKey: createHmac('sha256', secretAccessKey).update(`tokens of ${seed}`).digest('hex'),
    tokenLifetimeMs: options.tokenLifetimeMs ?? TOKEN_LIFETIME_MS,
  };
}

function deriveAlias(account: string): string {
  const [first = 0, ...rest] = createHash('sha256').update(`alias of ${account}`).digest().subarray(0, 8);
  const letters = 'abcdefghijklmnopqrstuvwxyz';
  return pick(letters, first) + rest.map((byte) => pick(`${letters}0123456789`, byte)).join('');
}

function deriveAccessKeyId(seed: string): string {
  const bytes = createHash('sha256').update(`access key of ${seed}`).digest().subarray(0, 16);
  return `AKIA${[...bytes].map((byte) => pick('ABCDEFGHIJKLMNOPQRSTUVWXYZ234567', byte)).join('')}`;
}

function deriveSecret(seed: string): string {
  return createHmac('sha256', 'local emulator of ECR Public').update(seed).digest('base64').slice(0, 40);
}

function checkAccessKeyId(accessKeyId: string): string {
  if (!isAccessKeyId(accessKeyId))
    throw new Error(`access key id must be letters and digits, not '${accessKeyId}'`);
  return accessKeyId;
}

function pick(alphabet: string, byte: number): string {
  return alphabet.charAt(byte % alphabet.length);
}
