import { readFile, readlink, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { lock } from 'proper-lockfile';
import { EcrpError } from '../errors.ts';
import { describeFileError, findErrorCode, lacksRoom } from '../files/file-errors.ts';
import { makeDirectories } from '../files/private-directory.ts';
import { replaceFile } from '../files/replace-file.ts';
import { isObject, type JsonObject } from '../json.ts';

/** Pause between attempts to lock the file, and their number: 15 s in all. */
const LOCK_PAUSE_MS = 100;
const LOCK_ATTEMPTS = 150;

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

/**
 * Changes `config.json` of a directory. A lock keeps other runs of ecrp out; a rename replaces the file. Follows a symbolic link to its
 * target. An existing file keeps its mode, a new one gets 0600.
 *
 * Throws INVALID_INPUT as `readConfigFile` does, and if the directory cannot be written; UNAVAILABLE if another run keeps the lock.
 * @param edit Gets a valid document and returns a valid one. If it returns the same text, nothing is locked or written, so the file may
 * be read-only.
 * @returns The path of the file.
 */
export async function updateConfigFile(
  directory: string,
  edit: (file: ConfigFile) => string,
  signal?: AbortSignal,
): Promise<string> {
  const path = join(directory, 'config.json');
  const before = await readConfigFile(directory);
  if (edit(before) === before.text) return path;
  try {
    makeDirectories(directory);
    const target = await followLinks(path);
    const release = await acquireLock(target, signal);
    try {
      const file = await readConfigFile(directory);
      const text = edit(file);
      if (text !== file.text) {
        await replaceFile(target, text, (await exists(target)) ? {} : { mode: 0o600 });
      }
    } finally {
      await release();
    }
  } catch (error) {
    signal?.throwIfAborted();
    throw error instanceof EcrpError ? error : cannot('write', path, error);
  }
  return path;
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
    throw error instanceof EcrpError ? error : cannot('read', path, error);
  }
}

/** Resolves links to the path to write, even if the last link leads to a missing file. */
async function followLinks(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
  const directory = await realpath(dirname(path));
  const link = await readlink(path).catch(() => undefined);
  return link === undefined ? join(directory, basename(path)) : followLinks(resolve(directory, link));
}

/** Waits up to 15 s for another run. Takes over the lock of a killed run after ten seconds. */
async function acquireLock(path: string, signal: AbortSignal | undefined): Promise<() => Promise<void>> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await lock(path, {
        // Other tools may use `config.json.lock`.
        lockfilePath: `${path}.ecrp-lock`,
        realpath: false,
        stale: 10_000,
        // The lock lasts milliseconds, so only a sleeping machine loses it. The rename is atomic even then.
        onCompromised: () => undefined,
      });
    } catch (error) {
      if (findErrorCode(error) !== 'ELOCKED') throw error;
      if (attempt < LOCK_ATTEMPTS) {
        await sleep(LOCK_PAUSE_MS * (0.5 + Math.random()), undefined, signal && { signal });
        continue;
      }
      throw new EcrpError('UNAVAILABLE', `docker's config ${path} is locked by another run of ecrp`, {
        hint: `Try again; if no other ecrp is running, remove ${path}.ecrp-lock.`,
        cause: error,
      });
    }
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

function isMissing(error: unknown): boolean {
  return findErrorCode(error) === 'ENOENT';
}

function cannot(action: 'read' | 'write', path: string, error: unknown): EcrpError {
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
}

/** Members of docker's config file that concern logins. */
export interface DockerConfig {
  readonly auths: ReadonlyMap<string, AuthEntry>;
  /** Credential helpers by registry host. They take precedence over `credsStore`. */
  readonly credHelpers: ReadonlyMap<string, string>;
  readonly credsStore: string | undefined;
}

/** Parses docker's config file. Throws INVALID_INPUT that names `path` and the member that is wrong. */
export function parseDockerConfig(text: string, path: string): DockerConfig {
  const config = parseJson(text, path);
  if (!isObject(config)) throw refuse(path, 'is not a JSON object');
  const { credsStore } = config;
  if (credsStore !== undefined && typeof credsStore !== 'string') {
    throw refuse(path, 'has a "credsStore" that is not a string');
  }
  const auths = new Map<string, AuthEntry>();
  for (const [key, entry] of membersOf(config, 'auths', path)) {
    auths.set(key, isObject(entry) ? pickStrings(entry, ['auth', 'username', 'password']) : {});
  }
  const credHelpers = new Map<string, string>();
  for (const [host, helper] of membersOf(config, 'credHelpers', path)) {
    if (typeof helper !== 'string')
      throw refuse(path, `names no credential helper for ${JSON.stringify(host)}`);
    credHelpers.set(host, helper);
  }
  return { auths, credHelpers, credsStore };
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
