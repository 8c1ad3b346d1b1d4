import { invalidInput } from '../oci/json.ts';

export const BLOCK_BYTES = 512;

/** A tar header as it stands in its block; long names and PAX records are the indexer's business. */
export interface TarHeader {
  readonly name: string;
  readonly linkName: string;
  /** Bytes of data that follow, as the header says. */
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

/** The sum of all bytes, its own eight taken as spaces; some old writers summed signed bytes. */
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
 * in two's complement). Throws INVALID_INPUT, naming `subject`, for one that is no number, negative or beyond 2^53.
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
    throw invalidInput(subject, 'the size in its tar header is absurd');
  }
  return Number(size);
}

function readText(block: Buffer, start: number, length: number): string {
  const end = block.indexOf(NUL, start);
  return block.toString('utf8', start, end === -1 || end > start + length ? start + length : end);
}
