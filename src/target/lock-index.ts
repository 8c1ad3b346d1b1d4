import { join } from 'node:path';
import { EcrpError } from '../errors.ts';
import { findErrorCode } from '../files/file-errors.ts';
import { lockFile, nameLock } from '../files/file-lock.ts';
import { INDEX_FILE } from '../oci/image-layout.ts';

/** Nothing waits for the disk: the next pull checks all that a power failure may have damaged. */
export const WITHOUT_SYNC = { fsync: false };

/** Locks the index of a layout against other runs. Returns what releases it. Throws UNAVAILABLE if another run keeps the lock. */
export async function lockIndex(path: string, signal: AbortSignal | undefined): Promise<() => Promise<void>> {
  const file = join(path, INDEX_FILE);
  try {
    return await lockFile(file, signal);
  } catch (cause) {
    signal?.throwIfAborted();
    if (findErrorCode(cause) !== 'ELOCKED') throw cause;
    throw new EcrpError('UNAVAILABLE', `${file} is locked by another run of ecrp`, {
      hint: `Run the command again; if no other ecrp is running, remove ${nameLock(file)}.`,
      cause,
    });
  }
}
