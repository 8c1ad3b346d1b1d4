import { quoteText } from '../../foreign-text.ts';
import { invalidInput } from '../../oci/json.ts';
import type { ByteFile } from '../byte-file.ts';
import { isMangledText, refuseEarlyEnd, refuseMangled, refuseTar } from '../refusals.ts';
import { type Extent, MAX_EXTENTS, readOldSparse, readPaxSparse, type SparseData } from './sparse-file.ts';
import {
  BLOCK_BYTES,
  MAX_EXTENSION_BYTES,
  parsePaxRecords,
  parseTarHeader,
  readLongText,
  type TarHeader,
  type TarInput,
  type TarOverrides,
} from './tar-header.ts';

/** An entry, and where its data is. A link has a target instead of data. */
export interface TarEntry {
  readonly name: string;
  /** The name as the archive has it, before `normalizeName`. */
  readonly fullName: string;
  readonly kind: 'file' | 'directory' | 'symlink' | 'hardlink' | 'other';
  /** First byte of the data in the archive, and the number of bytes. */
  readonly start: number;
  readonly storedBytes: number;
  /** Bytes of the file, holes included. */
  readonly size: number;
  /** Where in the file the stored data belongs. Undefined for a file without holes. */
  readonly extents?: readonly Extent[];
  /** As the archive has it. Empty unless the entry is a link. */
  readonly target: string;
}

/** Most entries of an archive. Images have a handful a layer; the tar of a file system can have millions. */
export const MAX_ENTRIES = 100_000;

const KINDS: Readonly<Record<string, TarEntry['kind']>> = {
  '0': 'file',
  '7': 'file',
  S: 'file',
  '1': 'hardlink',
  '2': 'symlink',
  '5': 'directory',
};

/** Type flags that never have data, whatever size their header has (POSIX). */
const WITHOUT_DATA = new Set(['1', '2', '3', '4', '5', '6']);

/**
 * Reads the entries of a tar in their order, from header to header. It reads no data but that of extensions and sparse maps.
 * A caller that wants the data of an entry reads it from `input` before it asks for the next entry. Skips entries whose name
 * leads outside the archive: nothing can refer to them. Throws INVALID_INPUT naming the entry if it is malformed or cut
 * short.
 */
export async function* readTarEntries(input: TarInput, signal?: AbortSignal): AsyncGenerator<TarEntry> {
  let overrides: TarOverrides = {};
  let position = 0;
  let extentsLeft = MAX_EXTENTS;
  for (let count = 0; position < (input.size ?? Number.POSITIVE_INFINITY); count += 1) {
    signal?.throwIfAborted();
    const block = await input.read(position, BLOCK_BYTES);
    if (block.length === 0) return;
    if (count === MAX_ENTRIES) {
      throw invalidInput(
        input.path,
        `it has more than ${MAX_ENTRIES} entries, so it is not an image archive`,
        {
          hint: 'Save an image with `docker save`; this looks like a file system.',
        },
      );
    }
    if (block.length < BLOCK_BYTES) throw refuseEarlyEnd(input.path, 'it is cut short within a tar header');
    const header = readHeader(input, block, position);
    if (header === undefined) return;
    const start = position + BLOCK_BYTES;
    const subject = `${input.path}: entry ${quoteText(chooseName(header, overrides))}`;
    const size = findSize(header, overrides);
    if (input.size !== undefined) assertWhole(subject, size, input.size - start);
    const extension = await readExtension(input, header, start, size, subject);
    let data: Data = { start, storedBytes: size, size };
    if (extension === undefined) {
      const { sparse } = overrides;
      const stored = { input, start, size, subject, extentsLeft };
      if (header.type === 'S') data = await readOldSparse(block, stored);
      else if (sparse !== undefined) data = await readPaxSparse(sparse, stored);
      extentsLeft -= data.extents?.length ?? 0;
      const entry = describeEntry(header, overrides, data);
      if (entry !== undefined) yield entry;
      overrides = {};
    } else overrides = { ...overrides, ...extension };
    const end = data.start + data.storedBytes;
    assertWhole(subject, data.storedBytes, (await input.skipTo(end)) - data.start);
    position = data.start + Math.ceil(data.storedBytes / BLOCK_BYTES) * BLOCK_BYTES;
  }
}

type Data = Omit<SparseData, 'extents'> & Partial<Pick<SparseData, 'extents'>>;

function readHeader({ path }: TarInput, block: Buffer, position: number): TarHeader | undefined {
  try {
    return parseTarHeader(block, `${path}: tar header at byte ${position}`);
  } catch (error) {
    // A mangled archive may begin with text entries, which survive.
    throw isMangledText(block) ? refuseMangled(path) : error;
  }
}

/** `present`: bytes that follow an entry's header. */
function assertWhole(subject: string, size: number, present: number): void {
  if (present >= size) return;
  const found = Math.max(0, present);
  throw refuseEarlyEnd(subject, `it is cut short: the archive ends after ${found} of its ${size} bytes`);
}

function findSize(header: TarHeader, overrides: TarOverrides): number {
  if (WITHOUT_DATA.has(header.type)) return 0;
  return isExtension(header.type) ? header.size : (overrides.size ?? header.size);
}

function isExtension(type: string): boolean {
  return 'xgLK'.includes(type);
}

/** Reads what an extension header says about the next entry. Undefined if the header is an entry's own. */
async function readExtension(
  input: TarInput,
  { type }: TarHeader,
  start: number,
  size: number,
  subject: string,
): Promise<TarOverrides | undefined> {
  if (!isExtension(type)) return undefined;
  if (size > MAX_EXTENSION_BYTES)
    throw invalidInput(subject, `its extension header is too long: ${size} bytes`);
  const bytes = await input.read(start, size);
  assertWhole(subject, size, bytes.length);
  if (type === 'L') return { name: readLongText(bytes, subject) };
  if (type === 'K') return { linkName: readLongText(bytes, subject) };
  const records = parsePaxRecords(bytes, subject);
  if (type === 'x') return records;
  if (Object.keys(records).length > 0) {
    throw invalidInput(subject, 'a global PAX header gives all entries the same path or size');
  }
  return {};
}

function describeEntry(header: TarHeader, overrides: TarOverrides, data: Data): TarEntry | undefined {
  const fullName = chooseName(header, overrides);
  const name = normalizeName(fullName);
  if (name === undefined) return undefined;
  const kind = KINDS[header.type] ?? 'other';
  return {
    name,
    fullName,
    // Before POSIX a directory was a file whose name ends in a slash.
    kind: kind === 'file' && fullName.endsWith('/') ? 'directory' : kind,
    ...data,
    target: kind === 'symlink' || kind === 'hardlink' ? (overrides.linkName ?? header.linkName) : '',
  };
}

function chooseName(header: TarHeader, { sparse, name }: TarOverrides): string {
  return sparse?.name ?? name ?? header.name;
}

/**
 * Normalizes the name of an entry: no `.`, no empty component, no slash at either end, `..` resolved. Returns undefined if it
 * leads outside the archive.
 */
export function normalizeName(name: string): string | undefined {
  const components: string[] = [];
  for (const component of name.split('/')) {
    if (component === '' || component === '.') continue;
    if (component !== '..') components.push(component);
    else if (components.pop() === undefined) return undefined;
  }
  return components.join('/');
}

/** How many entries of a tar are read before one must look like an image's. */
export const MAX_FOREIGN_ENTRIES = 1000;

/**
 * Names in image archives of any tool: the files that list images, blobs of an OCI layout, configs and layers named by a
 * digest, `layer.tar` in folders.
 */
const MARKERS = [
  /^(manifest\.json|index\.json|oci-layout|repositories)$/,
  /^blobs\/sha256(\/|$)/,
  /^(sha256:)?[a-f0-9]{64}(\.json|\.tar(\.gz|\.zst)?|\/.*)?$/,
  /(^|\/)layer\.tar$/,
];

/**
 * Reads the entries of a tar as `readTarEntries` does, but throws INVALID_INPUT if none of the first thousand has a name of
 * an image archive: a file system saved by mistake has many more. After one such name any number of other files may follow,
 * as `manifest.json` can be the last entry.
 */
export async function* readImageEntries(input: TarInput, signal?: AbortSignal): AsyncGenerator<TarEntry> {
  const foreign: string[] = [];
  let isImage = false;
  for await (const entry of readTarEntries(input, signal)) {
    isImage ||= MARKERS.some((marker) => marker.test(entry.name));
    if (!isImage) {
      foreign.push(entry.name);
      if (foreign.length >= MAX_FOREIGN_ENTRIES) throw refuseTar({ path: input.path, names: foreign });
    }
    yield entry;
  }
}

/** Lists the entries of a tar file by seeking; see `readImageEntries`. */
export async function indexTar(file: ByteFile, signal?: AbortSignal): Promise<readonly TarEntry[]> {
  const entries: TarEntry[] = [];
  const input = {
    path: file.path,
    size: file.size,
    read: (position: number, length: number) => file.read(position, length),
    skipTo: async (position: number) => Math.min(position, file.size),
  };
  for await (const entry of readImageEntries(input, signal)) entries.push(entry);
  return entries;
}
