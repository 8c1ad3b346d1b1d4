// Builds length-limited Huffman codes in the canonical form of RFC 1951, 3.2.2.

import { NODES, SORTED } from './memory';

const MAX_BITS: u32 = 15;
const lengthCounts = memory.data<u32>([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
const nextCodes = memory.data<u32>([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);

/**
 * Builds the code of `size` symbols from their counts. At least two symbols get a code, because some decoders reject a code with one.
 * Lengths are at most `limit` bits, and 0 for a symbol that does not occur.
 */
export function buildCode(counts: u32, size: u32, limit: u32, lengths: u32, codes: u32): void {
  const used = sortSymbols(counts, size);
  memory.fill(lengths, 0, size);
  memory.fill(<u32>lengthCounts, 0, 4 * (MAX_BITS + 2));
  if (used > 2) {
    computeDepths(used);
    limitLengths(limit);
  } else store<u32>(<u32>lengthCounts + 4, 2);
  // The rarest symbols are in front and get the longest codes.
  let index: u32 = 0;
  for (let bits = limit; bits > 0; bits--) {
    for (let left = load<u32>(<u32>lengthCounts + (bits << 2)); left > 0; left--) {
      store<u8>(lengths + (load<u32>(SORTED + (index << 2)) & 0x1ff), <u8>bits);
      index++;
    }
  }
  assignCodes(size, lengths, codes);
}

/** Writes the symbols that occur to SORTED as count << 9 | symbol, ascending. */
function sortSymbols(counts: u32, size: u32): u32 {
  let used: u32 = 0;
  for (let symbol: u32 = 0; symbol < size; symbol++) {
    const occurrences = load<u32>(counts + (symbol << 2));
    if (occurrences > 0) store<u32>(SORTED + (used++ << 2), (occurrences << 9) | symbol);
  }
  for (let symbol: u32 = 0; used < 2; symbol++) {
    if (load<u32>(counts + (symbol << 2)) === 0) store<u32>(SORTED + (used++ << 2), symbol);
  }
  for (let gap = used >> 1; gap > 0; gap >>= 1) {
    for (let index = gap; index < used; index++) {
      const entry = load<u32>(SORTED + (index << 2));
      let place = index;
      for (; place >= gap; place -= gap) {
        const other = load<u32>(SORTED + ((place - gap) << 2));
        if (other <= entry) break;
        store<u32>(SORTED + (place << 2), other);
      }
      store<u32>(SORTED + (place << 2), entry);
    }
  }
  return used;
}

/**
 * Counts the leaves at each depth of the Huffman tree, in place: A. Moffat, J. Katajainen, In-Place Calculation of
 * Minimum-Redundancy Codes (1995). Depths beyond MAX_BITS count as MAX_BITS + 1.
 */
function computeDepths(used: u32): void {
  for (let index: u32 = 0; index < used; index++) {
    store<u32>(NODES + (index << 2), load<u32>(SORTED + (index << 2)) >> 9);
  }
  // Weights become the parents of inner nodes.
  let leaf: u32 = 0;
  let root: u32 = 0;
  for (let next: u32 = 0; next < used - 1; next++) {
    let weight: u32 = 0;
    for (let child = 0; child < 2; child++) {
      const takesNode =
        root < next && (leaf >= used || load<u32>(NODES + (root << 2)) < load<u32>(NODES + (leaf << 2)));
      if (takesNode) {
        weight += load<u32>(NODES + (root << 2));
        store<u32>(NODES + (root << 2), next);
        root++;
      } else {
        weight += load<u32>(NODES + (leaf << 2));
        leaf++;
      }
    }
    store<u32>(NODES + (next << 2), weight);
  }
  // Parents become depths, from the root down; what an inner level does not use is leaves.
  store<u32>(NODES + ((used - 2) << 2), 0);
  for (let index: i32 = <i32>used - 3; index >= 0; index--) {
    const parent = load<u32>(NODES + (index << 2));
    store<u32>(NODES + (index << 2), load<u32>(NODES + (parent << 2)) + 1);
  }
  let available: u32 = 1;
  let depth: u32 = 0;
  let node: i32 = <i32>used - 2;
  let left: u32 = used;
  while (left > 0) {
    let inner: u32 = 0;
    while (node >= 0 && load<u32>(NODES + (node << 2)) === depth) {
      inner++;
      node--;
    }
    const leaves = min(available - inner, left);
    const slot = <u32>lengthCounts + (min(depth, MAX_BITS + 1) << 2);
    store<u32>(slot, load<u32>(slot) + leaves);
    left -= leaves;
    available = inner << 1;
    depth++;
  }
}

/** Shortens codes beyond `limit` bits and lengthens others until the code is complete again. */
function limitLengths(limit: u32): void {
  for (let bits = limit + 1; bits <= MAX_BITS + 1; bits++) {
    const slot = <u32>lengthCounts + (bits << 2);
    const last = <u32>lengthCounts + (limit << 2);
    store<u32>(last, load<u32>(last) + load<u32>(slot));
    store<u32>(slot, 0);
  }
  let space: u32 = 0;
  for (let bits: u32 = 1; bits <= limit; bits++) {
    space += load<u32>(<u32>lengthCounts + (bits << 2)) << (limit - bits);
  }
  for (; space > 1 << limit; space--) {
    // A shorter code gets a bit more and makes room for one of the longest codes beside it.
    const last = <u32>lengthCounts + (limit << 2);
    store<u32>(last, load<u32>(last) - 1);
    let bits = limit - 1;
    while (load<u32>(<u32>lengthCounts + (bits << 2)) === 0) bits--;
    const slot = <u32>lengthCounts + (bits << 2);
    store<u32>(slot, load<u32>(slot) - 1);
    store<u32>(slot + 4, load<u32>(slot + 4) + 2);
  }
}

function assignCodes(size: u32, lengths: u32, codes: u32): void {
  let code: u32 = 0;
  for (let bits: u32 = 1; bits <= MAX_BITS; bits++) {
    code = (code + load<u32>(<u32>lengthCounts + ((bits - 1) << 2))) << 1;
    if (bits === 1) code = 0;
    store<u32>(<u32>nextCodes + (bits << 2), code);
  }
  for (let symbol: u32 = 0; symbol < size; symbol++) {
    const bits = <u32>load<u8>(lengths + symbol);
    if (bits === 0) continue;
    const slot = <u32>nextCodes + (bits << 2);
    const next = load<u32>(slot);
    store<u32>(slot, next + 1);
    store<u32>(codes + (symbol << 2), reverse(next, bits));
  }
}

function reverse(code: u32, bits: u32): u32 {
  let value = ((code & 0x5555) << 1) | ((code >> 1) & 0x5555);
  value = ((value & 0x3333) << 2) | ((value >> 2) & 0x3333);
  value = ((value & 0x0f0f) << 4) | ((value >> 4) & 0x0f0f);
  value = ((value & 0x00ff) << 8) | ((value >> 8) & 0x00ff);
  return value >> (16 - bits);
}
