// Where a block ends: when what comes differs so much from what the block has that a code of its own is worth its header.

import { CLASS_COUNTS, CLASSES, NEW_CLASS_COUNTS } from './memory';
import { LENGTH } from './symbols';

/** Symbols between two looks. */
export const STEP: u32 = 512;
/** A header takes some 80 bytes. */
const MIN_BLOCK: u32 = 5_000;
/** Of symbols in the wrong class, in 512ths. */
const MOST_DIFFERENCE: u32 = 200;
const LONG_MATCH: u32 = LENGTH + 9;

let observed: u32 = 0;

export function startBlock(): void {
  observed = 0;
  memory.fill(CLASS_COUNTS, 0, 4 * CLASSES);
}

/** Literals fall into eight classes, matches into short and long ones. */
function classOf(literal: u32): u32 {
  if (literal >= LENGTH) return 8 + <u32>(literal >= LONG_MATCH);
  return ((literal >> 5) & 6) | (literal & 1);
}

/**
 * Takes in the symbols at [from, to), and says whether the block shall end: `size` bytes are in it, `left` follow. The longer
 * it is, the less must they differ.
 */
export function isAtEnd(from: u32, to: u32, size: u32, left: u32): bool {
  memory.fill(NEW_CLASS_COUNTS, 0, 4 * CLASSES);
  for (let place = from; place < to; place += 4) {
    const slot = NEW_CLASS_COUNTS + (classOf(load<u32>(place) >> 16) << 2);
    store<u32>(slot, load<u32>(slot) + 1);
  }
  const added = (to - from) >> 2;
  let difference: u32 = 0;
  for (let slot: u32 = 0; slot < 4 * CLASSES; slot += 4) {
    // Both as if of observed × added symbols.
    const before = load<u32>(CLASS_COUNTS + slot) * added;
    const now = load<u32>(NEW_CLASS_COUNTS + slot) * observed;
    difference += before > now ? before - now : now - before;
    store<u32>(CLASS_COUNTS + slot, load<u32>(CLASS_COUNTS + slot) + load<u32>(NEW_CLASS_COUNTS + slot));
  }
  const differs = difference + (size >> 12) * observed >= (added * MOST_DIFFERENCE * observed) >> 9;
  observed += added;
  return differs && size >= MIN_BLOCK && left >= MIN_BLOCK;
}
