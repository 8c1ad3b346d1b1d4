import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { delimiter, isAbsolute, join } from 'node:path';
import type { Environment } from '../io.ts';

/** Finds a program on the PATH of `env`, as docker does. Undefined if it is missing. */
export async function findProgram(name: string, env: Environment): Promise<string | undefined> {
  const endings = process.platform === 'win32' ? (env.PATHEXT ?? '.EXE;.CMD').split(';') : [''];
  for (const directory of listDirectories(env)) {
    for (const ending of endings) {
      const path = join(directory, name + ending);
      if (await isProgram(path)) return path;
    }
  }
  return undefined;
}

async function isProgram(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

/** Directories of the system's own packages. */
const OF_THE_SYSTEM = ['/bin', '/sbin', '/usr/bin', '/usr/sbin'];

/**
 * Finds a directory on the PATH of `env` for a program of the user's own: writable, preferably below HOME, and not of the system. Undefined
 * without one.
 */
export async function findWritableDirectory(env: Environment): Promise<string | undefined> {
  const directories = listDirectories(env).filter(
    (each) => isAbsolute(each) && !OF_THE_SYSTEM.includes(each),
  );
  const isBelowHome = (directory: string) => Boolean(env.HOME) && directory.startsWith(`${env.HOME}/`);
  const ordered = [...directories.filter(isBelowHome), ...directories.filter((each) => !isBelowHome(each))];
  for (const directory of ordered) {
    if (await isWritable(directory)) return directory;
  }
  return undefined;
}

function listDirectories(env: Environment): readonly string[] {
  return (env.PATH ?? '').split(delimiter).filter(Boolean);
}

async function isWritable(directory: string): Promise<boolean> {
  try {
    await access(directory, constants.W_OK);
    return (await stat(directory)).isDirectory();
  } catch {
    return false;
  }
}
