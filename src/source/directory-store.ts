import { createHash } from 'node:crypto';
import { realpathSync, type Stats, statSync } from 'node:fs';
import { join } from 'node:path';
import { EcrpError } from '../errors.ts';
import type { Digest } from '../oci/digest.ts';
import { invalidInput } from '../oci/json.ts';
import { type ByteFile, openByteFile, streamBytes } from './byte-file.ts';
import { describeEntry, type FileStore } from './file-store.ts';
import { describeFileError, findErrorCode } from './read-error.ts';

/**
 * The files of a directory by their relative names. Links are followed, as build systems make layouts of them; what they lead
 * to may be outside, so it is a blob only if it has the blob's digest.
 */
export function openDirectoryStore(path: string): FileStore {
  const root = findRealPath(path, path);
  /** The files that were seen to have the digest of their name. */
  const checked = new Map<string, string>();
  return {
    path,
    find(name) {
      const subject = describeEntry({ path }, name);
      const location = join(root, name);
      const stats = findStats(location, subject);
      if (stats === undefined) return undefined;
      if (!stats.isFile()) throw invalidInput(subject, 'not a regular file');
      const isLinked = findRealPath(location, subject) !== location;
      return { name, size: stats.size, ...(isLinked && { isLinked }) };
    },
    async *open({ name, isLinked = false }, start, end, reading) {
      const file = openByteFile(join(root, name), { followLinks: isLinked });
      try {
        yield* streamBytes(file, start, end, describeEntry({ path }, name), reading);
      } finally {
        file.close();
      }
    },
    async *openChecked({ name }, digest, start, reading) {
      const subject = describeEntry({ path }, name);
      // The file that was checked is the one that is read: a link can be changed in between.
      const file = openByteFile(join(root, name), { followLinks: true });
      try {
        if (file.identity === undefined || checked.get(name) !== file.identity) {
          await checkDigest(file, digest, subject);
          if (file.identity !== undefined) checked.set(name, file.identity);
        }
        yield* streamBytes(file, start, file.size, subject, reading);
      } finally {
        file.close();
      }
    },
    async close() {},
  };
}

async function checkDigest(file: ByteFile, digest: Digest, subject: string): Promise<void> {
  const hash = createHash('sha256');
  for await (const chunk of streamBytes(file, 0, file.size, subject, { transient: true })) hash.update(chunk);
  const found = `sha256:${hash.digest('hex')}`;
  if (found === digest) return;
  throw new EcrpError(
    'INVALID_INPUT',
    `${subject}: it is a link to a file with another digest, ${found}, so nothing of it is sent`,
    { hint: 'Build the layout again.' },
  );
}

/** Undefined for a file that is not there; a link that leads nowhere is an error. */
function findStats(location: string, subject: string): Stats | undefined {
  try {
    return statSync(location, { throwIfNoEntry: false });
  } catch (cause) {
    // With a file in the place of a folder there is nothing below it.
    if (findErrorCode(cause) === 'ENOTDIR') return undefined;
    throw describeFileError(subject, cause);
  }
}

function findRealPath(location: string, subject: string): string {
  try {
    return realpathSync(location);
  } catch (cause) {
    throw describeFileError(subject, cause);
  }
}
