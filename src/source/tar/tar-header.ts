import { invalidInput } from '../../oci/json.ts';

export const BLOCK_BYTES = 512;

/** One header block. Long names and PAX records are separate: `TarOverrides`. */
export interface TarHeader {
  readonly name: string;
  readonly linkName: string;
  /** Bytes of data that follow. */
  readonly size: number;
  /** The type flag, e.g. `0` for a file. */
  readonly type: string;
}

const NUL = 0;
const SPACE = 0x20;
const ZEROS = Buffer.alloc(BLOCK_BYTES);

/**
 * Reads one header block (POSIX ustar, GNU, v7). Returns undefined for a block of zeros, which ends an archive. Throws
 * INVALID_INPUT, naming `subject`, for a wrong checksum or size.
 */
export function parseTarHeader(block: Buffer, subject: string): TarHeader | undefined {
  if (block.equals(ZEROS)) return undefined;
  if (!hasValidChecksum(block)) throw invalidInput(subject, 'the checksum of its tar header is wrong');
  const name = readText(block, 0, 100);
  // Only POSIX has a prefix; GNU ("ustar  ") keeps other things there.
  const prefix = block.toString('latin1', 257, 263) === 'ustar\0' ? readText(block, 345, 155) : '';
  return {
    name: prefix === '' ? name : `${prefix}/${name}`,
    linkName: readText(block, 157, 100),
    size: readTarNumber(block.subarray(124, 136), subject),
    type: block[156] === NUL ? '0' : block.toString('latin1', 156, 157),
  };
}

/** Whether the block could be a tar header. */
export function isTarHeader(block: Buffer): boolean {
  return block.length >= BLOCK_BYTES && hasValidChecksum(block.subarray(0, BLOCK_BYTES));
}

/** The checksum is the sum of all bytes, with spaces in its own place. Some old writers summed signed bytes. */
function hasValidChecksum(block: Buffer): boolean {
  const stored = /^[ \0]*([0-7]+)[ \0]*$/.exec(block.toString('latin1', 148, 156))?.[1];
  if (stored === undefined) return false;
  let unsigned = 0;
  let signed = 0;
  for (let position = 0; position < BLOCK_BYTES; position += 1) {
    const byte = position >= 148 && position < 156 ? SPACE : (block[position] ?? NUL);
    unsigned += byte;
    signed += byte > 127 ? byte - 256 : byte;
  }
  const sum = Number.parseInt(stored, 8);
  return sum === unsigned || sum === signed;
}

/**
 * Reads a number of bytes in a header field: octal digits, or GNU's base-256 (the first bit set, the rest a big-endian number
 * in two's complement). Throws INVALID_INPUT, naming `subject`, for text, negative numbers, and numbers beyond 2^53.
 */
export function readTarNumber(field: Buffer, subject: string): number {
  const first = field[0] ?? 0;
  if (first < 0x80) {
    const digits = /^[ \0]*([0-7]*)[ \0]*$/.exec(field.toString('latin1'))?.[1];
    if (digits === undefined) throw invalidInput(subject, 'the size in its tar header is not a number');
    return digits === '' ? 0 : Number.parseInt(digits, 8);
  }
  const isNegative = (first & 0x40) !== 0;
  const size = BigInt(`0x${field.toString('hex')}`) - (1n << BigInt(8 * field.length - 1));
  if (isNegative || size > BigInt(Number.MAX_SAFE_INTEGER)) {
    throw invalidInput(subject, 'the size in its tar header is negative or too large');
  }
  return Number(size);
}

function readText(block: Buffer, start: number, length: number): string {
  const end = block.indexOf(NUL, start);
  return block.toString('utf8', start, end === -1 || end > start + length ? start + length : end);
}

/** A tar that is read from its start to its end. Positions are bytes from the start. */
export interface TarInput {
  /** For messages. */
  readonly path: string;
  /** Bytes of the whole archive; undefined while it arrives. */
  readonly size: number | undefined;
  /** Reads [position, position + length). Positions never descend. Returns fewer bytes only at the end of the archive. */
  read(position: number, length: number): Promise<Buffer>;
  /** Skips to a position, or to the end of the archive if that comes first. Returns the position reached. */
  skipTo(position: number): Promise<number>;
}

/** The PAX records of GNU tar and libarchive about a sparse file, not parsed yet. */
export interface PaxSparse {
  /** `GNU.sparse.major` and `.minor`. Versions 0.0 and 0.1 may leave them out. */
  readonly version?: string;
  /** The file's name. The header has a placeholder. */
  readonly name?: string;
  readonly size?: string;
  /** Offsets and lengths in turn. Version 0.0 has one record for each, 0.1 has one for all. */
  readonly numbers: readonly string[];
}

/** What PAX records and GNU long names say about the entry that follows them. */
export interface TarOverrides {
  readonly name?: string;
  readonly linkName?: string;
  readonly size?: number;
  readonly sparse?: PaxSparse;
}

/** Longest name or link target in bytes: PATH_MAX of Linux. */
const MAX_NAME_BYTES = 4096;

/** Longest data of one extension header, in bytes. PAX records also hold extended attributes. */
export const MAX_EXTENSION_BYTES = 1024 * 1024;

/**
 * Reads the records of a PAX extended header (`LENGTH KEY=VALUE\n`, POSIX.1-2001) that matter for finding an entry. Throws
 * INVALID_INPUT for malformed records.
 */
export function parsePaxRecords(bytes: Buffer, subject: string): TarOverrides {
  let name: string | undefined;
  let linkName: string | undefined;
  let size: number | undefined;
  const sparse: SparseRecords = { texts: new Map(), numbers: [] };
  for (let at = 0; at < bytes.length; ) {
    const space = bytes.indexOf(0x20, at);
    const digits = space === -1 ? '' : bytes.toString('latin1', at, space);
    const length = /^[1-9][0-9]{0,9}$/.test(digits) ? Number(digits) : 0;
    const end = at + length;
    const equals = bytes.indexOf(0x3d, space);
    if (length === 0 || end > bytes.length || bytes[end - 1] !== 0x0a || equals === -1 || equals >= end) {
      throw invalidInput(subject, 'its PAX header is malformed');
    }
    const key = bytes.toString('utf8', space + 1, equals);
    const value = bytes.toString('utf8', equals + 1, end - 1);
    if (key.startsWith('GNU.sparse.')) noteSparse(sparse, key.slice('GNU.sparse.'.length), value, subject);
    if (key === 'path') name = checkName(value, subject);
    if (key === 'linkpath') linkName = checkName(value, subject);
    if (key === 'size') size = parsePaxSize(value, subject);
    at = end;
  }
  return {
    ...(name !== undefined && { name }),
    ...(linkName !== undefined && { linkName }),
    ...(size !== undefined && { size }),
    ...(sparse.texts.size > 0 && { sparse: describeSparse(sparse) }),
  };
}

/** Records of a sparse file, by the key after `GNU.sparse.`. Version 0.0 repeats them for each range. */
interface SparseRecords {
  readonly texts: Map<string, string>;
  numbers: string[];
}

function noteSparse(records: SparseRecords, key: string, value: string, subject: string): void {
  records.texts.set(key, key === 'name' ? checkName(value, subject) : value);
  if (key === 'offset' || key === 'numbytes') records.numbers.push(value);
  if (key === 'map') records.numbers = value === '' ? [] : value.split(',');
}

function describeSparse({ texts, numbers }: SparseRecords): PaxSparse {
  const [major, minor, name] = ['major', 'minor', 'name'].map((key) => texts.get(key));
  const size = texts.get('size') ?? texts.get('realsize');
  return {
    ...(major !== undefined && { version: `${major}.${minor ?? ''}` }),
    ...(name !== undefined && { name }),
    ...(size !== undefined && { size }),
    numbers,
  };
}

/** Reads the data of a GNU long name or long link entry: text that ends in NUL. */
export function readLongText(bytes: Buffer, subject: string): string {
  const end = bytes.indexOf(0);
  return checkName(bytes.toString('utf8', 0, end === -1 ? bytes.length : end), subject);
}

function checkName(name: string, subject: string): string {
  if (name.length <= MAX_NAME_BYTES) return name;
  throw invalidInput(subject, `a name in its extension header is longer than ${MAX_NAME_BYTES} bytes`);
}

function parsePaxSize(value: string, subject: string): number {
  const size = /^[0-9]{1,16}$/.test(value) ? Number(value) : Number.NaN;
  if (!Number.isSafeInteger(size)) {
    throw invalidInput(subject, `the size in its PAX header is ${JSON.stringify(value.slice(0, 40))}`);
  }
  return size;
}
