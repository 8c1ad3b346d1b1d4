import { createHash } from 'node:crypto';
import { realpathSync, type Stats, statSync } from 'node:fs';
import { join } from 'node:path';
import type { ReadHints } from '../ends/image-source.ts';
import { EcrpError } from '../errors.ts';
import { quoteText } from '../foreign-text.ts';
import type { Digest } from '../oci/digest.ts';
import { invalidInput } from '../oci/json.ts';
import { type ByteFile, openByteFile, streamBytes } from './byte-file.ts';
import { describeFileError, findErrorCode } from './refusals.ts';

/** A file in a store, by its own name: links have been followed. `size` is in bytes. */
export interface StoredFile {
  readonly name: string;
  readonly size: number;
  /** Whether symbolic links of the file system lead to it, perhaps to anywhere: then it is read with `openChecked`. */
  readonly isLinked?: boolean;
}

/** Named files that are read from any byte: the entries of a tar, or the files of a directory. */
export interface FileStore {
  /** For messages: the path as the user gave it. */
  readonly path: string;
  /** Finds a file; undefined when there is none. Throws INVALID_INPUT when the name is a bad link or no regular file. */
  find(name: string): StoredFile | undefined;
  /** Bytes of [start, end) of a file. Throws INVALID_INPUT when it is cut short or changed. */
  open(file: StoredFile, start: number, end: number, hints?: ReadHints): AsyncIterable<Buffer>;
  /**
   * The same from `start` to the end, for a file that is linked: no byte is given away before all of them were seen to have the
   * digest. Throws INVALID_INPUT when they have another.
   */
  openChecked?(file: StoredFile, digest: Digest, start: number, hints?: ReadHints): AsyncIterable<Buffer>;
  /** Idempotent. */
  close(): Promise<void>;
}

/** Reads a whole small file. Throws INVALID_INPUT when it is missing or longer than `maxBytes`. */
export async function readStoredFile(store: FileStore, name: string, maxBytes: number): Promise<Buffer> {
  const subject = describeEntry(store, name);
  const file = store.find(name);
  if (file === undefined) throw invalidInput(subject, 'it is missing');
  if (file.size > maxBytes) {
    throw invalidInput(subject, `it is ${file.size} bytes long, more than the ${maxBytes} bytes allowed`);
  }
  return collectBytes(store.open(file, 0, file.size));
}

export async function collectBytes(chunks: AsyncIterable<Buffer>): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const chunk of chunks) pieces.push(chunk);
  return Buffer.concat(pieces);
}

/** Names an entry in a message; quoted, as archives may hold names with control characters. */
export function describeEntry(store: Pick<FileStore, 'path'>, name: string): string {
  return `${store.path}: entry ${quoteText(name)}`;
}

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
    async *open({ name, isLinked = false }, start, end, hints) {
      const file = openByteFile(join(root, name), { followLinks: isLinked });
      try {
        yield* streamBytes(file, start, end, describeEntry({ path }, name), hints);
      } finally {
        file.close();
      }
    },
    async *openChecked({ name }, digest, start, hints) {
      const subject = describeEntry({ path }, name);
      // The file that was checked is the one that is read: a link can be changed in between.
      const file = openByteFile(join(root, name), { followLinks: true });
      try {
        if (file.identity === undefined || checked.get(name) !== file.identity) {
          await checkDigest(file, digest, subject);
          if (file.identity !== undefined) checked.set(name, file.identity);
        }
        yield* streamBytes(file, start, file.size, subject, hints);
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
