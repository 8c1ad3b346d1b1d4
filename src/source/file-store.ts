import { quoteText } from '../foreign-text.ts';
import type { Digest } from '../oci/digest.ts';
import { invalidInput } from '../oci/json.ts';
import type { Reading } from './byte-file.ts';

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
  open(file: StoredFile, start: number, end: number, reading?: Reading): AsyncIterable<Buffer>;
  /**
   * The same from `start` to the end, for a file that is linked: no byte is given away before all of them were seen to have the
   * digest. Throws INVALID_INPUT when they have another.
   */
  openChecked?(file: StoredFile, digest: Digest, start: number, reading?: Reading): AsyncIterable<Buffer>;
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
