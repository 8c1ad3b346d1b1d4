// Finds what has stood before, within the window: by a hash of four bytes, the last two places of each; by one of three bytes,
// the last place. Positions are addresses; tables have them modulo 2^16, twice the window, so that a stale one is a wrong
// place at worst, which the bytes there tell.

import { BUCKET_BITS, BUCKETS, INPUT, SHORT, SHORT_BITS, WINDOW } from './memory';

/** Found first, a match of so many bytes is good enough. */
const GOOD_LENGTH: u32 = 32;
const MAX_DISTANCE: u32 = WINDOW - 1;

export function clearTables(): void {
  memory.fill(BUCKETS, 0, 4 << BUCKET_BITS);
  memory.fill(SHORT, 0, 2 << SHORT_BITS);
}

function hash(word: u32, bits: u32): u32 {
  return (word * 0x9e3779b1) >> (32 - bits);
}

/** Puts a position of which four bytes can be read into the table of four bytes. */
export function insert(position: u32): void {
  const bucket = BUCKETS + (hash(load<u32>(position), BUCKET_BITS) << 2);
  store<u32>(bucket, (load<u32>(bucket) << 16) | (position & 0xffff));
}

/** The same for both tables; for a window that comes with a chunk. */
export function insertAll(from: u32, to: u32): void {
  for (let position = from; position < to; position++) {
    insert(position);
    store<u16>(SHORT + (hash(load<u32>(position) << 8, SHORT_BITS) << 1), <u16>position);
  }
}

/** Whether the word stands at a distance within reach: 1 or 0, without a branch, as none could be foreseen. */
function stands(word: u32, position: u32, distance: u32, reach: u32): u32 {
  return <u32>(load<u32>(position - distance) === word) & <u32>(distance - 1 < reach);
}

/** How many bytes are the same, at most `most`; of the first four it is known. */
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
 * The longest match of a position, of at most `most` bytes, as length << 16 | distance; 0 when there is none. Puts the
 * position into the tables. Four bytes must be there to read.
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
