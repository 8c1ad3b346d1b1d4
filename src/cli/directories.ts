import { statfsSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import { EcrpError } from '../errors.ts';
import type { Io } from '../io.ts';

/**
 * Where digests of compressed layers and facts about registries are kept; losing it only costs time.
 * Undefined when nothing names a place: no variable, and no home directory. Throws USAGE for a variable with a line break.
 */
export function findCacheDirectory(io: Io): string | undefined {
  const { env } = io;
  if (env.ECRP_CACHE_DIR) return resolveVariable(io, 'ECRP_CACHE_DIR', env.ECRP_CACHE_DIR);
  // The XDG specification has relative paths ignored.
  if (env.XDG_CACHE_HOME?.startsWith('/')) return join(env.XDG_CACHE_HOME, 'ecrp');
  if (process.platform === 'win32' && env.LOCALAPPDATA) return join(env.LOCALAPPDATA, 'ecrp', 'cache');
  const home = findHome(io);
  if (home === undefined) return undefined;
  if (process.platform === 'darwin') return join(home, 'Library', 'Caches', 'ecrp');
  if (process.platform === 'win32') return join(home, 'AppData', 'Local', 'ecrp', 'cache');
  return join(home, '.cache', 'ecrp');
}

/** Where interrupted uploads are kept; losing it only costs time. Undefined as for the cache. */
export function findStateDirectory(io: Io): string | undefined {
  const { env } = io;
  if (env.ECRP_STATE_DIR) return resolveVariable(io, 'ECRP_STATE_DIR', env.ECRP_STATE_DIR);
  if (env.XDG_STATE_HOME?.startsWith('/')) return join(env.XDG_STATE_HOME, 'ecrp');
  if (process.platform === 'win32' && env.LOCALAPPDATA) return join(env.LOCALAPPDATA, 'ecrp', 'state');
  const home = findHome(io);
  if (home === undefined) return undefined;
  if (process.platform === 'darwin') return join(home, 'Library', 'Application Support', 'ecrp');
  if (process.platform === 'win32') return join(home, 'AppData', 'Local', 'ecrp', 'state');
  return join(home, '.local', 'state', 'ecrp');
}

/** Where docker keeps its configuration. Throws USAGE when nothing names a place. */
export function findDockerConfigDirectory(io: Io): string {
  const { DOCKER_CONFIG } = io.env;
  if (DOCKER_CONFIG) return resolveVariable(io, 'DOCKER_CONFIG', DOCKER_CONFIG);
  const home = findHome(io);
  if (home !== undefined) return join(home, '.docker');
  throw new EcrpError('USAGE', 'docker has no config directory here: there is no home directory', {
    hint: "Set DOCKER_CONFIG to the directory of docker's config.json, or HOME.",
  });
}

/** Throws USAGE for a line break: the directory would be another one, made without a word. */
function resolveVariable(io: Io, name: string, path: string): string {
  if (!/[\r\n]/.test(path)) return resolve(io.cwd, path);
  throw new EcrpError('USAGE', `${name}: it contains a line break`, {
    hint: 'Set it again without it; $(cat FILE) drops a final line break.',
  });
}

/** Undefined for a user without HOME and without an entry in passwd, as in a container with any `--user`. */
function findHome(io: Io): string | undefined {
  const home = process.platform === 'win32' ? io.env.USERPROFILE : io.env.HOME;
  if (home) return home;
  try {
    // Of the passwd entry: an empty HOME would make it the current directory.
    return userInfo().homedir || undefined;
  } catch {
    return undefined;
  }
}

/** Where the records of interrupted uploads are; undefined without a state directory. */
export function findUploadDirectory(io: Io): string | undefined {
  const state = findStateDirectory(io);
  return state && join(state, 'uploads');
}

const GIB = 1024 ** 3;
/** Stays free for other programs. */
const RESERVED_BYTES = GIB;
const MOST_BYTES = 64 * GIB;
const UNITS = ['', 'K', 'M', 'G', 'T'];

/**
 * Most bytes that a packed or piped source may take in the temporary directory: ECRP_SPOOL_LIMIT, else what is free there less 1 GiB,
 * at most 64 GiB. Throws USAGE when the variable holds no size.
 */
export function findSpoolLimit({ env }: Pick<Io, 'env'>, temporaryDirectory: string): number {
  if (env.ECRP_SPOOL_LIMIT) return parseSize(env.ECRP_SPOOL_LIMIT);
  return Math.min(Math.max(findFreeBytes(temporaryDirectory) - RESERVED_BYTES, 0), MOST_BYTES);
}

/** Units are powers of 1,024, with or without the `B` or `iB` behind them. */
function parseSize(text: string): number {
  const [, amount = '', unit = ''] = /^(\d{1,12}(?:\.\d{1,3})?)([KMGT]?)(?:i?B)?$/i.exec(text.trim()) ?? [];
  if (amount === '') {
    throw new EcrpError('USAGE', `ECRP_SPOOL_LIMIT: '${text}' is not a size`, {
      hint: 'Give a number of bytes, or one with K, M, G or T behind it, such as 500M or 20G.',
    });
  }
  return Math.floor(Number(amount) * 1024 ** UNITS.indexOf(unit.toUpperCase()));
}

/** Without an answer there is no limit: whatever is wrong with the directory is reported when it is used. */
function findFreeBytes(directory: string): number {
  try {
    const { bavail, bsize } = statfsSync(directory);
    return bavail * bsize;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}
