import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { access, open, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { findErrorCode } from './file-errors.ts';
import { locateOutput, type OutputTarget } from './locate-output.ts';
import { replaceFile } from './replace-file.ts';
import { type WriteInPlaceOptions, writeInPlace } from './write-in-place.ts';

/** Some file systems keep a few bytes beside the name; this many need room on the disk, so a full one is found. */
const TRIAL_BYTES = 4096;
/** A file on which something is mounted, or in a directory of somebody else, cannot be replaced but perhaps written. */
const KEEPS_FROM_REPLACING = ['EACCES', 'EBUSY', 'EPERM', 'EROFS', 'EXDEV'];

/**
 * Checks that `writeOutputFile` could write a file now, and changes nothing. Throws the system's error.
 * Opens nothing that would wait for a reader.
 */
export async function checkOutputFile(path: string): Promise<OutputTarget> {
  const target = await locateOutput(path);
  if (target.kind === 'missing') await tryDirectory(dirname(target.path));
  else if (target.kind === 'regular') await tryFile(target.path);
  else await access(target.path, constants.W_OK);
  return target;
}

/**
 * Writes a file that the user named. Follows links. Replaces a regular file as a whole. Writes in place what must not be
 * replaced: a descriptor (`/dev/stdout`, `/dev/fd/63`), a device, a FIFO, a mounted file, a file in a directory that we cannot
 * write. Waits for the reader of a FIFO. Throws the system's error.
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

/** A file that opens for writing can be written at least in place; any other can only be replaced. */
async function tryFile(path: string): Promise<void> {
  try {
    await (await open(path, 'r+')).close();
  } catch (error) {
    // The file is a read-only mount, though its directory is not.
    if (findErrorCode(error) === 'EROFS') throw error;
    await tryDirectory(dirname(path));
    if (!(await isReplaceable(path))) throw error;
    return;
  }
  await tryDirectory(dirname(path)).catch((error: unknown) => {
    if (!KEEPS_FROM_REPLACING.includes(findErrorCode(error) ?? '')) throw error;
  });
}

/** In a sticky directory, such as `/tmp`, only the owners of the directory and of the file may replace it. */
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
