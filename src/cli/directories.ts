import { userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import { EcrpError } from '../errors.ts';
import type { Io } from '../io.ts';

/**
 * Where digests of compressed layers and facts about registries are kept; losing it only costs time.
 * Undefined when nothing names a place: no variable, and no home directory.
 */
export function findCacheDirectory(io: Io): string | undefined {
  const { env } = io;
  if (env.ECRP_CACHE_DIR) return resolve(io.cwd, env.ECRP_CACHE_DIR);
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
  if (env.ECRP_STATE_DIR) return resolve(io.cwd, env.ECRP_STATE_DIR);
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
  if (io.env.DOCKER_CONFIG) return resolve(io.cwd, io.env.DOCKER_CONFIG);
  const home = findHome(io);
  if (home !== undefined) return join(home, '.docker');
  throw new EcrpError('USAGE', 'docker has no config directory here: there is no home directory', {
    hint: "Set DOCKER_CONFIG to the directory of docker's config.json, or HOME.",
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
