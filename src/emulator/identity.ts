import { createHash, createHmac } from 'node:crypto';
import { type GivenPrincipal, isAccessKeyId } from './identity-file.ts';
import type { Principal } from './principal.ts';
import {
  describeBadAlias,
  findPrimaryAlias,
  isRegistryAlias,
  isRegistryId,
  makeOnlyAlias,
  type RegistryAlias,
  type RegistryIdentity,
} from './registry-identity.ts';

/** Whose registries there are, and who may call the API. */
export interface Identity {
  /** That of the account itself first; no two share an id or an alias. */
  readonly registries: readonly RegistryIdentity[];
  /** The registry of `principal`. */
  readonly registryId: string;
  /** The primary alias of that registry. */
  readonly registryAlias: string;
  /** By access key id. The account itself, which may do everything, is one of them. */
  readonly principals: ReadonlyMap<string, Principal>;
  /** Whom the emulator's environment is for: the first of those given, else the account. */
  readonly principal: Principal;
  /** How long an authorization token is good. */
  readonly tokenLifetimeMs: number;
}

export interface IdentityOptions {
  readonly account?: string | undefined;
  readonly alias?: string | undefined;
  readonly accessKeyId?: string | undefined;
  readonly secretAccessKey?: string | undefined;
  /** Principals besides the account itself; one may belong to another account, whose registry is served as well. */
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
  const account = options.account ?? defaultAccount;
  if (!isRegistryId(account)) throw new Error(`account must be 12 digits, not '${account}'`);
  if (options.alias !== undefined && !isRegistryAlias(options.alias)) {
    throw new Error(describeBadAlias(options.alias));
  }
  const identities = options.identities ?? [];
  const registries = deriveRegistries(account, options.alias, identities);
  // Aliases out of an identity file do not change the account's own keys.
  const seed = `${account}/${options.alias ?? deriveAlias(account)}`;
  const root: Principal = {
    registryId: account,
    accessKeyId: checkAccessKeyId(options.accessKeyId ?? deriveAccessKeyId(seed)),
    secretAccessKey: options.secretAccessKey ?? deriveSecret(seed),
    arn: `arn:aws:iam::${account}:root`,
    allowedActions: ['*'],
  };
  const given = identities.map(({ aliases: _, registryId = account, ...principal }) => ({
    ...principal,
    registryId,
    arn: principal.arn ?? `arn:aws:iam::${registryId}:user/${principal.accessKeyId}`,
  }));
  const principal = given[0] ?? root;
  const own = registries.find(({ registryId }) => registryId === principal.registryId);
  return {
    registries,
    registryId: principal.registryId,
    registryAlias: own === undefined ? '' : findPrimaryAlias(own),
    principals: new Map([root, ...given].map((each) => [each.accessKeyId, each])),
    principal,
    tokenLifetimeMs: options.tokenLifetimeMs ?? TOKEN_LIFETIME_MS,
  };
}

/** One registry for each account that is named, the first for `account`. Throws an `Error` when two claim an alias, or one has its aliases from two places. */
function deriveRegistries(
  account: string,
  alias: string | undefined,
  identities: readonly GivenPrincipal[],
): readonly RegistryIdentity[] {
  const aliasesOf = new Map<string, readonly RegistryAlias[] | undefined>([
    [account, alias === undefined ? undefined : [makeOnlyAlias(alias)]],
  ]);
  for (const { registryId = account, aliases } of identities) {
    if (aliases !== undefined && aliasesOf.get(registryId) !== undefined) {
      throw new Error(`the aliases of registry ${registryId} are given twice`);
    }
    aliasesOf.set(registryId, aliases ?? aliasesOf.get(registryId));
  }
  const registries = [...aliasesOf].map(([registryId, aliases]) => ({
    registryId,
    aliases: aliases ?? [makeOnlyAlias(deriveAlias(registryId))],
  }));
  const names = registries.flatMap(({ aliases }) => aliases.map(({ name }) => name));
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new Error(`alias '${twice}' is given to two registries`);
  return registries;
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

/** A secret access key, the same for the same seed. */
export function deriveSecret(seed: string): string {
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
