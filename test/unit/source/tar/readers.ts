import { extract, type Header } from 'tar-stream';
import { EcrpError } from '../../../../src/errors.ts';
import { ForwardReader } from '../../../../src/source/arriving/forward-reader.ts';
import { KeptFile } from '../../../../src/source/arriving/kept-file.ts';
import {
  indexTar,
  normalizeName,
  readImageEntries,
  type TarEntry,
} from '../../../../src/source/tar/tar-entries.ts';

/** An entry as all readers describe it. `start`: first byte of its data; `bytes`: number of stored bytes. */
export interface ReadEntry {
  readonly name: string;
  readonly kind: TarEntry['kind'];
  readonly start: number;
  readonly bytes: number;
  readonly target: string;
}

export interface Reading {
  readonly entries: readonly ReadEntry[];
  /** Undefined when the reader reached the end of the archive. */
  readonly error: string | undefined;
}

/** Our reader, seeking from header to header, as it reads a file. */
export function readBySeeking(tar: Buffer): Promise<Reading> {
  const file = {
    path: 'image.tar',
    size: tar.length,
    read: async (position: number, length: number) => tar.subarray(position, position + length),
    assertUnchanged: () => {},
    close: () => {},
  };
  return collect(async (add) => (await indexTar(file)).map(describe).forEach(add));
}

/** Our reader, going forwards, as it reads a pipe. */
export function readForwards(tar: Buffer, chunkBytes: number): Promise<Reading> {
  async function* cut(): AsyncGenerator<Buffer> {
    for (let at = 0; at < tar.length; at += chunkBytes) yield tar.subarray(at, at + chunkBytes);
  }
  const kept = new KeptFile('image.tar', { temporaryDirectory: '/no/such/directory', maxSpoolBytes: 0 });
  const reader = new ForwardReader('image.tar', cut(), kept);
  return collect(async (add) => {
    for await (const entry of readImageEntries(reader)) add(describe(entry));
  });
}

/** tar-stream, as lenient as it can be. */
export function readByTarStream(tar: Buffer): Promise<Reading> {
  // Its types do not know this option.
  const options: object = { allowUnknownFormat: true };
  const reader = extract(options);
  reader.end(tar);
  return collect(async (add) => {
    for await (const entry of reader) {
      // tar-stream never ends the stream of a directory whose header has a size.
      const bytes = entry.header.type === 'directory' ? 0 : await countBytes(entry);
      const found = describeHeader(entry.header, bytes);
      if (found !== undefined) add(found);
    }
  });
}

/** `byteOffset`, which is missing in its types: first byte of the data. */
function describeHeader(
  { name: path, type, linkname, byteOffset = Number.NaN }: Header & { readonly byteOffset?: number },
  bytes: number,
): ReadEntry | undefined {
  const name = normalizeName(path);
  const kind = KINDS[type] ?? 'other';
  const target = kind === 'symlink' || kind === 'hardlink' ? linkname || '' : '';
  return name === undefined ? undefined : { name, kind, start: byteOffset, bytes, target };
}

const KINDS: Readonly<Record<string, TarEntry['kind']>> = {
  file: 'file',
  'contiguous-file': 'file',
  link: 'hardlink',
  symlink: 'symlink',
  directory: 'directory',
};

function describe({ name, kind, start, storedBytes, target }: TarEntry): ReadEntry {
  return { name, kind, start, bytes: storedBytes, target };
}

async function collect(read: (add: (entry: ReadEntry) => void) => Promise<void>): Promise<Reading> {
  const entries: ReadEntry[] = [];
  const add = (entry: ReadEntry) => void entries.push(entry);
  try {
    await read(add);
    return { entries, error: undefined };
  } catch (error) {
    if (error instanceof EcrpError && error.code !== 'INVALID_INPUT') throw error;
    return { entries, error: String(error) };
  }
}

async function countBytes(chunks: AsyncIterable<unknown>): Promise<number> {
  let bytes = 0;
  for await (const chunk of chunks) if (Buffer.isBuffer(chunk)) bytes += chunk.length;
  return bytes;
}
