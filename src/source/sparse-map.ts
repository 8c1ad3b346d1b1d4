import { invalidInput } from '../oci/json.ts';
import { readTarNumber } from './tar-header.ts';

/** Bytes [offset, offset + length) of a sparse file that are stored in the archive; all others are zeros. */
export interface Extent {
  readonly offset: number;
  readonly length: number;
}

/** What the PAX records of GNU tar and libarchive say of a sparse file; texts as they stand there. */
export interface PaxSparse {
  /** `GNU.sparse.major` and `.minor`; 0.0 and 0.1 need not give them. */
  readonly version?: string;
  /** The name of the file; that in the header is made up. */
  readonly name?: string;
  readonly size?: string;
  /** Offsets and lengths in turn: of version 0.0 one record each, of 0.1 one record for all. */
  readonly numbers: readonly string[];
}

/** A sparse file may have as many bytes as a gzipped archive may unpack to: `bytes + factor × stored bytes`. */
const SPARSE_LIMIT = { bytes: 10_000 * 1024 * 1024, factor: 100 };

/** Most extents of all sparse files of an archive; they are held in memory. */
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

/** Reads a block that continues such a map. */
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

/** Reads the numbers of a map; `texts` has offsets and lengths in turn. */
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

/** Throws INVALID_INPUT unless the extents ascend, lie within the file, and are as long as what is stored. */
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
      throw refuseMap(subject, `a range ends at ${end}, behind the file's ${realSize} bytes`);
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
