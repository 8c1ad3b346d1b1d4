import type { Store } from './storage/store.ts';

/** An alias of a registry, as in DescribeRegistries. Only an ACTIVE alias names the registry in calls and image addresses. */
export interface ServedAlias {
  readonly name: string;
  readonly status: 'ACTIVE' | 'PENDING' | 'REJECTED';
  readonly primaryRegistryAlias: boolean;
  readonly defaultRegistryAlias: boolean;
}

/** One account's registry and its names. */
export interface RegistryIdentity {
  /** The account: 12 digits. */
  readonly registryId: string;
  /** At least one. One is the primary, one the default. */
  readonly aliases: readonly ServedAlias[];
}

/** Makes the alias of a registry that has no other. */
export function makeOnlyAlias(name: string): ServedAlias {
  return { name, status: 'ACTIVE', primaryRegistryAlias: true, defaultRegistryAlias: true };
}

/** The alias that repository URIs show. */
export function findPrimaryAlias({ aliases }: RegistryIdentity): string {
  return aliases.find((alias) => alias.primaryRegistryAlias)?.name ?? '';
}

/** True for 12 digits. Source: service model. */
export function isAccountId(text: string): boolean {
  return /^[0-9]{12}$/.test(text);
}

/** Source: `RegistryAliasName` in the service model. */
export function isRegistryAlias(text: string): boolean {
  return text.length <= 50 && /^[a-z][a-z0-9]+(?:[._-][a-z0-9]+)*$/.test(text);
}

/** The message for an alias that `isRegistryAlias` refuses. */
export function describeBadAlias(alias: string): string {
  return `alias must be 2 to 50 lower-case letters and digits beginning with a letter (single '.', '_' or '-' inside), not '${alias}'`;
}

/** A principal of an identity file. The ARN is derived when absent. The account defaults to the emulator's. */
export type GivenPrincipal = Omit<Principal, 'arn' | 'registryId'> & {
  readonly arn?: string | undefined;
  readonly registryId?: string | undefined;
  /** The aliases of its account's registry. */
  readonly aliases?: readonly ServedAlias[] | undefined;
};

/** A slash would end the access key id in the credential scope. */
export function isAccessKeyId(text: string): boolean {
  return /^\w{1,128}$/.test(text);
}

/** A caller of the API with its own access key. */
export interface Principal {
  /** The account, 12 digits. Calls act on its registry unless they name another. */
  readonly registryId: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Only for temporary keys. */
  readonly sessionToken?: string | undefined;
  /** In epoch milliseconds. Undefined: never. */
  readonly expiresAt?: number | undefined;
  /** The name in denials. */
  readonly arn: string;
  /** Patterns of IAM actions, such as `ecr-public:PutImage` and `ecr-public:*`. */
  readonly allowedActions: readonly string[];
}

/** A registry and its data. */
export interface ServedRegistry {
  readonly registry: RegistryIdentity;
  readonly store: Store;
}

/** Finds a registry by its account's 12 digits. */
export function findRegistryById(
  registries: readonly ServedRegistry[],
  registryId: string,
): ServedRegistry | undefined {
  return registries.find(({ registry }) => registry.registryId === registryId);
}

/** Finds a registry by an ACTIVE alias. */
export function findRegistryByAlias(
  registries: readonly ServedRegistry[],
  alias: string,
): ServedRegistry | undefined {
  return registries.find(({ registry }) =>
    registry.aliases.some(({ name, status }) => name === alias && status === 'ACTIVE'),
  );
}
