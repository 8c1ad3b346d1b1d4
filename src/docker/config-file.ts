import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { EcrpError } from '../errors.ts';
import { describeFileError, findErrorCode, lacksRoom } from '../files/file-errors.ts';
import { isObject, type JsonObject } from '../json.ts';

/** Docker's config file. A missing or empty one reads as `{}`. */
export interface ConfigFile {
  readonly path: string;
  readonly text: string;
  readonly config: DockerConfig;
}

/** Reads `config.json` of a directory. Throws INVALID_INPUT if it is not a file, not readable, or not valid for docker. */
export async function readConfigFile(directory: string): Promise<ConfigFile> {
  const path = join(directory, 'config.json');
  const text = await readText(path);
  return { path, text, config: parseDockerConfig(text, path) };
}

/** Finds the mode of a file that group or others can read. Undefined if only its owner can. */
export async function findOpenMode(path: string): Promise<number | undefined> {
  if (process.platform === 'win32') return undefined;
  const { mode } = await stat(path);
  return (mode & 0o044) === 0 ? undefined : mode & 0o777;
}

async function readText(path: string): Promise<string> {
  try {
    const stats = await stat(path);
    // Reading a pipe or a device would never end, and a rename would replace it.
    if (!stats.isFile()) {
      throw new EcrpError('INVALID_INPUT', `docker's config ${path} is not a file`, {
        hint: 'Move it away, or set DOCKER_CONFIG to another directory.',
      });
    }
    const text = await readFile(path, 'utf8');
    return text.trim() === '' ? '{}' : text;
  } catch (error) {
    if (isMissing(error)) return '{}';
    throw error instanceof EcrpError ? error : explainConfigError('read', path, error);
  }
}

function isMissing(error: unknown): boolean {
  return findErrorCode(error) === 'ENOENT';
}

/** The error for a config file that cannot be read or written. */
export function explainConfigError(action: 'read' | 'write', path: string, error: unknown): EcrpError {
  const isNoDirectory = findErrorCode(error) === 'ENOTDIR';
  const isMounted = action === 'write' && findErrorCode(error) === 'EBUSY';
  const hint = isMounted
    ? 'Mount the directory instead of the file.'
    : lacksRoom(error)
      ? 'Free space there, or set DOCKER_CONFIG to a directory on another disk.'
      : isNoDirectory
        ? 'Set DOCKER_CONFIG to the directory that holds config.json.'
        : 'Check the permissions, or set DOCKER_CONFIG to a directory of your own.';
  return new EcrpError(
    'INVALID_INPUT',
    `cannot ${action} docker's config ${path}: ${describeFileError(error)}`,
    { hint, cause: error },
  );
}

/** Entry of `auths`, for one registry. All members are absent if a helper keeps the secret. */
export interface AuthEntry {
  /** Base64 of `username:secret`. */
  readonly auth?: string;
  /** Older files have these two members instead. */
  readonly username?: string;
  readonly password?: string;
  /** Exchanged for tokens of the registry, in the place of a password. */
  readonly identitytoken?: string;
  /** Token of the registry itself. */
  readonly registrytoken?: string;
}

const ENTRY_MEMBERS = ['auth', 'username', 'password', 'identitytoken', 'registrytoken'] as const;

/** Members of docker's config file that concern logins, and the one that chooses an engine. */
export interface DockerConfig {
  readonly auths: ReadonlyMap<string, AuthEntry>;
  /** Credential helpers by registry host. They take precedence over `credsStore`. */
  readonly credHelpers: ReadonlyMap<string, string>;
  readonly credsStore: string | undefined;
  /** The context that `docker context use` has chosen. */
  readonly currentContext: string | undefined;
}

/** Parses docker's config file. Throws INVALID_INPUT that names `path` and the member that is wrong. */
export function parseDockerConfig(text: string, path: string): DockerConfig {
  const config = parseJson(text, path);
  if (!isObject(config)) throw refuse(path, 'is not a JSON object');
  const credsStore = textOf(config, 'credsStore', path);
  const currentContext = textOf(config, 'currentContext', path);
  const auths = new Map<string, AuthEntry>();
  for (const [key, entry] of membersOf(config, 'auths', path)) {
    auths.set(key, isObject(entry) ? pickStrings(entry, ENTRY_MEMBERS) : {});
  }
  const credHelpers = new Map<string, string>();
  for (const [host, helper] of membersOf(config, 'credHelpers', path)) {
    if (typeof helper !== 'string')
      throw refuse(path, `names no credential helper for ${JSON.stringify(host)}`);
    credHelpers.set(host, helper);
  }
  return { auths, credHelpers, credsStore, currentContext };
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    // Names the line only: the parser's message may quote a secret.
    const position = /at position (\d+)/.exec(String(error))?.[1];
    const line =
      position === undefined ? '' : ` (line ${text.slice(0, Number(position)).split('\n').length})`;
    throw refuse(path, `is not valid JSON${line}`);
  }
}

function textOf(config: JsonObject, name: string, path: string): string | undefined {
  const value = config[name];
  if (value === undefined || typeof value === 'string') return value;
  throw refuse(path, `has a "${name}" that is not a string`);
}

function membersOf(config: JsonObject, name: string, path: string): [string, unknown][] {
  const value = config[name] ?? {};
  if (!isObject(value)) throw refuse(path, `has a "${name}" that is not an object`);
  return Object.entries(value);
}

function pickStrings<Name extends string>(
  value: JsonObject,
  names: readonly Name[],
): { [Key in Name]?: string } {
  const picked: { [Key in Name]?: string } = {};
  for (const name of names) {
    const member = value[name];
    if (typeof member === 'string') picked[name] = member;
  }
  return picked;
}

function refuse(path: string, fault: string): EcrpError {
  return new EcrpError('INVALID_INPUT', `docker's config ${path} ${fault}`, {
    hint: 'Nothing was changed. Repair the file or move it away, or set DOCKER_CONFIG to another directory.',
  });
}
