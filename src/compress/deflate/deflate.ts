// Deflates a chunk to raw deflate (RFC 1951), in AssemblyScript for ../deflater.ts.
//
// Looks one position ahead if a match is short. Takes a match only if it saves bits by the averages of the last block. Short matches from
// far away do not, and they would hide longer ones.

import * as bits from './bits';
import { clearCounts, literalCost, matchCost, resetCosts, writeBlock, writeFlush } from './block';
import { clearTables, findMatch, insert, insertAll } from './matches';
import {
  DISTANCE_COUNTS,
  INPUT,
  LENGTH_SYMBOLS,
  LITERAL_COUNTS,
  MAX_CHUNK,
  MAX_SYMBOLS,
  OUTPUT,
  SYMBOLS,
} from './memory';
import { isAtEnd, STEP, startBlock } from './split';
import { distanceSymbol, initialize, LENGTH, MAX_MATCH } from './symbols';

/** Address for the window and the chunk, address of the output, and longest chunk. */
export const inputAt: u32 = INPUT;
export const outputAt: u32 = OUTPUT;
export const maxChunk: u32 = MAX_CHUNK;

/** For shorter matches, the next position may have a better one. */
const SHORT_MATCH: u32 = 6;
/** Bits × 16. */
const LEAST_SAVINGS: i32 = 4 << 4;
/** After 2^RUN_BITS literals in a row, only every second position is searched; after twice as many every third, and so on. */
const RUN_BITS: u32 = 9;
const MOST_SKIPPED: u32 = 7;
/** A block ends before its symbols pass this address: so many can be added between two looks. */
const FULL: u32 = SYMBOLS + 4 * (MAX_SYMBOLS - STEP - 2 * SHORT_MATCH - MOST_SKIPPED);

initialize();

/**
 * Deflates the `size` bytes after the `window` bytes at `inputAt`; they may refer to the window. The last chunk ends the stream. Returns
 * the length of the output at `outputAt` in whole bytes, so outputs can be joined.
 */
export function deflate(window: u32, size: u32, isLast: bool): u32 {
  const end = INPUT + window + size;
  /** Four bytes can be read at all positions below this one. */
  const searchable = max(end - 3, INPUT);
  let position = INPUT + window;
  bits.startAt(OUTPUT);
  clearTables();
  resetCosts();
  insertAll(INPUT, min(position, searchable));
  do {
    const start = position;
    let symbols = SYMBOLS;
    let seen = SYMBOLS;
    let literals: u32 = 0;
    clearCounts();
    startBlock();
    while (position < end) {
      let match: u32 = 0;
      let savings: i32 = 0;
      if (position < searchable) {
        match = findMatch(position, min(MAX_MATCH, end - position));
        savings = savingsOf(match);
      }
      if (savings <= LEAST_SAVINGS) {
        const next = min(end, position + 1 + min(literals >> RUN_BITS, MOST_SKIPPED));
        literals += next - position;
        for (; position < next; position++) symbols = addLiteral(symbols, <u32>load<u8>(position));
      } else {
        let inserted = position + 1;
        while (match >> 16 < SHORT_MATCH && position + 1 < searchable) {
          const next = findMatch(position + 1, min(MAX_MATCH, end - position - 1));
          inserted = position + 2;
          const nextSavings = savingsOf(next);
          if (nextSavings <= savings) break;
          symbols = addLiteral(symbols, <u32>load<u8>(position));
          position++;
          match = next;
          savings = nextSavings;
        }
        symbols = addMatch(symbols, match);
        position += match >> 16;
        literals = 0;
        for (const until = min(position, searchable); inserted < until; inserted++) insert(inserted);
      }
      if (symbols - seen >= STEP << 2) {
        if (isAtEnd(seen, symbols, position - start, end - position) || symbols >= FULL) break;
        seen = symbols;
      }
    }
    writeBlock(start, position - start, symbols, isLast && position >= end);
  } while (position < end);
  if (isLast) bits.align();
  else writeFlush();
  return bits.at - OUTPUT;
}

/** Bits × 16 that a match saves against literals. Negative for no match. */
function savingsOf(match: u32): i32 {
  const extraBits = max<i32>(30 - <i32>clz((match & 0xffff) - 1), 0);
  return <i32>((match >> 16) * literalCost) - <i32>matchCost - (extraBits << 4);
}

function addLiteral(end: u32, byte: u32): u32 {
  store<u32>(end, byte << 16);
  const slot = LITERAL_COUNTS + (byte << 2);
  store<u32>(slot, load<u32>(slot) + 1);
  return end + 4;
}

function addMatch(end: u32, match: u32): u32 {
  store<u32>(end, match + (LENGTH << 16));
  const slot = LITERAL_COUNTS + ((<u32>load<u16>(LENGTH_SYMBOLS + ((match >> 16) << 1))) << 2);
  store<u32>(slot, load<u32>(slot) + 1);
  const distanceSlot = DISTANCE_COUNTS + (distanceSymbol(match & 0xffff) << 2);
  store<u32>(distanceSlot, load<u32>(distanceSlot) + 1);
  return end + 4;
}
