import { chmodSync, writeFileSync } from 'node:fs';
import { chmod, writeFile } from 'node:fs/promises';
import writeFileAtomic from 'write-file-atomic';
import { findErrorCode } from './file-errors.ts';

export interface ReplaceOptions {
  /** Mode under any umask. Default: that of the existing file; the umask decides for a new one. */
  readonly mode?: number;
  /** Waits for the disk (default). Without it, a power failure may leave a damaged file. */
  readonly fsync?: boolean;
}

/** Writes to an existing file. */
const INTO_IT = { flag: 'r+' };

/**
 * Writes a temporary file beside `path` and renames it, so a reader sees the old file or the new one. Follows a link. On an error it
 * keeps the old file and removes the temporary one.
 *
 * The hook writes the bytes. The package would make one system call, and a disk that fills up accepts a part without an error.
 */
export async function replaceFile(
  path: string,
  data: string | Buffer,
  options: ReplaceOptions = {},
): Promise<void> {
  const fill = async (temporary: string): Promise<void> => {
    try {
      await writeFile(temporary, data, INTO_IT);
    } catch (error) {
      if (findErrorCode(error) !== 'EACCES') throw error;
      await chmod(temporary, 0o600);
      await writeFile(temporary, data, INTO_IT);
    }
  };
  await writeFileAtomic(path, '', { ...options, tmpfileCreated: fill });
}

/** Replaces a file like `replaceFile`, without waiting for the thread pool. */
export function replaceFileSync(path: string, data: string | Buffer, options: ReplaceOptions = {}): void {
  const fill = (temporary: string): void => {
    try {
      writeFileSync(temporary, data, INTO_IT);
    } catch (error) {
      if (findErrorCode(error) !== 'EACCES') throw error;
      chmodSync(temporary, 0o600);
      writeFileSync(temporary, data, INTO_IT);
    }
  };
  writeFileAtomic.sync(path, '', { ...options, tmpfileCreated: fill });
}
