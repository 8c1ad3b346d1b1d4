import { createHash, createHmac } from 'node:crypto';
import {
  describeBadAlias,
  findPrimaryAlias,
  type GivenPrincipal,
  isAccessKeyId,
  isAccountId,
  isRegistryAlias,
  makeOnlyAlias,
  type Principal,
  type RegistryIdentity,
  type ServedAlias,
} from './served-registry.ts';

/** The registries that the emulator serves, and the principals that may call it. */
export interface EmulatorIdentity {
  /** The account's own registry is the first. Ids and aliases are unique. */
  readonly registries: readonly RegistryIdentity[];
  /** The registry of `principal`. */
  readonly registryId: string;
  /** The primary alias of that registry. */
  readonly registryAlias: string;
  /** By access key id. One of them is the account itself, which may do everything. */
  readonly principals: ReadonlyMap<string, Principal>;
  /** The principal whose keys the emulator prints: the first of an identity file, else the account. */
  readonly principal: Principal;
  /** The lifetime of an authorization token. */
  readonly tokenLifetimeMs: number;
}

export interface IdentityOptions {
  readonly account?: string | undefined;
  readonly alias?: string | undefined;
  readonly accessKeyId?: string | undefined;
  readonly secretAccessKey?: string | undefined;
  /** Principals besides the account itself. The registries of their accounts are served as well. */
  readonly identities?: readonly GivenPrincipal[] | undefined;
  /** Default: 12 hours. */
  readonly tokenLifetimeMs?: number | undefined;
}

/** The lifetime of an authorization token. Source: API reference of GetAuthorizationToken. */
const TOKEN_LIFETIME_MS = 12 * 3_600_000;

const defaultAccount = '123456789012';

/**
 * Derives the identity from the options. The same options give the same identity on every start. An absent alias is derived from the account and has the
 * form of those that AWS assigns. Absent keys are derived from account and alias: clients cache tokens by access key, so registries must not share
 * one. Throws an `Error` for an option that does not have the service's form.
 */
export function deriveIdentity(options: IdentityOptions): EmulatorIdentity {
  const account = options.account ?? defaultAccount;
  if (!isAccountId(account)) throw new Error(`account must be 12 digits, not '${account}'`);
  if (options.alias !== undefined && !isRegistryAlias(options.alias)) {
    throw new Error(describeBadAlias(options.alias));
  }
  const identities = options.identities ?? [];
  const registries = deriveRegistries(account, options.alias, identities);
  // Aliases in an identity file do not change the account's own keys.
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

/** Makes one registry for each account, the first for `account`. Throws an `Error` for an alias of two registries, or aliases given twice for one. */
function deriveRegistries(
  account: string,
  alias: string | undefined,
  identities: readonly GivenPrincipal[],
): readonly RegistryIdentity[] {
  const aliasesOf = new Map<string, readonly ServedAlias[] | undefined>([
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

/** Derives a secret access key. The same seed gives the same key. */
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
