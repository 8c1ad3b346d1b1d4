import {
  checkExtents,
  type Extent,
  MAX_EXTENTS,
  type PaxSparse,
  parseDecimal,
  parseExtents,
  parseOldExtension,
  parseOldHeader,
  refuseMap,
} from './sparse-map.ts';
import { BLOCK_BYTES } from './tar-header.ts';
import type { TarInput } from './tar-input.ts';

/** A sparse file: where its stored bytes are, and where they belong. */
export interface SparseData {
  /** First stored byte in the archive, and their number. */
  readonly start: number;
  readonly storedBytes: number;
  /** Bytes of the file, with its holes. */
  readonly size: number;
  readonly extents: readonly Extent[];
}

/** An entry whose header was read; its data area is [start, start + size), but see `readOldSparse`. */
export interface SparseEntry {
  readonly input: TarInput;
  readonly start: number;
  readonly size: number;
  /** For messages. */
  readonly subject: string;
  /** How many extents the archive may still have. */
  readonly extentsLeft: number;
}

/**
 * Reads the map of GNU tar's old sparse format: in the header, and in blocks between it and the data. Source: GNU tar's
 * manual, "Old GNU Format". Throws INVALID_INPUT for a map that is absurd.
 */
export async function readOldSparse(header: Buffer, entry: SparseEntry): Promise<SparseData> {
  const { input, size, subject } = entry;
  // In star's own format there are other things at these places.
  if (header.toString('latin1', 257, 265) !== 'ustar  \0') {
    throw refuseMap(subject, 'it is in another format than those of GNU tar');
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
 * Reads the map of a sparse file in PAX format: of versions 0.0 and 0.1 it is in the records, of 1.0 at the begin of the
 * data. Source: GNU tar's manual, "Storing Sparse Files". Throws INVALID_INPUT for a map that is absurd.
 */
export async function readPaxSparse(pax: PaxSparse, entry: SparseEntry): Promise<SparseData> {
  const { start, size, subject } = entry;
  const { version = '0.1', numbers } = pax;
  if (pax.size === undefined) throw refuseMap(subject, 'it does not say how long the file is');
  const realSize = parseDecimal(pax.size, subject);
  if (version === '1.0') {
    const { texts, mapBytes } = await readMapText(entry);
    const extents = parseExtents(texts, subject);
    checkExtents(extents, realSize, size - mapBytes, subject);
    return { start: start + mapBytes, storedBytes: size - mapBytes, size: realSize, extents };
  }
  if (version !== '0.0' && version !== '0.1') {
    throw refuseMap(subject, `version ${JSON.stringify(version.slice(0, 40))} is not known`);
  }
  const extents = parseExtents(numbers, subject);
  checkCount(extents.length, entry);
  checkExtents(extents, realSize, size, subject);
  return { start, storedBytes: size, size: realSize, extents };
}

/** Reads the map of version 1.0: the number of extents, then offsets and lengths, one a line, filled up to whole blocks. */
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
    if (rest.length > BLOCK_BYTES) throw refuseMap(subject, 'it has a number without end');
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
