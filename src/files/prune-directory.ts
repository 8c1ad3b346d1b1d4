import { chmodSync, lstatSync, readdirSync, rmSync, type Stats } from 'node:fs';
import { join } from 'node:path';

const DAY_MS = 24 * 3_600_000;
const FOREIGN_BITS = 0o077;

/** How old and how large a private directory may get. */
export interface PruneLimits {
  readonly maxAgeMs: number;
  /** Bytes on the disk. */
  readonly maxBytes: number;
}

export const PRUNE_LIMITS: PruneLimits = { maxAgeMs: 30 * DAY_MS, maxBytes: 64 * 1024 * 1024 };

export interface PruneOptions {
  /** Which files may be removed, by name; the others are neither counted nor touched. */
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
 * Removes files from a private directory and its subdirectories: those that are too old, then the oldest until the rest fits.
 * Makes the rest private. Follows no link. Never throws: what stays only takes room.
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
    // Another run was quicker.
    return [];
  }
}

/** Whether we own something that others can use. */
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
