import { isObject, type JsonObject } from './json.ts';
import type { Principal } from './principal.ts';
import { isRegistryId, type RegistryAlias, readAliases } from './registry-identity.ts';

/** A principal as a file describes it: its ARN may be left to the emulator, its account is the emulator's where none is given. */
export type GivenPrincipal = Omit<Principal, 'arn' | 'registryId'> & {
  readonly arn?: string | undefined;
  readonly registryId?: string | undefined;
  /** Of its account's registry. */
  readonly aliases?: readonly RegistryAlias[] | undefined;
};

const members = [
  ...['accessKeyId', 'secretAccessKey', 'sessionToken', 'expiresAt', 'arn', 'allowedActions'],
  ...['registryId', 'registryAlias', 'aliases'],
];

/**
 * Reads the JSON of an identity file: one principal or a list of them, `allowedActions` being everything where it is not given. Throws an `Error`
 * that says what is wrong with it, and never what a secret is.
 */
export function readIdentities(text: string): readonly GivenPrincipal[] {
  const document = parse(text);
  const list: readonly unknown[] = Array.isArray(document) ? document : [document];
  if (list.length === 0) throw new Error('identity file: it names nobody');
  const principals = list.map((value, index) => readPrincipal(value, `identity ${index + 1}`));
  const ids = principals.map((principal) => principal.accessKeyId);
  const twice = ids.find((id, index) => ids.indexOf(id) !== index);
  if (twice !== undefined) throw new Error(`identity file: access key id ${twice} is there twice`);
  return principals;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's own message quotes the text, and with it perhaps a secret.
    throw new Error('identity file: it is not JSON');
  }
}

function readPrincipal(value: unknown, where: string): GivenPrincipal {
  if (!isObject(value)) throw new Error(`${where}: it must be an object`);
  const unknown = Object.keys(value).find((name) => !members.includes(name));
  if (unknown !== undefined) {
    throw new Error(`${where}: '${unknown}' is none of ${members.join(', ')}`);
  }
  const { accessKeyId, secretAccessKey, sessionToken, expiresAt, arn, allowedActions = ['*'] } = value;
  if (typeof accessKeyId !== 'string' || !isAccessKeyId(accessKeyId)) {
    throw new Error(`${where}: accessKeyId must be letters and digits`);
  }
  if (!isText(secretAccessKey)) throw new Error(`${where}: secretAccessKey must be a text`);
  if (sessionToken !== undefined && !isText(sessionToken)) {
    throw new Error(`${where}: sessionToken must be a text`);
  }
  if (arn !== undefined && !isText(arn)) throw new Error(`${where}: arn must be a text`);
  if (!isTextList(allowedActions)) throw new Error(`${where}: allowedActions must be a list of actions`);
  const unclear = allowedActions.find((action) => !/^(?:\*|[a-z0-9-]+:[a-z0-9*?]+)$/i.test(action));
  if (unclear !== undefined) {
    throw new Error(`${where}: '${unclear}' is no action like ecr-public:PutImage`);
  }
  return {
    ...{ accessKeyId, secretAccessKey, sessionToken, arn, allowedActions },
    expiresAt: readTime(expiresAt, where),
    ...readRegistry(value, where),
  };
}

/** The account of a principal, and its registry's aliases: one, or all of them. */
function readRegistry(
  { registryId, registryAlias, aliases }: JsonObject,
  where: string,
): Pick<GivenPrincipal, 'registryId' | 'aliases'> {
  if (registryId !== undefined && !(typeof registryId === 'string' && isRegistryId(registryId))) {
    throw new Error(`${where}: registryId must be a text of 12 digits`);
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

/** A slash would end the key's part of the credential scope. */
export function isAccessKeyId(text: string): boolean {
  return /^\w{1,128}$/.test(text);
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
