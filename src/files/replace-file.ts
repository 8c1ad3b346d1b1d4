import { chmodSync, writeFileSync } from 'node:fs';
import { chmod, writeFile } from 'node:fs/promises';
import writeFileAtomic from 'write-file-atomic';
import { findErrorCode } from './file-errors.ts';

export interface ReplaceOptions {
  /** Mode under any umask. Without it, an existing file keeps its own and a new one gets what the umask leaves. */
  readonly mode?: number;
  /** Whether to wait for the disk (default). Without it, a power failure may leave a damaged file. */
  readonly fsync?: boolean;
}

/** Writes into a file that exists. */
const INTO_IT = { flag: 'r+' };

/**
 * Writes a temporary file beside `path` and renames it: a reader sees the old file or the new one. Follows a link.
 * When it throws, the old file is untouched and the temporary one is gone.
 *
 * The hook writes the bytes: the package makes one system call, and a disk that fills up takes a part without an error.
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

/** Does the same without a turn in the thread pool. */
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
