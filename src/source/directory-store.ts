import { lstatSync, realpathSync, type Stats } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { invalidInput } from '../oci/json.ts';
import { describeOpenError, openByteFile, streamBytes } from './byte-file.ts';
import { normalizeName } from './entry-name.ts';
import { describeEntry, type FileStore } from './file-store.ts';

/** The files of a directory by their relative names. Symbolic links are not followed, whether of files or of folders. */
export function openDirectoryStore(path: string): FileStore {
  const root = realpathSync(path);
  const locate = (name: string): string => {
    const normal = normalizeName(name);
    if (normal === undefined)
      throw invalidInput(describeEntry({ path }, name), 'it leads outside the directory');
    return join(root, ...normal.split('/'));
  };
  return {
    path,
    find(name) {
      const subject = describeEntry({ path }, name);
      const stats = findStats(locate(name), subject);
      if (stats === undefined) return undefined;
      assertInside(root, locate(name), subject);
      if (stats.isSymbolicLink()) throw describeOpenError(subject, { code: 'ELOOP' });
      if (!stats.isFile()) throw invalidInput(subject, 'it is not a regular file');
      return { name, size: stats.size };
    },
    async *open(stored, start, end) {
      const subject = describeEntry({ path }, stored.name);
      const file = openByteFile(locate(stored.name), { followLinks: false });
      try {
        yield* streamBytes(file, start, end, subject);
      } finally {
        file.close();
      }
    },
    async close() {},
  };
}

function findStats(location: string, subject: string): Stats | undefined {
  try {
    return lstatSync(location, { throwIfNoEntry: false });
  } catch (cause) {
    throw describeOpenError(subject, cause);
  }
}

/** A folder on the way may be a symbolic link, but must not lead out of the directory. */
function assertInside(root: string, location: string, subject: string): void {
  const folder = relative(root, realpathSync(dirname(location)));
  if (folder === '..' || folder.startsWith(`..${sep}`)) {
    throw invalidInput(subject, 'its folder is a symbolic link that leads outside the directory');
  }
}
