import { setTimeout as sleep } from 'node:timers/promises';
import { lock } from 'proper-lockfile';
import { findErrorCode } from './file-errors.ts';

/** Pause between attempts to lock a file, and their number: 15 s in all. */
const LOCK_PAUSE_MS = 100;
const LOCK_ATTEMPTS = 150;

/** The path of the lock of a file. Other tools may use `FILE.lock`. */
export function nameLock(path: string): string {
  return `${path}.ecrp-lock`;
}

/**
 * Locks a file, which need not exist, against other runs of ecrp. Waits up to 15 s for another run, and takes over the lock of a killed one
 * after ten seconds. Returns what releases it. Throws an error with the code ELOCKED if another run keeps the lock.
 */
export async function lockFile(path: string, signal: AbortSignal | undefined): Promise<() => Promise<void>> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await lock(path, {
        lockfilePath: nameLock(path),
        realpath: false,
        stale: 10_000,
        // The lock lasts milliseconds, so only a sleeping machine loses it. What it protects is replaced by a rename, which is atomic even then.
        onCompromised: () => undefined,
      });
    } catch (error) {
      if (findErrorCode(error) !== 'ELOCKED' || attempt === LOCK_ATTEMPTS) throw error;
      await sleep(LOCK_PAUSE_MS * (0.5 + Math.random()), undefined, signal && { signal });
    }
  }
}
