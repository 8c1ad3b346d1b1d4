import { statfsSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import { EcrpError } from '../errors.ts';
import type { Io } from '../io.ts';

const GIB = 1024 ** 3;
/** Free space that a spool leaves to other programs. */
const RESERVED_BYTES = GIB;
const MOST_SPOOL_BYTES = 64 * GIB;
const SIZE_UNITS = ['', 'K', 'M', 'G', 'T'];

/** Where a directory of ours is, by variable and by platform. */
interface Place {
  readonly variable: string;
  readonly xdgVariable: string;
  /** Below LOCALAPPDATA. */
  readonly windows: string;
  /** Below the home directory. */
  readonly macos: string;
  /** Below the home directory. */
  readonly unix: string;
}

const CACHE: Place = {
  variable: 'ECRP_CACHE_DIR',
  xdgVariable: 'XDG_CACHE_HOME',
  windows: 'cache',
  macos: 'Library/Caches',
  unix: '.cache',
};
const STATE: Place = {
  variable: 'ECRP_STATE_DIR',
  xdgVariable: 'XDG_STATE_HOME',
  windows: 'state',
  macos: 'Library/Application Support',
  unix: '.local/state',
};

/**
 * Finds the directory of the cache: digests of compressed layers, facts about registries, tokens. Losing it only costs time.
 * Undefined without a variable and a home directory. Throws USAGE for a variable with a line break.
 */
export function findCacheDirectory(io: Io): string | undefined {
  return findDirectory(io, CACHE);
}

/** Finds the directory of interrupted uploads. Losing it only costs time. Undefined and errors as for the cache. */
export function findStateDirectory(io: Io): string | undefined {
  return findDirectory(io, STATE);
}

/** Finds the directory of the records of interrupted uploads; undefined without a state directory. */
export function findUploadDirectory(io: Io): string | undefined {
  const state = findStateDirectory(io);
  return state && join(state, 'uploads');
}

function findDirectory(io: Io, { variable, xdgVariable, windows, macos, unix }: Place): string | undefined {
  const { env } = io;
  const given = env[variable];
  if (given) return resolveVariable(io, variable, given);
  const xdg = env[xdgVariable];
  // The XDG specification says to ignore relative paths.
  if (xdg?.startsWith('/')) return join(xdg, 'ecrp');
  if (process.platform === 'win32' && env.LOCALAPPDATA) return join(env.LOCALAPPDATA, 'ecrp', windows);
  const home = findHome(io);
  if (home === undefined) return undefined;
  if (process.platform === 'win32') return join(home, 'AppData', 'Local', 'ecrp', windows);
  return join(home, process.platform === 'darwin' ? macos : unix, 'ecrp');
}

/** Finds the directory of docker's configuration. Throws USAGE without DOCKER_CONFIG and a home directory. */
export function findDockerConfigDirectory(io: Io): string {
  const directory = lookForDockerConfig(io);
  if (directory !== undefined) return directory;
  throw new EcrpError(
    'USAGE',
    'docker has no configuration directory: DOCKER_CONFIG is not set, and this user has no home directory',
    {
      hint: "Set DOCKER_CONFIG to the directory of docker's config.json.",
    },
  );
}

/** The same, but undefined without one. */
export function lookForDockerConfig(io: Io): string | undefined {
  const { DOCKER_CONFIG } = io.env;
  if (DOCKER_CONFIG) return resolveVariable(io, 'DOCKER_CONFIG', DOCKER_CONFIG);
  const home = findHome(io);
  return home && join(home, '.docker');
}

/**
 * Lists the files in which podman and skopeo keep logins, in their order: REGISTRY_AUTH_FILE alone if it is set, else those of
 * containers-auth.json(5).
 */
export function listPodmanAuthFiles(io: Io): readonly string[] {
  const { REGISTRY_AUTH_FILE, XDG_RUNTIME_DIR, XDG_CONFIG_HOME } = io.env;
  if (REGISTRY_AUTH_FILE) return [resolve(io.cwd, REGISTRY_AUTH_FILE)];
  const home = findHome(io);
  // Without XDG_RUNTIME_DIR they use `/run/containers/UID/auth.json`.
  const runtime = XDG_RUNTIME_DIR
    ? join(XDG_RUNTIME_DIR, 'containers')
    : `/run/containers/${process.getuid?.() ?? 0}`;
  const config = XDG_CONFIG_HOME || (home && join(home, '.config'));
  return [
    ...(process.platform === 'linux' ? [join(runtime, 'auth.json')] : []),
    ...(config ? [join(config, 'containers/auth.json')] : []),
  ];
}

/** Lists the directories in which docker, its rootless engine and podman have certificates of registries. */
export function listCertificateDirectories(io: Io): readonly string[] {
  const home = findHome(io);
  const config = io.env.XDG_CONFIG_HOME || (home && join(home, '.config'));
  const own = config ? [join(config, 'docker/certs.d'), join(config, 'containers/certs.d')] : [];
  return process.platform === 'win32' ? own : [...own, '/etc/docker/certs.d', '/etc/containers/certs.d'];
}

/** Throws USAGE for a line break: it would silently create another directory. */
function resolveVariable(io: Io, name: string, path: string): string {
  if (!/[\r\n]/.test(path)) return resolve(io.cwd, path);
  throw new EcrpError('USAGE', `${name}: it contains a line break`, {
    hint: `Set ${name} without it; $(cat FILE) drops a final line break.`,
  });
}

/** Undefined without HOME and without an entry in passwd, as in a container with an arbitrary `--user`. */
function findHome(io: Io): string | undefined {
  const home = process.platform === 'win32' ? io.env.USERPROFILE : io.env.HOME;
  if (home) return resolve(io.cwd, home);
  try {
    // From the passwd entry: an empty HOME would mean the current directory.
    return userInfo().homedir || undefined;
  } catch {
    return undefined;
  }
}

/**
 * Finds how many bytes a compressed or piped source may spool in the temporary directory: ECRP_SPOOL_LIMIT, else the free space less
 * 1 GiB, at most 64 GiB. Throws USAGE if the variable is not a size.
 */
export function findSpoolLimit({ env }: Pick<Io, 'env'>, temporaryDirectory: string): number {
  if (env.ECRP_SPOOL_LIMIT) return parseSize(env.ECRP_SPOOL_LIMIT);
  return Math.min(Math.max(findFreeBytes(temporaryDirectory) - RESERVED_BYTES, 0), MOST_SPOOL_BYTES);
}

/** Units are powers of 1,024, optionally followed by `B` or `iB`. */
function parseSize(text: string): number {
  const [, amount = '', unit = ''] = /^(\d{1,12}(?:\.\d{1,3})?)([KMGT]?)(?:i?B)?$/i.exec(text.trim()) ?? [];
  if (amount === '') {
    throw new EcrpError('USAGE', `ECRP_SPOOL_LIMIT: '${text}' is not a size`, {
      hint: 'Set it to a number of bytes, or to a number with K, M, G or T, such as 500M or 20G.',
    });
  }
  return Math.floor(Number(amount) * 1024 ** SIZE_UNITS.indexOf(unit.toUpperCase()));
}

/** Infinity without an answer: a fault of the directory is reported when it is used. */
function findFreeBytes(directory: string): number {
  try {
    const { bavail, bsize } = statfsSync(directory);
    return bavail * bsize;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}
