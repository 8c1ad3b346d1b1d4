import { createHash } from 'node:crypto';
import { realpathSync, type Stats, statSync } from 'node:fs';
import { join } from 'node:path';
import type { ReadHints } from '../ends/image-source.ts';
import { EcrpError } from '../errors.ts';
import { findErrorCode } from '../files/file-errors.ts';
import { quoteText } from '../foreign-text.ts';
import type { Digest } from '../oci/digest.ts';
import { invalidInput } from '../oci/json.ts';
import { type ByteFile, openByteFile, streamRange } from './byte-file.ts';
import { refuseUnreadable } from './refusals.ts';

/** A file of a store, under its own name, after following links. `size` is in bytes. */
export interface StoredFile {
  readonly name: string;
  readonly size: number;
  /**
   * Whether symbolic links of the file system lead to it. They may lead anywhere, so such a file is read with `openChecked`.
   */
  readonly isLinked?: boolean;
}

/** The files of a source by name, readable from any byte: entries of a tar, or files of a directory. */
export interface SourceStore {
  /** For messages: the path as the user gave it. */
  readonly path: string;
  /**
   * Finds a file. Undefined if it does not exist. Throws INVALID_INPUT for a bad link and for anything but a regular file.
   */
  find(name: string): StoredFile | undefined;
  /** Reads [start, end) of a file. Throws INVALID_INPUT if the file is cut short or changed. */
  open(file: StoredFile, start: number, end: number, reading?: ReadHints): AsyncIterable<Buffer>;
  /**
   * Reads a linked file from `start` to its end. Checks the digest of the whole file before it gives any byte. Throws
   * INVALID_INPUT if it has another.
   */
  openChecked?(file: StoredFile, digest: Digest, start: number, reading?: ReadHints): AsyncIterable<Buffer>;
  /** Idempotent. */
  close(): Promise<void>;
}

/** Reads a whole file. Throws INVALID_INPUT if it is missing or longer than `maxBytes`. */
export async function readStoredFile(store: SourceStore, name: string, maxBytes: number): Promise<Buffer> {
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

/** The digest of bytes in chunks, which need not stay the same afterwards. */
export async function digestBytes(chunks: AsyncIterable<Buffer>): Promise<Digest> {
  const hash = createHash('sha256');
  for await (const chunk of chunks) hash.update(chunk);
  return `sha256:${hash.digest('hex')}`;
}

/** Names an entry in a message. Quoted, as names in archives may have control characters. */
export function describeEntry(store: Pick<SourceStore, 'path'>, name: string): string {
  return `${store.path}: entry ${quoteText(name)}`;
}

/**
 * The files of a directory by their relative names. Links are followed, because build systems make layouts of them. They may
 * lead outside the directory, so a linked file is a blob only if it has the blob's digest.
 */
export function openDirectoryStore(path: string): SourceStore {
  const root = findRealPath(path, path);
  /** The identity of each file whose digest was checked, by name. */
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
        yield* streamRange(file, start, end, describeEntry({ path }, name), reading);
      } finally {
        file.close();
      }
    },
    async *openChecked({ name }, digest, start, reading) {
      const subject = describeEntry({ path }, name);
      // Check and read the same open file: the link may change in between.
      const file = openByteFile(join(root, name), { followLinks: true });
      try {
        if (file.identity === undefined || checked.get(name) !== file.identity) {
          await checkDigest(file, digest, subject);
          if (file.identity !== undefined) checked.set(name, file.identity);
        }
        yield* streamRange(file, start, file.size, subject, reading);
      } finally {
        file.close();
      }
    },
    async close() {},
  };
}

async function checkDigest(file: ByteFile, digest: Digest, subject: string): Promise<void> {
  const found = await digestBytes(streamRange(file, 0, file.size, subject, { transient: true }));
  if (found === digest) return;
  throw new EcrpError('INVALID_INPUT', `${subject}: it is a link to a file with another digest, ${found}`, {
    hint: 'Build the layout again.',
  });
}

/** Undefined if the file does not exist. A link to nothing is an error. */
function findStats(location: string, subject: string): Stats | undefined {
  try {
    return statSync(location, { throwIfNoEntry: false });
  } catch (cause) {
    // If a folder's name is that of a file, nothing is below it.
    if (findErrorCode(cause) === 'ENOTDIR') return undefined;
    throw refuseUnreadable(subject, cause);
  }
}

function findRealPath(location: string, subject: string): string {
  try {
    return realpathSync(location);
  } catch (cause) {
    throw refuseUnreadable(subject, cause);
  }
}
