// Symbols (RFC 1951, 3.2.5): literals, and matches as lengths and distances.

import * as bits from './bits';
import {
  DISTANCE_CODES,
  DISTANCE_ENTRIES,
  DISTANCE_LENGTHS,
  DISTANCE_SYMBOLS,
  LENGTH_SYMBOLS,
  LITERAL_CODES,
  LITERAL_ENTRIES,
  LITERAL_LENGTHS,
  SYMBOLS,
} from './memory';

export const END_OF_BLOCK: u32 = 256;
export const LITERALS: u32 = 286;
export const DISTANCES: u32 = 30;
const MIN_MATCH: u32 = 3;
export const MAX_MATCH: u32 = 258;

/** A literal is stored as its byte << 16, a match as (LENGTH + length) << 16 | distance. */
export const LENGTH: u32 = 256;
/** Fills the constant tables. */
export function initialize(): void {
  for (let symbol: u32 = 257; symbol < 286; symbol++) {
    const first = firstLength(symbol);
    const size: u32 = symbol === 285 ? 1 : 1 << lengthExtraBits(symbol);
    for (let length = first; length < first + size; length++) {
      store<u16>(LENGTH_SYMBOLS + (length << 1), <u16>symbol);
    }
  }
  for (let symbol: u32 = 0; symbol < DISTANCES; symbol++) {
    const first = firstDistance(symbol);
    const end = first + (1 << distanceExtraBits(symbol));
    for (let distance = first; distance < end && distance <= 32768; distance += distance <= 256 ? 1 : 128) {
      store<u8>(DISTANCE_SYMBOLS + placeOf(distance), <u8>symbol);
    }
  }
}

export function lengthExtraBits(symbol: u32): u32 {
  return symbol < 265 || symbol === 285 ? 0 : (symbol - 261) >> 2;
}

function firstLength(symbol: u32): u32 {
  if (symbol < 265) return symbol - 254;
  if (symbol === 285) return MAX_MATCH;
  const extra = lengthExtraBits(symbol);
  return ((4 + ((symbol - 261) & 3)) << extra) + MIN_MATCH;
}

export function distanceExtraBits(symbol: u32): u32 {
  return symbol < 4 ? 0 : (symbol >> 1) - 1;
}

function firstDistance(symbol: u32): u32 {
  return symbol < 4 ? symbol + 1 : ((2 + (symbol & 1)) << distanceExtraBits(symbol)) + 1;
}

function placeOf(distance: u32): u32 {
  return distance <= 256 ? distance : 256 + ((distance - 1) >> 7);
}

export function distanceSymbol(distance: u32): u32 {
  return <u32>load<u8>(DISTANCE_SYMBOLS + placeOf(distance));
}

/** Combines codes and extra bits for the next block. */
function prepareEntries(): void {
  for (let byte: u32 = 0; byte < 256; byte++) {
    setLiteralEntry(byte, load<u32>(LITERAL_CODES + (byte << 2)), <u32>load<u8>(LITERAL_LENGTHS + byte));
  }
  for (let symbol: u32 = 257; symbol < LITERALS; symbol++) {
    const length = <u32>load<u8>(LITERAL_LENGTHS + symbol);
    const code = load<u32>(LITERAL_CODES + (symbol << 2));
    const first = firstLength(symbol);
    const extra = lengthExtraBits(symbol);
    // Length 258 has its own symbol, the last one. So 284 with all extra bits is never written.
    for (let value: u32 = 0; value < 1 << extra; value++) {
      setLiteralEntry(LENGTH + first + value, code | (value << length), length + extra);
    }
  }
  for (let symbol: u32 = 0; symbol < DISTANCES; symbol++) {
    const code = load<u32>(DISTANCE_CODES + (symbol << 2));
    const head =
      code | ((<u32>load<u8>(DISTANCE_LENGTHS + symbol)) << 16) | (distanceExtraBits(symbol) << 24);
    store<u64>(DISTANCE_ENTRIES + (symbol << 3), <u64>head | ((<u64>firstDistance(symbol)) << 32));
  }
}

function setLiteralEntry(place: u32, code: u32, count: u32): void {
  store<u64>(LITERAL_ENTRIES + (place << 3), <u64>code | ((<u64>count) << 32));
}

/** Writes the symbols of the block and its end. */
export function writeSymbols(end: u32): void {
  prepareEntries();
  let at = bits.at;
  let held = bits.held;
  let count = bits.count;
  for (let place = SYMBOLS; place < end; place += 4) {
    const symbol = load<u32>(place);
    const entry = load<u64>(LITERAL_ENTRIES + ((symbol >> 16) << 3));
    held |= (entry & 0xffffffff) << count;
    count += <u32>(entry >> 32);
    const distance = symbol & 0xffff;
    if (distance !== 0) {
      const far = load<u64>(DISTANCE_ENTRIES + (distanceSymbol(distance) << 3));
      held |= (far & 0xffff) << count;
      count += <u32>(far >> 16) & 0xff;
      held |= (<u64>(distance - <u32>(far >> 32))) << count;
      count += <u32>(far >> 24) & 0xff;
    }
    store<u64>(at, held);
    at += count >> 3;
    held >>= count & ~7;
    count &= 7;
  }
  bits.resume(at, held, count);
  bits.put(load<u32>(LITERAL_CODES + (END_OF_BLOCK << 2)), <u32>load<u8>(LITERAL_LENGTHS + END_OF_BLOCK));
}
