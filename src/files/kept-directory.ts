import { randomBytes } from 'node:crypto';
import { type Dirent, lstatSync, mkdirSync, readdirSync, renameSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { findErrorCode } from './file-errors.ts';
import { isOwnDirectory } from './private-directory.ts';
import {
  findPlace,
  isRunning,
  type ProcessTag,
  renameIfThere,
  TOUCH_MS,
  tagOwnProcess,
  touchFile,
} from './process-tag.ts';

/** What follows the name: a number, behind the tag of the process that owns the directory. */
const SUFFIX = /^\.(?:(\d+-[^-.]+-[0-9a-f]{8}-[0-9a-f]{8})-)?[0-9a-f]{12}$/;

/** A private directory for unfinished work. What is in it outlives the process. */
export interface KeptDirectory {
  readonly path: string;
  /** Leaves what is in it to a later run, and returns its path. Undefined if it has no files with content: then it is removed. */
  release(): string | undefined;
  /** Removes it with all that is in it. */
  remove(): void;
}

/**
 * Takes the directory that an earlier run left under `NAME` in `parent`, or makes a new one (mode 0700). A running process keeps its own, so
 * each run has one for itself. Of several that ended, the files are put together. Throws the system's error.
 */
export function keepDirectory(parent: string, name: string): KeptDirectory {
  const path = join(parent, `${name}.${tagOwnProcess(findPlace())}-${randomName()}`);
  const [first, ...others] = listIdle(parent, name).map((found) => join(parent, found));
  // Touched before it gets our name; otherwise another container would consider it abandoned.
  if (first !== undefined) touchFile(first);
  if (first === undefined || !renameIfThere(first, path)) mkdirSync(path, { mode: 0o700 });
  for (const other of others) mergeInto(path, other);
  const timer = setInterval(() => touchFile(path), TOUCH_MS).unref();
  return {
    path,
    release() {
      clearInterval(timer);
      removeEmptyFiles(path);
      try {
        rmdirSync(path);
        return undefined;
      } catch (error) {
        if (findErrorCode(error) === 'ENOENT') return undefined;
      }
      const idle = join(parent, `${name}.${randomName()}`);
      return renameIfThere(path, idle) ? idle : undefined;
    },
    remove() {
      clearInterval(timer);
      rmSync(path, { recursive: true, force: true });
    },
  };
}

/** True for the name of a directory that `keepDirectory` makes. */
export function isKeptName(found: string, name: string): boolean {
  return found.startsWith(name) && SUFFIX.test(found.slice(name.length));
}

/** The directories under the name whose process has ended. One that others could have made does not count. */
function listIdle(parent: string, name: string): readonly string[] {
  const here = findPlace();
  return readdirSync(parent).filter((found) => {
    if (!isKeptName(found, name) || !isOwnDirectory(join(parent, found))) return false;
    const owner = SUFFIX.exec(found.slice(name.length))?.[1];
    const changedMs = lstatSync(join(parent, found), { throwIfNoEntry: false })?.mtimeMs ?? 0;
    // as: the pattern has checked it.
    return owner === undefined || !isRunning(owner as ProcessTag, changedMs, here);
  });
}

/** Moves the files of a directory, unless ours are as long, and removes it. */
function mergeInto(path: string, other: string): void {
  const taken = join(path, randomName());
  // Another run may be faster.
  if (!renameIfThere(other, taken)) return;
  for (const file of readdirSync(taken)) {
    const size = lstatSync(join(path, file), { throwIfNoEntry: false })?.size ?? -1;
    const found = lstatSync(join(taken, file));
    if (found.isFile() && found.size > size) renameSync(join(taken, file), join(path, file));
  }
  rmSync(taken, { recursive: true, force: true });
}

function removeEmptyFiles(path: string): void {
  for (const { name } of listFiles(path)) {
    if (lstatSync(join(path, name), { throwIfNoEntry: false })?.size === 0)
      rmSync(join(path, name), { force: true });
  }
}

/** Nothing if the directory is gone. */
function listFiles(path: string): readonly Dirent[] {
  try {
    return readdirSync(path, { withFileTypes: true }).filter((entry) => entry.isFile());
  } catch (error) {
    if (findErrorCode(error) === 'ENOENT') return [];
    throw error;
  }
}

function randomName(): string {
  return randomBytes(6).toString('hex');
}
