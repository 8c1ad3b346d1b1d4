import { chmodSync, lstatSync, mkdirSync, readdirSync, rmSync, type Stats } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { findErrorCode, makeFileError } from './file-errors.ts';

const OWN_MODE = 0o700;
const FOREIGN_BITS = 0o077;
/** Writable by others, or sticky. */
const SHARED_BITS = 0o1002;

/**
 * Makes a private directory and its missing parents, with mode 0700 under any umask. Sets the mode of an existing directory of ours, and
 * of its parent if that holds private directories only. Throws the system's error; ELOOP if the directory is a link.
 */
export function makePrivateDirectory(directory: string): void {
  const stats = findStats(directory);
  if (stats === undefined) makeDirectories(directory);
  else tighten(directory, stats);
  tightenParent(dirname(directory));
}

/** Makes a private directory, and each directory of the relative path `below` it. */
export function makePrivateDirectories(directory: string, below: string): void {
  makePrivateDirectory(directory);
  let path = directory;
  for (const segment of below.split(sep).filter((part) => part !== '' && part !== '.')) {
    path = join(path, segment);
    makePrivateDirectory(path);
  }
}

/** True if a directory exists and only its owner, us, can use it. On Windows any directory counts. */
export function isOwnDirectory(directory: string): boolean {
  const stats = findStats(directory);
  if (stats === undefined || !stats.isDirectory()) return false;
  const uid = process.getuid?.();
  return uid === undefined || (stats.uid === uid && (stats.mode & FOREIGN_BITS) === 0);
}

/**
 * Makes a directory and its missing parents, with mode 0700 under any umask. Keeps existing directories as they are. Throws the
 * system's error. Works level by level: with `recursive` the umask applies, and Node reports ENOENT for a read-only disk.
 */
export function makeDirectories(directory: string): void {
  try {
    mkdirSync(directory, { mode: OWN_MODE });
  } catch (error) {
    const parent = dirname(directory);
    if (findErrorCode(error) === 'EEXIST') return;
    if (findErrorCode(error) !== 'ENOENT' || parent === directory || findStats(parent)) throw error;
    makeDirectories(parent);
    makeDirectories(directory);
    return;
  }
  close(directory);
}

/** Makes `~/.cache/ecrp` of an earlier version private, unless it is shared on purpose or holds something else. */
function tightenParent(directory: string): void {
  const uid = process.getuid?.();
  const stats = findStats(directory);
  if (uid === undefined || !stats?.isDirectory() || stats.uid !== uid) return;
  if ((stats.mode & FOREIGN_BITS) === 0 || (stats.mode & SHARED_BITS) !== 0) return;
  if (listNames(directory).every((name) => isOwnDirectory(join(directory, name)))) close(directory);
}

function tighten(directory: string, stats: Stats): void {
  if (stats.isSymbolicLink()) throw makeFileError('ELOOP', directory, 'mkdir');
  if (!stats.isDirectory()) throw makeFileError('ENOTDIR', directory, 'mkdir');
  if ((stats.mode & FOREIGN_BITS) === 0 || stats.uid !== process.getuid?.()) return;
  close(directory);
}

/** Makes a directory private. Ignores failure, because some network shares have no modes. */
function close(directory: string): void {
  try {
    chmodSync(directory, OWN_MODE);
  } catch {
    // A write reports the error, if there is one.
  }
}

/** An unreadable directory counts as one with foreign content. */
function listNames(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch {
    return ['..'];
  }
}

function findStats(path: string): Stats | undefined {
  try {
    return lstatSync(path);
  } catch (error) {
    if (findErrorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

const DAY_MS = 24 * 3_600_000;

/** Limits of a private directory. */
export interface PruneLimits {
  readonly maxAgeMs: number;
  /** Space on the disk. */
  readonly maxBytes: number;
}

export const PRUNE_LIMITS: PruneLimits = { maxAgeMs: 30 * DAY_MS, maxBytes: 64 * 1024 * 1024 };

export interface PruneOptions {
  /** True for names of files that may be removed. Others are neither counted nor touched. */
  readonly isOurs: (fileName: string) => boolean;
  readonly limits?: PruneLimits;
  /** Milliseconds since 1970. */
  readonly nowMs?: number;
}

interface Entry {
  readonly path: string;
  readonly bytes: number;
  readonly changedMs: number;
}

/**
 * Removes files from a private directory and its subdirectories: files that are too old, then the oldest ones until the rest fits.
 * Makes the rest private. Follows no links. Never throws: a file that stays only takes space.
 */
export function pruneDirectory(directory: string, options: PruneOptions): void {
  const { limits = PRUNE_LIMITS, nowMs = Date.now() } = options;
  const entries = listEntries(directory, options.isOurs).sort((a, b) => b.changedMs - a.changedMs);
  let bytes = 0;
  for (const entry of entries) {
    bytes += entry.bytes;
    if (nowMs - entry.changedMs > limits.maxAgeMs || bytes > limits.maxBytes) remove(entry.path);
  }
}

function listEntries(directory: string, isOurs: PruneOptions['isOurs']): Entry[] {
  try {
    const stats = lstatSync(directory);
    if (!stats.isDirectory()) return [];
    if (isOpenToOthers(stats)) chmodSync(directory, 0o700);
    return readdirSync(directory, { withFileTypes: true }).flatMap((found) => {
      const path = join(directory, found.name);
      if (found.isDirectory()) return listEntries(path, isOurs);
      return found.isFile() && isOurs(found.name) ? readEntry(path) : [];
    });
  } catch {
    return [];
  }
}

function readEntry(path: string): Entry[] {
  try {
    const stats = lstatSync(path);
    if (isOpenToOthers(stats)) chmodSync(path, 0o600);
    return [{ path, bytes: Math.max(stats.size, stats.blocks * 512), changedMs: stats.mtimeMs }];
  } catch {
    // Another run has removed it.
    return [];
  }
}

/** True if we own it and others can use it. */
function isOpenToOthers({ mode, uid }: Stats): boolean {
  return (mode & FOREIGN_BITS) !== 0 && uid === process.getuid?.();
}

function remove(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // The next run tries again.
  }
}
