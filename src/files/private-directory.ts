import { chmodSync, lstatSync, mkdirSync, readdirSync, type Stats } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { findErrorCode, makeFileError } from './file-errors.ts';

const OWN_MODE = 0o700;
const FOREIGN_BITS = 0o077;
/** Others may write, or may not remove what is not theirs. */
const SHARED_BITS = 0o1002;

/**
 * Makes a directory of our own, with those above it that are missing, each with mode 0700 under any umask. One that exists
 * loses what others may do with it, where we own it; and so does the one above it, when all that is in it is ours alone. Throws the
 * system's error; ELOOP when the directory is a link.
 */
export function makePrivateDirectory(directory: string): void {
  const stats = findStats(directory);
  if (stats === undefined) makeDirectories(directory);
  else tighten(directory, stats);
  tightenParent(dirname(directory));
}

/** The same for a directory `below` another one, and for each on the way: none of them may be a link. */
export function makePrivateDirectories(directory: string, below: string): void {
  makePrivateDirectory(directory);
  let path = directory;
  for (const segment of below.split(sep).filter((part) => part !== '' && part !== '.')) {
    path = join(path, segment);
    makePrivateDirectory(path);
  }
}

/** Whether a directory exists and is one that we alone can use; without owners, as on Windows, any is. */
export function isOwnDirectory(directory: string): boolean {
  const stats = findStats(directory);
  if (stats === undefined || !stats.isDirectory()) return false;
  const uid = process.getuid?.();
  return uid === undefined || (stats.uid === uid && (stats.mode & FOREIGN_BITS) === 0);
}

/**
 * Makes a directory and those above it, mode 0700 under any umask; what exists stays as it is. One level after the other: with
 * `recursive`, the umask has a say, and Node says ENOENT of a disk that is read-only. Throws the system's error.
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

/** `~/.cache/ecrp` of an earlier version, but no directory that is shared on purpose, or that holds something else. */
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

/** A disk that has no modes, as some network shares, is no reason to do without the directory. */
function close(directory: string): void {
  try {
    chmodSync(directory, OWN_MODE);
  } catch {
    // What cannot be written either is told then.
  }
}

/** What a directory that cannot be read holds is not ours alone. */
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
