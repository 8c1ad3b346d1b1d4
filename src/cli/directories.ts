import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Io } from '../io.ts';

/** Where digests of compressed layers and facts about registries are kept; losing it only costs time. */
export function findCacheDirectory(io: Io): string {
  const { env } = io;
  if (env.ECRP_CACHE_DIR) return resolve(io.cwd, env.ECRP_CACHE_DIR);
  // The XDG specification has relative paths ignored.
  if (env.XDG_CACHE_HOME?.startsWith('/')) return join(env.XDG_CACHE_HOME, 'ecrp');
  const home = findHome(io);
  if (process.platform === 'darwin') return join(home, 'Library', 'Caches', 'ecrp');
  if (process.platform === 'win32')
    return join(env.LOCALAPPDATA ?? join(home, 'AppData', 'Local'), 'ecrp', 'cache');
  return join(home, '.cache', 'ecrp');
}

/** Where interrupted uploads are kept; losing it only costs time. */
export function findStateDirectory(io: Io): string {
  const { env } = io;
  if (env.ECRP_STATE_DIR) return resolve(io.cwd, env.ECRP_STATE_DIR);
  if (env.XDG_STATE_HOME?.startsWith('/')) return join(env.XDG_STATE_HOME, 'ecrp');
  const home = findHome(io);
  if (process.platform === 'darwin') return join(home, 'Library', 'Application Support', 'ecrp');
  if (process.platform === 'win32')
    return join(env.LOCALAPPDATA ?? join(home, 'AppData', 'Local'), 'ecrp', 'state');
  return join(home, '.local', 'state', 'ecrp');
}

/** Where docker keeps its configuration. */
export function findDockerConfigDirectory(io: Io): string {
  return io.env.DOCKER_CONFIG ? resolve(io.cwd, io.env.DOCKER_CONFIG) : join(findHome(io), '.docker');
}

function findHome(io: Io): string {
  return (process.platform === 'win32' ? io.env.USERPROFILE : io.env.HOME) || homedir();
}
