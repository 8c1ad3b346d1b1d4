import { closeSync, constants, fstatSync, lstatSync, openSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { makePrivateDirectories } from './private-directory.ts';
import { replaceFileSync } from './replace-file.ts';

/** Far more than any file of cache or state. */
const MAX_BYTES = 1024 * 1024;
/** Windows has neither flag. */
const WITHOUT_LINKS = (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/**
 * Reads a file below a private directory. Undefined if it is missing, or if ecrp cannot have written it: not a regular file, behind a
 * link, or longer than 1 MiB.
 */
export function readPrivateFile(directory: string, name: string): string | undefined {
  try {
    if (hasLink(directory, name)) return undefined;
    const descriptor = openSync(join(directory, name), constants.O_RDONLY | WITHOUT_LINKS);
    try {
      const stats = fstatSync(descriptor);
      return stats.isFile() && stats.size <= MAX_BYTES ? readFileSync(descriptor, 'utf8') : undefined;
    } finally {
      closeSync(descriptor);
    }
  } catch {
    return undefined;
  }
}

/**
 * Replaces a file below a private directory, with mode 0600 under any umask. Makes missing directories. Replaces a link instead of
 * following it. Throws the system's error and keeps the old file then.
 *
 * Synchronous: waiting for the thread pool that compresses layers takes longer than the write. Without fsync: readers detect a file that
 * a power failure has damaged.
 */
export function writePrivateFile(directory: string, name: string, text: string): void {
  makePrivateDirectories(directory, dirname(name));
  const path = join(directory, name);
  if (isLink(path)) rmSync(path, { force: true });
  replaceFileSync(path, text, { mode: 0o600, fsync: false });
}

/** True if the directory, or one between it and the file, is a link. */
function hasLink(directory: string, name: string): boolean {
  const segments = name.split(sep).slice(0, -1);
  const between = segments.map((_, index) => join(directory, ...segments.slice(0, index + 1)));
  return [directory, ...between].some(isLink);
}

function isLink(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() ?? false;
}
