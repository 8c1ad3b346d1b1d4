import { readlink, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { EcrpError } from '../errors.ts';
import { findErrorCode } from '../files/file-errors.ts';
import { lockFile, nameLock } from '../files/file-lock.ts';
import { makeDirectories } from '../files/private-directory.ts';
import { replaceFile } from '../files/replace-file.ts';
import { type ConfigFile, explainConfigError, readConfigFile } from './config-file.ts';

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
    throw error instanceof EcrpError ? error : explainConfigError('write', path, error);
  }
  return path;
}

/** Resolves links to the path to write, even if the last link leads to a missing file. */
async function followLinks(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    if (findErrorCode(error) !== 'ENOENT') throw error;
  }
  const directory = await realpath(dirname(path));
  const link = await readlink(path).catch(() => undefined);
  return link === undefined ? join(directory, basename(path)) : followLinks(resolve(directory, link));
}

/** Waits up to 15 s for another run. Takes over the lock of a killed run after ten seconds. */
async function acquireLock(path: string, signal: AbortSignal | undefined): Promise<() => Promise<void>> {
  try {
    return await lockFile(path, signal);
  } catch (cause) {
    if (findErrorCode(cause) !== 'ELOCKED') throw cause;
    throw new EcrpError('UNAVAILABLE', `docker's config ${path} is locked by another run of ecrp`, {
      hint: `Try again; if no other ecrp is running, remove ${nameLock(path)}.`,
      cause,
    });
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
