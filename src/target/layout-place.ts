import { readdirSync } from 'node:fs';
import { mkdir, open, readdir, readFile, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { EcrpError } from '../errors.ts';
import { findErrorCode } from '../files/file-errors.ts';
import { isKeptName, type KeptDirectory, keepDirectory } from '../files/kept-directory.ts';
import { replaceFile } from '../files/replace-file.ts';
import {
  checkLayoutVersion,
  INDEX_FILE,
  LAYOUT_FILE,
  LAYOUT_VERSION,
  MAX_LAYOUT_FILE_BYTES,
} from '../oci/image-layout.ts';
import { makeEmptyIndex } from '../oci/layout-index.ts';
import { lockIndex, WITHOUT_SYNC } from './lock-index.ts';

/** The name of the directory with what is being fetched, in the layout. */
const STAGING = '.ecrp-pull';
/** What a write that was killed leaves of our own files, and their lock. */
const OWN_TEMPORARY = /^(?:oci-layout|index\.json)\.(?:\d+|ecrp-lock)$/;

/** A layout on the disk that images come into. */
export interface OpenLayout {
  readonly path: string;
  /** A private directory in the layout, for what is being fetched. An interrupted run leaves it to the next. */
  readonly staging: KeptDirectory;
  /** Removes the layout if this run has made it and nothing came into it. */
  removeEmpty(): Promise<void>;
}

/** Throws CONFLICT for a directory that holds something else than a layout. A missing directory, and an empty one, can become a layout. */
export function checkLayoutDirectory(path: string): void {
  let names: readonly string[];
  try {
    names = readdirSync(path);
  } catch (error) {
    if (findErrorCode(error) === 'ENOENT') return;
    throw error;
  }
  assertLayout(path, names);
}

/**
 * Opens an OCI image layout to add images, and makes it if the directory is missing or empty. Throws CONFLICT for a directory that holds something else,
 * INVALID_INPUT for a layout of another version.
 */
export async function openLayout(path: string, signal: AbortSignal): Promise<OpenLayout> {
  const made = await mkdir(path, { recursive: true });
  const release = await lockIndex(path, signal);
  try {
    const names = await readdir(path);
    assertLayout(path, names);
    if (names.includes(LAYOUT_FILE)) checkLayoutVersion(await readStart(join(path, LAYOUT_FILE)), path);
    else await replaceFile(join(path, LAYOUT_FILE), LAYOUT_VERSION, WITHOUT_SYNC);
    if (!names.includes(INDEX_FILE))
      await replaceFile(join(path, INDEX_FILE), makeEmptyIndex(), WITHOUT_SYNC);
    const isNew = !names.includes(LAYOUT_FILE);
    return {
      path,
      staging: keepDirectory(path, STAGING),
      removeEmpty: async () => {
        if (isNew) await removeEmptyLayout(path, made !== undefined);
      },
    };
  } finally {
    await release();
  }
}

function assertLayout(path: string, names: readonly string[]): void {
  if (names.includes(LAYOUT_FILE)) return;
  const other = names.find((name) => !isKeptName(name, STAGING) && !OWN_TEMPORARY.test(name));
  if (other === undefined) return;
  throw new EcrpError('CONFLICT', `${path}: the directory is not empty, and no OCI layout`, {
    hint: 'Name a directory that does not exist yet, or a file that ends in .tar.',
  });
}

/** Reads a file up to the longest that it may be. */
async function readStart(path: string): Promise<Buffer> {
  const file = await open(path);
  try {
    const memory = Buffer.alloc(MAX_LAYOUT_FILE_BYTES);
    return memory.subarray(0, (await file.read(memory, 0, memory.length, 0)).bytesRead);
  } finally {
    await file.close();
  }
}

/** Leaves a layout that another run has filled or is filling. `hasMade`: the directory itself is ours. */
async function removeEmptyLayout(path: string, hasMade: boolean): Promise<void> {
  const release = await lockIndex(path, undefined);
  try {
    const ours = [LAYOUT_FILE, INDEX_FILE, 'blobs'];
    const others = (await readdir(path)).filter((name) => !ours.includes(name) && !OWN_TEMPORARY.test(name));
    const index = await readFile(join(path, INDEX_FILE));
    if (others.length > 0 || !index.equals(makeEmptyIndex())) return;
    await removeIfEmpty(join(path, 'blobs', 'sha256'));
    if (!(await removeIfEmpty(join(path, 'blobs')))) return;
    await rm(join(path, INDEX_FILE));
    await rm(join(path, LAYOUT_FILE));
  } finally {
    await release();
  }
  if (hasMade) await removeIfEmpty(path);
}

/** False if something is in it. */
async function removeIfEmpty(path: string): Promise<boolean> {
  try {
    await rmdir(path);
  } catch (error) {
    const code = findErrorCode(error);
    if (code === 'ENOTEMPTY' || code === 'EEXIST') return false;
    if (code !== 'ENOENT') throw error;
  }
  return true;
}
