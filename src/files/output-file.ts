import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { access, open, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { findErrorCode } from './file-errors.ts';
import { locateOutput, type OutputTarget } from './locate-output.ts';
import { replaceFile } from './replace-file.ts';
import { type WriteInPlaceOptions, writeInPlace } from './write-in-place.ts';

/** More than the bytes that a file system keeps beside a file's name, so that a full disk is found out. */
const TRIAL_BYTES = 4096;
/** What keeps a file from being replaced, but not from being written: a mount on it, a directory of somebody else. */
const KEEPS_FROM_REPLACING = ['EACCES', 'EBUSY', 'EPERM', 'EROFS', 'EXDEV'];

/**
 * Finds out whether `writeOutputFile` could write a file now, and leaves all as it is. Throws the system's error.
 * Nothing is opened that would wait for a reader.
 */
export async function checkOutputFile(path: string): Promise<OutputTarget> {
  const target = await locateOutput(path);
  if (target.kind === 'missing') await tryDirectory(dirname(target.path));
  else if (target.kind === 'regular') await tryFile(target.path);
  else await access(target.path, constants.W_OK);
  return target;
}

/**
 * Writes a file that a user named; links are followed. A regular one is replaced as a whole. What must stay what it is, is
 * written in place: a descriptor (`/dev/stdout`, `/dev/fd/63`), a device, a FIFO (whose reader is waited for), a file that is a
 * mount of its own or in a directory that cannot be written. Throws the system's error.
 */
export async function writeOutputFile(
  path: string,
  data: string | Buffer,
  options: WriteInPlaceOptions = {},
): Promise<void> {
  const target = await locateOutput(path);
  if (target.kind !== 'missing' && target.kind !== 'regular') return writeInPlace(target, data, options);
  try {
    await replaceFile(target.path, data);
  } catch (error) {
    if (target.kind === 'missing' || !KEEPS_FROM_REPLACING.includes(findErrorCode(error) ?? '')) throw error;
    await writeInPlace(target, data, options).catch(() => {
      throw error;
    });
  }
}

/** A file that can be opened for writing can be written at least in place; one that cannot, only be replaced. */
async function tryFile(path: string): Promise<void> {
  try {
    await (await open(path, 'r+')).close();
  } catch (error) {
    // On a mount of its own, read-only, in a directory that is not.
    if (findErrorCode(error) === 'EROFS') throw error;
    await tryDirectory(dirname(path));
    if (!(await isReplaceable(path))) throw error;
    return;
  }
  await tryDirectory(dirname(path)).catch((error: unknown) => {
    if (!KEEPS_FROM_REPLACING.includes(findErrorCode(error) ?? '')) throw error;
  });
}

/** In a directory such as `/tmp` (sticky), only its owner and that of the file may replace one. */
async function isReplaceable(path: string): Promise<boolean> {
  const [directory, file] = await Promise.all([stat(dirname(path)), stat(path)]);
  const uid = process.getuid?.();
  const isSticky = (directory.mode & 0o1000) !== 0;
  return !isSticky || uid === 0 || uid === directory.uid || uid === file.uid;
}

/** Makes a file in a directory and removes it again. */
async function tryDirectory(directory: string): Promise<void> {
  const path = join(directory, `.ecrp-${randomUUID()}`);
  try {
    await writeFile(path, Buffer.alloc(TRIAL_BYTES), { flag: 'wx', mode: 0o600 });
  } finally {
    await rm(path, { force: true }).catch(() => undefined);
  }
}
