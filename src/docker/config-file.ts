import { mkdir, readFile, readlink, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { lock } from 'proper-lockfile';
import { EcrpError } from '../errors.ts';
import { replaceFile } from '../files/replace-file.ts';
import { type DockerConfig, parseDockerConfig } from './parse-config.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Docker's config file as it was read; a missing or empty one reads as `{}`. */
export interface ConfigFile {
  readonly path: string;
  readonly text: string;
  readonly config: DockerConfig;
}

/** Reads `config.json` of a directory. Throws INVALID_INPUT when it is no file, cannot be read, or is not what docker takes. */
export async function readConfigFile(directory: string): Promise<ConfigFile> {
  const path = join(directory, 'config.json');
  const text = await readText(path);
  return { path, text, config: parseDockerConfig(text, path) };
}

/**
 * Changes `config.json` of a directory as one step among all runs of ecrp: reads it under a lock, writes a temporary file
 * beside it and renames that. Follows a symbolic link to its target; keeps the mode of an existing file, a new one gets 0600.
 *
 * `edit` gets a valid document and gives back a valid one; the same text is not written again. Returns the path.
 * Throws INVALID_INPUT as `readConfigFile` does, or when the directory cannot be written; UNAVAILABLE when the lock is not released.
 */
export async function updateConfigFile(
  directory: string,
  edit: (file: ConfigFile) => string,
): Promise<string> {
  const path = join(directory, 'config.json');
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const target = await followLinks(path);
    const release = await acquireLock(target);
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
    throw error instanceof EcrpError ? error : cannot('write', path, error);
  }
  return path;
}

async function readText(path: string): Promise<string> {
  try {
    const stats = await stat(path);
    // Reading a pipe or a device would wait for ever, and renaming over one would take it away.
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

/** The path a write has to go to; also when the last link leads to a file that does not exist yet. */
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

/** Waits up to half a minute; a lock whose owner was killed is taken over after ten seconds. */
async function acquireLock(path: string): Promise<() => Promise<void>> {
  try {
    return await lock(path, {
      // A name of our own: `config.json.lock` may be a file of another tool.
      lockfilePath: `${path}.ecrp-lock`,
      realpath: false,
      stale: 10_000,
      retries: { retries: 60, minTimeout: 10, maxTimeout: 400, factor: 1.3, randomize: true },
      // Held for milliseconds, it is lost only when the machine slept; the rename is still atomic then.
      onCompromised: () => undefined,
    });
  } catch (error) {
    if (codeOf(error) !== 'ELOCKED') throw error;
    throw new EcrpError('UNAVAILABLE', `docker's config ${path} is locked by another run of ecrp`, {
      hint: `Try again; if no other ecrp is running, remove ${path}.ecrp-lock.`,
      cause: error,
    });
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

function isMissing(error: unknown): boolean {
  return codeOf(error) === 'ENOENT';
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined;
}

function cannot(action: 'read' | 'write', path: string, error: unknown): EcrpError {
  const reason = error instanceof Error ? error.message : String(error);
  return new EcrpError('INVALID_INPUT', `cannot ${action} docker's config ${path}: ${reason}`, {
    hint: 'Check the permissions, or set DOCKER_CONFIG to a directory of your own.',
    cause: error,
  });
}
