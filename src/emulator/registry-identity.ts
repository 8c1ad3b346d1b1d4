import { isObject } from './json.ts';

/** An alias of a registry, as DescribeRegistries has it; only an ACTIVE one names the registry in calls and image addresses. */
export interface RegistryAlias {
  readonly name: string;
  readonly status: RegistryAliasStatus;
  readonly primaryRegistryAlias: boolean;
  readonly defaultRegistryAlias: boolean;
}

/** One account's registry and its names. */
export interface RegistryIdentity {
  /** The account: 12 digits. */
  readonly registryId: string;
  /** At least one; one is the primary, one the default. */
  readonly aliases: readonly RegistryAlias[];
}

const statuses = ['ACTIVE', 'PENDING', 'REJECTED'] as const;
type RegistryAliasStatus = (typeof statuses)[number];

const members = ['name', 'status', 'primaryRegistryAlias', 'defaultRegistryAlias'];

/** The only alias of a registry. */
export function makeOnlyAlias(name: string): RegistryAlias {
  return { name, status: 'ACTIVE', primaryRegistryAlias: true, defaultRegistryAlias: true };
}

/** The alias that repository URIs show. */
export function findPrimaryAlias({ aliases }: RegistryIdentity): string {
  return aliases.find((alias) => alias.primaryRegistryAlias)?.name ?? '';
}

/** 12 digits; source: service model. */
export function isRegistryId(text: string): boolean {
  return /^[0-9]{12}$/.test(text);
}

/** Source: service model, `RegistryAliasName`. */
export function isRegistryAlias(text: string): boolean {
  return text.length <= 50 && /^[a-z][a-z0-9]+(?:[._-][a-z0-9]+)*$/.test(text);
}

/** The message for an alias that `isRegistryAlias` refuses. */
export function describeBadAlias(alias: string): string {
  return `alias must be 2 to 50 lower-case letters and digits beginning with a letter (single '.', '_' or '-' inside), not '${alias}'`;
}

/**
 * Reads the aliases of a registry in DescribeRegistries' own form. Absent members default: `status` to ACTIVE, the primary to the first ACTIVE alias, the
 * default to the first alias. Throws an `Error` that begins with `where`.
 */
export function readAliases(value: unknown, where: string): readonly RegistryAlias[] {
  if (!Array.isArray(value) || value.length === 0) throw new Error(`${where}: aliases must be a list`);
  const given = value.map((alias: unknown) => readAlias(alias, where));
  if (new Set(given.map(({ name }) => name)).size < given.length) {
    throw new Error(`${where}: an alias is there twice`);
  }
  const primary = findFlagged(given, 'primaryRegistryAlias', where) ?? given.find(isActive)?.name;
  const standard = findFlagged(given, 'defaultRegistryAlias', where) ?? given[0]?.name;
  if (primary === undefined || !given.some((alias) => alias.name === primary && isActive(alias))) {
    throw new Error(`${where}: the primary alias must be ACTIVE`);
  }
  return given.map(({ name, status }) => ({
    name,
    status,
    primaryRegistryAlias: name === primary,
    defaultRegistryAlias: name === standard,
  }));
}

type GivenAlias = Pick<RegistryAlias, 'name' | 'status'> & Partial<RegistryAlias>;

function readAlias(value: unknown, where: string): GivenAlias {
  if (!isObject(value)) throw new Error(`${where}: an alias must be an object with a name`);
  const unknown = Object.keys(value).find((member) => !members.includes(member));
  if (unknown !== undefined) {
    throw new Error(`${where}: unknown alias member '${unknown}' (known: ${members.join(', ')})`);
  }
  const { name, status = 'ACTIVE' } = value;
  if (typeof name !== 'string' || !isRegistryAlias(name)) {
    throw new Error(`${where}: ${describeBadAlias(String(name))}`);
  }
  const known = statuses.find((each) => each === status);
  if (known === undefined) throw new Error(`${where}: status must be one of ${statuses.join(', ')}`);
  return {
    name,
    status: known,
    primaryRegistryAlias: readFlag(value.primaryRegistryAlias, where),
    defaultRegistryAlias: readFlag(value.defaultRegistryAlias, where),
  };
}

function readFlag(value: unknown, where: string): boolean {
  if (value !== undefined && typeof value !== 'boolean') {
    throw new Error(`${where}: primaryRegistryAlias and defaultRegistryAlias must be true or false`);
  }
  return value ?? false;
}

/** The name of the one alias that has the flag; undefined when none has it. */
function findFlagged(
  aliases: readonly GivenAlias[],
  flag: 'primaryRegistryAlias' | 'defaultRegistryAlias',
  where: string,
): string | undefined {
  const flagged = aliases.filter((alias) => alias[flag] === true);
  if (flagged.length > 1) throw new Error(`${where}: only one alias can be the ${flag}`);
  return flagged[0]?.name;
}

function isActive({ status }: GivenAlias): boolean {
  return status === 'ACTIVE';
}
