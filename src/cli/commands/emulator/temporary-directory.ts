import { lstatSync, readdirSync, rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findPlace, isRunning, type ProcessTag, tagOwnProcess } from '../../../files/process-tag.ts';
import type { Io } from '../../../io.ts';

const PREFIX = 'ecrp-emulator-';
/** The form of the names that `openTemporaryDirectory` makes: the tag of a process with its place, and random characters. */
const OWNED = new RegExp(`^${PREFIX}(\\d+-\\w+-([0-9a-f]+-[0-9a-f]+))-\\w{6}$`);

export interface TemporaryDirectory {
  readonly path: string;
  remove(): void;
}

/**
 * Makes a directory that is removed when the process ends. Its name contains the tag of the process, so that a later emulator can remove the directory of
 * a killed process. Removes such directories now.
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

/** Removes the current user's directories whose process has ended. A directory that cannot be removed stays. */
export function sweepTemporaryDirectories(parent: string): void {
  const here = findPlace();
  for (const name of listNames(parent)) {
    const [, tag, place] = OWNED.exec(name) ?? [];
    // Containers may share a directory, and a process id means nothing in another container. as: the first group has the form of a tag
    if (place !== `${here.host}-${here.space}` || isRunning(tag as ProcessTag, 0, here)) continue;
    const directory = join(parent, name);
    if (isOwn(directory)) removeDirectory(directory);
  }
}

/** Ignores errors. */
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
