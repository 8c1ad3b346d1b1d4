// Finds matches within the window. A hash of four bytes has the last two positions, a hash of three bytes the last one.
//
// Positions are addresses. Tables store them modulo 2^16, twice the window. A stale entry may name a wrong position, and comparing the bytes
// there excludes it.

import { BUCKET_BITS, BUCKETS, INPUT, SHORT, SHORT_BITS, WINDOW } from './memory';

/** A first match of this length ends the search. */
const GOOD_LENGTH: u32 = 32;
const MAX_DISTANCE: u32 = WINDOW - 1;

export function clearTables(): void {
  memory.fill(BUCKETS, 0, 4 << BUCKET_BITS);
  memory.fill(SHORT, 0, 2 << SHORT_BITS);
}

function hash(word: u32, bits: u32): u32 {
  return (word * 0x9e3779b1) >> (32 - bits);
}

/** Adds a position to the table of four bytes. Four bytes must be readable there. */
export function insert(position: u32): void {
  const bucket = BUCKETS + (hash(load<u32>(position), BUCKET_BITS) << 2);
  store<u32>(bucket, (load<u32>(bucket) << 16) | (position & 0xffff));
}

/** Adds the positions of a chunk's window to both tables. */
export function insertAll(from: u32, to: u32): void {
  for (let position = from; position < to; position++) {
    insert(position);
    store<u16>(SHORT + (hash(load<u32>(position) << 8, SHORT_BITS) << 1), <u16>position);
  }
}

/** Returns 1 if the word occurs at a distance within reach, else 0. Has no branch, because no processor could predict it. */
function stands(word: u32, position: u32, distance: u32, reach: u32): u32 {
  return <u32>(load<u32>(position - distance) === word) & <u32>(distance - 1 < reach);
}

/** Counts equal bytes, up to `most`. The first four are known to be equal. */
function measure(position: u32, distance: u32, most: u32): u32 {
  let same: u32 = 4;
  while (same < most) {
    const difference = load<u64>(position - distance + same) ^ load<u64>(position + same);
    if (difference !== 0) {
      same += <u32>ctz(difference) >> 3;
      break;
    }
    same += 8;
  }
  return min(same, most);
}

function longer(found: u32, position: u32, distance: u32, most: u32): u32 {
  const same = measure(position, distance, most);
  return same > found >> 16 ? (same << 16) | distance : found;
}

/**
 * Finds the longest match of a position, up to `most` bytes, as length << 16 | distance; 0 for none. Adds the position to the tables. Four
 * bytes must be readable there.
 */
export function findMatch(position: u32, most: u32): u32 {
  const word = load<u32>(position);
  const bucket = BUCKETS + (hash(word, BUCKET_BITS) << 2);
  const places = load<u32>(bucket);
  store<u32>(bucket, (places << 16) | (position & 0xffff));
  const short = SHORT + (hash(word << 8, SHORT_BITS) << 1);
  const shortDistance = (position - <u32>load<u16>(short)) & 0xffff;
  store<u16>(short, <u16>position);
  const reach = min(MAX_DISTANCE, position - INPUT);
  const distance0 = (position - places) & 0xffff;
  const distance1 = (position - (places >> 16)) & 0xffff;
  const stands0 = stands(word, position, distance0, reach);
  const stands1 = stands(word, position, distance1, reach);
  if ((stands0 | stands1) === 0) {
    const isShort =
      <u32>(((load<u32>(position - shortDistance) ^ word) & 0xffffff) === 0) &
      <u32>(shortDistance - 1 < reach);
    return isShort ? (3 << 16) | shortDistance : 0;
  }
  let found: u32 = 0;
  if (stands0) {
    found = longer(0, position, distance0, most);
    if (found >> 16 >= GOOD_LENGTH) return found;
  }
  if (stands1) found = longer(found, position, distance1, most);
  return found;
}
