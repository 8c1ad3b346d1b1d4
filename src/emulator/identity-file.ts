import { isParsedObject, type ParsedObject } from './json.ts';
import {
  describeBadAlias,
  type GivenPrincipal,
  isAccessKeyId,
  isAccountId,
  isRegistryAlias,
  type ServedAlias,
} from './served-registry.ts';

const principalMembers = [
  ...['accessKeyId', 'secretAccessKey', 'sessionToken', 'expiresAt', 'arn', 'allowedActions'],
  ...['registryId', 'registryAlias', 'aliases'],
];

/**
 * Reads the JSON of an identity file: one principal or a list of them. Absent `allowedActions` allow everything. Throws an `Error` that names the problem
 * and no secret.
 */
export function readIdentities(text: string): readonly GivenPrincipal[] {
  const document = parse(text);
  const list: readonly unknown[] = Array.isArray(document) ? document : [document];
  if (list.length === 0) throw new Error('the list has no identity');
  const principals = list.map((value, index) => readPrincipal(value, `identity ${index + 1}`));
  const ids = principals.map((principal) => principal.accessKeyId);
  const twice = ids.find((id, index) => ids.indexOf(id) !== index);
  if (twice !== undefined) throw new Error(`access key id ${twice} appears twice`);
  return principals;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's own message quotes the text, which may contain a secret.
    throw new Error('it is not valid JSON');
  }
}

function readPrincipal(value: unknown, where: string): GivenPrincipal {
  if (!isParsedObject(value)) throw new Error(`${where}: must be an object`);
  const unknown = Object.keys(value).find((name) => !principalMembers.includes(name));
  if (unknown !== undefined) {
    throw new Error(`${where}: unknown member '${unknown}' (known: ${principalMembers.join(', ')})`);
  }
  const { accessKeyId, secretAccessKey, sessionToken, expiresAt, arn, allowedActions = ['*'] } = value;
  if (typeof accessKeyId !== 'string' || !isAccessKeyId(accessKeyId)) {
    throw new Error(`${where}: accessKeyId must be letters and digits`);
  }
  if (!isText(secretAccessKey))
    throw new Error(`${where}: secretAccessKey must be a string that is not empty`);
  if (sessionToken !== undefined && !isText(sessionToken)) {
    throw new Error(`${where}: sessionToken must be a string that is not empty`);
  }
  if (arn !== undefined && !isText(arn)) throw new Error(`${where}: arn must be a string that is not empty`);
  if (!isTextList(allowedActions)) throw new Error(`${where}: allowedActions must be a list of actions`);
  const unclear = allowedActions.find((action) => !/^(?:\*|[a-z0-9-]+:[a-z0-9*?]+)$/i.test(action));
  if (unclear !== undefined) {
    throw new Error(`${where}: '${unclear}' is not an action such as ecr-public:PutImage`);
  }
  return {
    ...{ accessKeyId, secretAccessKey, sessionToken, arn, allowedActions },
    expiresAt: readTime(expiresAt, where),
    ...readRegistry(value, where),
  };
}

/** Reads the account of a principal, and one or all aliases of its registry. */
function readRegistry(
  { registryId, registryAlias, aliases }: ParsedObject,
  where: string,
): Pick<GivenPrincipal, 'registryId' | 'aliases'> {
  if (registryId !== undefined && !(typeof registryId === 'string' && isAccountId(registryId))) {
    throw new Error(`${where}: registryId must be a string of 12 digits`);
  }
  if (registryAlias !== undefined && aliases !== undefined) {
    throw new Error(`${where}: give registryAlias or aliases, not both`);
  }
  const all = registryAlias === undefined ? aliases : [{ name: registryAlias }];
  return {
    ...(registryId !== undefined && { registryId }),
    ...(all !== undefined && { aliases: readAliases(all, where) }),
  };
}

function readTime(value: unknown, where: string): number | undefined {
  if (value === undefined) return undefined;
  const time = typeof value === 'string' && /^\d{4}-\d\d-\d\dT/.test(value) ? Date.parse(value) : Number.NaN;
  if (Number.isNaN(time)) throw new Error(`${where}: expiresAt must be a time like 2026-12-31T12:00:00Z`);
  return time;
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function isTextList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every(isText);
}

const statuses = ['ACTIVE', 'PENDING', 'REJECTED'] as const satisfies readonly ServedAlias['status'][];

const aliasMembers = ['name', 'status', 'primaryRegistryAlias', 'defaultRegistryAlias'];

/**
 * Reads the aliases of a registry in the form of DescribeRegistries. An absent `status` is ACTIVE. The primary defaults to the first ACTIVE alias, the
 * default to the first alias. Throws an `Error` that begins with `where`.
 */
export function readAliases(value: unknown, where: string): readonly ServedAlias[] {
  if (!Array.isArray(value) || value.length === 0)
    throw new Error(`${where}: aliases must be a list with at least one alias`);
  const given = value.map((alias: unknown) => readAlias(alias, where));
  if (new Set(given.map(({ name }) => name)).size < given.length) {
    throw new Error(`${where}: an alias appears twice`);
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

type GivenAlias = Pick<ServedAlias, 'name' | 'status'> & Partial<ServedAlias>;

function readAlias(value: unknown, where: string): GivenAlias {
  if (!isParsedObject(value)) throw new Error(`${where}: an alias must be an object with a name`);
  const unknown = Object.keys(value).find((member) => !aliasMembers.includes(member));
  if (unknown !== undefined) {
    throw new Error(`${where}: unknown alias member '${unknown}' (known: ${aliasMembers.join(', ')})`);
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

/** The name of the alias that has the flag. Undefined when none has it. */
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
