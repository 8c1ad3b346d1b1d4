// Ends a block when the newest symbols differ so much from the others that a new code is worth its header.

import { CLASS_COUNTS, CLASSES, NEW_CLASS_COUNTS } from './memory';
import { LENGTH } from './symbols';

/** Symbols between two looks. */
export const STEP: u32 = 512;
/** A header takes about 80 bytes. */
const MIN_BLOCK: u32 = 5_000;
/** Share of symbols in another class, in 512ths. */
const MOST_DIFFERENCE: u32 = 200;
const LONG_MATCH: u32 = LENGTH + 9;

let observed: u32 = 0;

export function startBlock(): void {
  observed = 0;
  memory.fill(CLASS_COUNTS, 0, 4 * CLASSES);
}

/** Eight classes of literals, and short and long matches. */
function classOf(literal: u32): u32 {
  if (literal >= LENGTH) return 8 + <u32>(literal >= LONG_MATCH);
  return ((literal >> 5) & 6) | (literal & 1);
}

/**
 * Adds the symbols at [from, to) and returns true if the block should end. It has `size` bytes, and `left` bytes follow. The longer the
 * block, the smaller the difference that ends it.
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
    // Scales both counts to observed × added symbols.
    const before = load<u32>(CLASS_COUNTS + slot) * added;
    const now = load<u32>(NEW_CLASS_COUNTS + slot) * observed;
    difference += before > now ? before - now : now - before;
    store<u32>(CLASS_COUNTS + slot, load<u32>(CLASS_COUNTS + slot) + load<u32>(NEW_CLASS_COUNTS + slot));
  }
  const differs = difference + (size >> 12) * observed >= (added * MOST_DIFFERENCE * observed) >> 9;
  observed += added;
  return differs && size >= MIN_BLOCK && left >= MIN_BLOCK;
}
