import { lstatSync, readdirSync, rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Io } from '../../io.ts';
import { findPlace, isRunning, type ProcessTag, tagOwnProcess } from '../../push/upload-owner.ts';

const PREFIX = 'ecrp-emulator-';
/** The tag of a process, its place, and random characters, as `openTemporaryDirectory` puts them together. */
const OWNED = new RegExp(`^${PREFIX}(\\d+-\\w+-([0-9a-f]+-[0-9a-f]+))-\\w{6}$`);

export interface TemporaryDirectory {
  readonly path: string;
  remove(): void;
}

/**
 * Makes a directory that goes with the process. Its name says which process that is, so that the next one can remove it
 * after a process that was killed; what was left behind so is removed now.
 */
export async function openTemporaryDirectory({ env, onExit }: Io): Promise<TemporaryDirectory> {
  const parent = env.TMPDIR || tmpdir();
  sweepTemporaryDirectories(parent);
  const path = await mkdtemp(join(parent, `${PREFIX}${tagOwnProcess(findPlace())}-`));
  const remove = () => removeDirectory(path);
  const forget = onExit?.(remove);
  return {
    path,
    remove() {
      remove();
      forget?.();
    },
  };
}

/** Removes such directories of our own user whose process has ended. What cannot be removed stays: it is in nobody's way. */
export function sweepTemporaryDirectories(parent: string): void {
  const here = findPlace();
  for (const name of listNames(parent)) {
    const [, tag, place] = OWNED.exec(name) ?? [];
    // Containers may share a directory, and a process id says nothing of one elsewhere. The first group is a tag by its form.
    if (place !== `${here.host}-${here.space}` || isRunning(tag as ProcessTag, 0, here)) continue;
    const directory = join(parent, name);
    if (isOwn(directory)) removeDirectory(directory);
  }
}

/** As far as that can be done. */
function removeDirectory(directory: string): void {
  try {
    rmSync(directory, { recursive: true, force: true });
  } catch {
    // The next emulator tries again.
  }
}

function isOwn(directory: string): boolean {
  try {
    const found = lstatSync(directory);
    return found.isDirectory() && found.uid === (process.getuid?.() ?? found.uid);
  } catch {
    return false;
  }
}

function listNames(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
