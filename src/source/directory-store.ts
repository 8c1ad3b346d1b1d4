import { lstatSync, realpathSync, type Stats } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { invalidInput } from '../oci/json.ts';
import { openByteFile, refuseLink, streamBytes } from './byte-file.ts';
import { describeEntry, type FileStore } from './file-store.ts';
import { describeFileError } from './read-error.ts';

/** The files of a directory by their relative names. No symbolic link is followed, unless one of a folder stays inside. */
export function openDirectoryStore(path: string): FileStore {
  const root = realpathSync(path);
  return {
    path,
    find(name) {
      const subject = describeEntry({ path }, name);
      const location = join(root, name);
      const stats = findStats(location, subject);
      if (stats === undefined) return undefined;
      assertInside(root, location, subject);
      if (stats.isSymbolicLink()) throw refuseLink(subject);
      if (!stats.isFile()) throw invalidInput(subject, 'not a regular file');
      return { name, size: stats.size };
    },
    async *open(stored, start, end, reading) {
      const subject = describeEntry({ path }, stored.name);
      const file = openByteFile(join(root, stored.name), { followLinks: false });
      try {
        yield* streamBytes(file, start, end, subject, reading);
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
    throw describeFileError(subject, cause);
  }
}

/** A folder on the way may be a symbolic link, but must not lead out of the directory. */
function assertInside(root: string, location: string, subject: string): void {
  const folder = relative(root, realpathSync(dirname(location)));
  if (folder === '..' || folder.startsWith(`..${sep}`)) {
    throw invalidInput(subject, 'its folder is a symbolic link that leads outside the directory');
  }
}
