// Writes blocks (RFC 1951, 3.2.3 to 3.2.7), dynamic or stored, whichever is shorter.

import * as bits from './bits';
import { buildCode } from './huffman';
import {
  DISTANCE_CODES,
  DISTANCE_COUNTS,
  DISTANCE_LENGTHS,
  LENGTH_CODE_CODES,
  LENGTH_CODE_COUNTS,
  LENGTH_CODE_LENGTHS,
  LITERAL_CODES,
  LITERAL_COUNTS,
  LITERAL_LENGTHS,
  RUNS,
} from './memory';
import {
  DISTANCES,
  distanceExtraBits,
  END_OF_BLOCK,
  LITERALS,
  lengthExtraBits,
  writeSymbols,
} from './symbols';

const STORED: u32 = 0;
const DYNAMIC: u32 = 2;
const MAX_STORED: u32 = 65_535;
const MAX_CODE_BITS: u32 = 15;
const LENGTH_CODES: u32 = 19;
const MAX_LENGTH_CODE_BITS: u32 = 7;
/** Order of the lengths of the code for code lengths. */
const ORDER = memory.data<u8>([16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]);

/** Fewer occurrences in a block give no reliable average. */
const ENOUGH: u32 = 500;

/** Average bits × 16 in the last block: of a literal, and of a match without the extra bits of its distance. */
export let literalCost: u32 = 0;
export let matchCost: u32 = 0;

/** Resets the averages, for the first block. */
export function resetCosts(): void {
  literalCost = 7 << 4;
  matchCost = 10 << 4;
}

/** Clears the counts of symbols, for the next block. */
export function clearCounts(): void {
  memory.fill(LITERAL_COUNTS, 0, 4 * 288);
  memory.fill(DISTANCE_COUNTS, 0, 4 * 32);
}

/** Writes the input [from, from + size) as one block, or as several stored ones. Its symbols end at `end`. */
export function writeBlock(from: u32, size: u32, end: u32, isFinal: bool): void {
  store<u32>(LITERAL_COUNTS + (END_OF_BLOCK << 2), 1);
  buildCode(LITERAL_COUNTS, LITERALS, MAX_CODE_BITS, LITERAL_LENGTHS, LITERAL_CODES);
  buildCode(DISTANCE_COUNTS, DISTANCES, MAX_CODE_BITS, DISTANCE_LENGTHS, DISTANCE_CODES);
  const literals = countUsed(LITERAL_LENGTHS, LITERALS, 257);
  const distances = countUsed(DISTANCE_LENGTHS, DISTANCES, 1);
  const runs = findRuns(literals, distances);
  buildCode(LENGTH_CODE_COUNTS, LENGTH_CODES, MAX_LENGTH_CODE_BITS, LENGTH_CODE_LENGTHS, LENGTH_CODE_CODES);
  let lengthCodes = LENGTH_CODES;
  while (lengthCodes > 4 && load<u8>(LENGTH_CODE_LENGTHS + load<u8>(<u32>ORDER + lengthCodes - 1)) === 0)
    lengthCodes--;
  const dynamicBits: u32 = 3 + 14 + 3 * lengthCodes + countRunBits() + countSymbolBits();
  const storedBits: u32 = (size << 3) + 40 * (size / MAX_STORED + 1);
  if (storedBits <= dynamicBits) {
    writeStored(from, size, isFinal);
    return;
  }
  bits.put((isFinal ? 1 : 0) | (DYNAMIC << 1), 3);
  bits.put((literals - 257) | ((distances - 1) << 5) | ((lengthCodes - 4) << 10), 14);
  for (let index: u32 = 0; index < lengthCodes; index++) {
    bits.put(<u32>load<u8>(LENGTH_CODE_LENGTHS + load<u8>(<u32>ORDER + index)), 3);
  }
  writeRuns(runs);
  writeSymbols(end);
}

/** Writes an empty stored block, like zlib's Z_SYNC_FLUSH: the stream ends at a byte boundary, and others can follow. */
export function writeFlush(): void {
  writeStored(0, 0, false);
}

function writeStored(from: u32, size: u32, isFinal: bool): void {
  let start = from;
  let left = size;
  do {
    const part = min(left, MAX_STORED);
    left -= part;
    bits.put((isFinal && left === 0 ? 1 : 0) | (STORED << 1), 3);
    bits.align();
    bits.put(part | ((part ^ 0xffff) << 16), 32);
    bits.putBytes(start, part);
    start += part;
  } while (left > 0);
}

/** Counts the symbols up to the last one that has a code. */
function countUsed(lengths: u32, size: u32, least: u32): u32 {
  let used = size;
  while (used > least && load<u8>(lengths + used - 1) === 0) used--;
  return used;
}

/** Writes the lengths of both codes, one after the other, as runs into RUNS. Returns their end. */
function findRuns(literals: u32, distances: u32): u32 {
  memory.fill(LENGTH_CODE_COUNTS, 0, 4 * 20);
  let end = RUNS;
  const size = literals + distances;
  for (let index: u32 = 0; index < size; ) {
    const length = lengthAt(index, literals);
    let run: u32 = 1;
    while (index + run < size && lengthAt(index + run, literals) === length) run++;
    index += run;
    if (length === 0) {
      while (run >= 11) {
        const part = min<u32>(run, 138);
        end = addRun(end, 18, part - 11);
        run -= part;
      }
      if (run >= 3) {
        end = addRun(end, 17, run - 3);
        run = 0;
      }
    } else if (run > 3) {
      end = addRun(end, length, 0);
      run--;
      while (run >= 3) {
        const part = min<u32>(run, 6);
        end = addRun(end, 16, part - 3);
        run -= part;
      }
    }
    for (; run > 0; run--) end = addRun(end, length, 0);
  }
  return end;
}

function lengthAt(index: u32, literals: u32): u32 {
  return <u32>load<u8>(index < literals ? LITERAL_LENGTHS + index : DISTANCE_LENGTHS + index - literals);
}

function addRun(end: u32, symbol: u32, extra: u32): u32 {
  store<u16>(end, <u16>symbol);
  store<u16>(end + 2, <u16>extra);
  const slot = LENGTH_CODE_COUNTS + (symbol << 2);
  store<u32>(slot, load<u32>(slot) + 1);
  return end + 4;
}

function runExtraBits(symbol: u32): u32 {
  if (symbol < 16) return 0;
  return symbol === 16 ? 2 : symbol === 17 ? 3 : 7;
}

function countRunBits(): u32 {
  let sum: u32 = 0;
  for (let symbol: u32 = 0; symbol < LENGTH_CODES; symbol++) {
    const each = <u32>load<u8>(LENGTH_CODE_LENGTHS + symbol) + runExtraBits(symbol);
    sum += load<u32>(LENGTH_CODE_COUNTS + (symbol << 2)) * each;
  }
  return sum;
}

function writeRuns(end: u32): void {
  for (let run = RUNS; run < end; run += 4) {
    const symbol = <u32>load<u16>(run);
    bits.put(load<u32>(LENGTH_CODE_CODES + (symbol << 2)), <u32>load<u8>(LENGTH_CODE_LENGTHS + symbol));
    bits.put(<u32>load<u16>(run + 2), runExtraBits(symbol));
  }
}

/** Counts the bits of the block's symbols, and updates the averages for the next block. */
function countSymbolBits(): u32 {
  let literalBits: u32 = 0;
  let literals: u32 = 0;
  for (let symbol: u32 = 0; symbol < END_OF_BLOCK; symbol++) {
    const occurrences = load<u32>(LITERAL_COUNTS + (symbol << 2));
    literals += occurrences;
    literalBits += occurrences * <u32>load<u8>(LITERAL_LENGTHS + symbol);
  }
  let matchBits: u32 = 0;
  let matches: u32 = 0;
  for (let symbol = END_OF_BLOCK + 1; symbol < LITERALS; symbol++) {
    const occurrences = load<u32>(LITERAL_COUNTS + (symbol << 2));
    matches += occurrences;
    matchBits += occurrences * (<u32>load<u8>(LITERAL_LENGTHS + symbol) + lengthExtraBits(symbol));
  }
  let extraBits: u32 = 0;
  for (let symbol: u32 = 0; symbol < DISTANCES; symbol++) {
    const occurrences = load<u32>(DISTANCE_COUNTS + (symbol << 2));
    matchBits += occurrences * <u32>load<u8>(DISTANCE_LENGTHS + symbol);
    extraBits += occurrences * distanceExtraBits(symbol);
  }
  if (literals >= ENOUGH) literalCost = (literalBits << 4) / literals;
  if (matches >= ENOUGH) matchCost = (matchBits << 4) / matches;
  return literalBits + matchBits + extraBits + <u32>load<u8>(LITERAL_LENGTHS + END_OF_BLOCK);
}
