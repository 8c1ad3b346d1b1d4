import { invalidInput } from '../../oci/json.ts';
import { BLOCK_BYTES, type PaxSparse, readTarNumber, type TarInput } from './tar-header.ts';

/** Bytes [offset, offset + length) of a sparse file that the archive stores. All other bytes are zeros. */
export interface Extent {
  readonly offset: number;
  readonly length: number;
}

/** Largest sparse file: `bytes + factor × stored bytes`, the same limit as for gzipped archives. */
const SPARSE_LIMIT = { bytes: 10_000 * 1024 * 1024, factor: 100 };

/** Most extents of all sparse files of an archive. They are held in memory. */
export const MAX_EXTENTS = 1_000_000;

/** Positions in the header block of GNU tar, and in the blocks that continue its map. */
const OLD_MAP = { start: 386, count: 4, continues: 482, realSize: 483 };
const OLD_EXTENSION = { start: 0, count: 21, continues: 504 };
const NUMBER_BYTES = 12;

interface MapPart {
  readonly extents: readonly Extent[];
  /** Whether another block of the map follows. */
  readonly continues: boolean;
}

/** Reads the map in a header of GNU tar's old sparse format (type flag `S`), and the size of the whole file. */
export function parseOldHeader(block: Buffer, subject: string): MapPart & { readonly realSize: number } {
  const { realSize } = OLD_MAP;
  return {
    ...parseOldMap(block, OLD_MAP, subject),
    realSize: readTarNumber(block.subarray(realSize, realSize + NUMBER_BYTES), subject),
  };
}

/** Reads a block that continues the map of a header. */
export function parseOldExtension(block: Buffer, subject: string): MapPart {
  return parseOldMap(block, OLD_EXTENSION, subject);
}

function parseOldMap(
  block: Buffer,
  { start, count, continues }: typeof OLD_EXTENSION,
  subject: string,
): MapPart {
  const extents: Extent[] = [];
  for (let place = 0; place < count; place += 1) {
    const at = start + place * 2 * NUMBER_BYTES;
    const [offset, length] = [at, at + NUMBER_BYTES].map((from) => block.subarray(from, from + NUMBER_BYTES));
    // An unused place ends the map.
    if (offset === undefined || length === undefined || length[0] === 0) break;
    extents.push({ offset: readTarNumber(offset, subject), length: readTarNumber(length, subject) });
  }
  return { extents, continues: block[continues] !== 0 };
}

/** Reads the numbers of a map. `texts` has offsets and lengths in turn. */
export function parseExtents(texts: readonly string[], subject: string): readonly Extent[] {
  const numbers = texts.map((text) => parseDecimal(text, subject));
  if (numbers.length % 2 !== 0) throw refuseMap(subject, 'it ends within a pair of numbers');
  const extents: Extent[] = [];
  for (let at = 0; at < numbers.length; at += 2) {
    extents.push({ offset: numbers[at] ?? 0, length: numbers[at + 1] ?? 0 });
  }
  return extents;
}

export function parseDecimal(text: string, subject: string): number {
  const value = /^[0-9]{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(value)) return value;
  throw refuseMap(subject, `${JSON.stringify(text.slice(0, 40))} is not a number of bytes`);
}

/** Throws INVALID_INPUT unless the extents ascend, lie within the file, and cover exactly the stored bytes. */
export function checkExtents(
  extents: readonly Extent[],
  realSize: number,
  storedBytes: number,
  subject: string,
): void {
  let end = 0;
  let total = 0;
  for (const { offset, length } of extents) {
    if (offset < end) throw refuseMap(subject, 'its ranges overlap, or are out of order');
    end = offset + length;
    if (end > realSize)
      throw refuseMap(subject, `a range ends at ${end}, after the file's ${realSize} bytes`);
    total += length;
  }
  if (total !== storedBytes) {
    throw refuseMap(subject, `its ranges have ${total} bytes, but ${storedBytes} are stored`);
  }
  const most = SPARSE_LIMIT.bytes + SPARSE_LIMIT.factor * storedBytes;
  if (realSize > most) {
    throw refuseMap(subject, `the file would have ${realSize} bytes, more than the ${most} allowed`);
  }
}

/** The error for a sparse file that cannot be read. */
export function refuseMap(subject: string, problem: string): Error {
  return invalidInput(subject, `its map of a sparse file is wrong: ${problem}`, {
    hint: 'Write the archive again, without sparse files: GNU tar without `--sparse`, bsdtar with `--no-read-sparse`.',
  });
}

/** A sparse file: where the archive stores its bytes, and where they belong in the file. */
export interface SparseData {
  /** First stored byte in the archive, and their number. */
  readonly start: number;
  readonly storedBytes: number;
  /** Bytes of the file, holes included. */
  readonly size: number;
  readonly extents: readonly Extent[];
}

/** An entry whose header was read. Its data is [start, start + size); in the old format the map comes first. */
export interface SparseEntry {
  readonly input: TarInput;
  readonly start: number;
  readonly size: number;
  /** For messages. */
  readonly subject: string;
  /** How many more extents the archive may have. */
  readonly extentsLeft: number;
}

/**
 * Reads the map of GNU tar's old sparse format: in the header, then in blocks between it and the data. Source: GNU tar's
 * manual, "Old GNU Format". Throws INVALID_INPUT for an impossible map.
 */
export async function readOldSparse(header: Buffer, entry: SparseEntry): Promise<SparseData> {
  const { input, size, subject } = entry;
  // star's own format keeps other fields here.
  if (header.toString('latin1', 257, 265) !== 'ustar  \0') {
    throw refuseMap(subject, 'only the formats of GNU tar are supported');
  }
  const { realSize, ...first } = parseOldHeader(header, subject);
  const extents = [...first.extents];
  let { start } = entry;
  for (let { continues } = first; continues; start += BLOCK_BYTES) {
    const block = await readBlock(entry, start);
    const part = parseOldExtension(block, subject);
    extents.push(...part.extents);
    checkCount(extents.length, entry);
    continues = part.continues;
  }
  if (input.size !== undefined && start + size > input.size) throw refuseMap(subject, 'it is cut short');
  checkExtents(extents, realSize, size, subject);
  return { start, storedBytes: size, size: realSize, extents };
}

/**
 * Reads the map of a sparse file in PAX format. Versions 0.0 and 0.1 keep it in the records, 1.0 at the start of the data.
 * Source: GNU tar's manual, "Storing Sparse Files". Throws INVALID_INPUT for an impossible map.
 */
export async function readPaxSparse(pax: PaxSparse, entry: SparseEntry): Promise<SparseData> {
  const { start, size, subject } = entry;
  const { version = '0.1', numbers } = pax;
  if (pax.size === undefined) throw refuseMap(subject, 'the size of the file is missing');
  const realSize = parseDecimal(pax.size, subject);
  if (version === '1.0') {
    const { texts, mapBytes } = await readMapText(entry);
    const extents = parseExtents(texts, subject);
    checkExtents(extents, realSize, size - mapBytes, subject);
    return { start: start + mapBytes, storedBytes: size - mapBytes, size: realSize, extents };
  }
  if (version !== '0.0' && version !== '0.1') {
    throw refuseMap(subject, `version ${JSON.stringify(version.slice(0, 40))} is unknown`);
  }
  const extents = parseExtents(numbers, subject);
  checkCount(extents.length, entry);
  checkExtents(extents, realSize, size, subject);
  return { start, storedBytes: size, size: realSize, extents };
}

/** Reads the map of version 1.0: the number of extents, then offsets and lengths, one a line, padded to whole blocks. */
async function readMapText(entry: SparseEntry): Promise<{ texts: readonly string[]; mapBytes: number }> {
  const { start, size, subject } = entry;
  const texts: string[] = [];
  let wanted = 1;
  let mapBytes = 0;
  for (let rest = ''; texts.length < wanted; ) {
    if (mapBytes + BLOCK_BYTES > size) throw refuseMap(subject, 'it is cut short');
    const block = await readBlock(entry, start + mapBytes);
    mapBytes += BLOCK_BYTES;
    const lines = (rest + block.toString('latin1')).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > BLOCK_BYTES) throw refuseMap(subject, 'one of its numbers is too long');
    for (const line of lines) texts.push(line);
    if (wanted === 1 && texts[0] !== undefined) {
      const count = parseDecimal(texts[0], subject);
      checkCount(count, entry);
      wanted = 1 + 2 * count;
    }
  }
  return { texts: texts.slice(1, wanted), mapBytes };
}

async function readBlock({ input, subject }: SparseEntry, position: number): Promise<Buffer> {
  const block = await input.read(position, BLOCK_BYTES);
  if (block.length < BLOCK_BYTES) throw refuseMap(subject, 'it is cut short');
  return block;
}

function checkCount(count: number, { extentsLeft, subject }: SparseEntry): void {
  if (count > extentsLeft) throw refuseMap(subject, `the archive has more than ${MAX_EXTENTS} ranges`);
}
