// Layout of the linear memory. The compiler uses the part below BASE.

const BASE: u32 = 0x10000;

/** Longest chunk, and the bytes before it that it may refer to (RFC 1951: 32 KiB). */
export const MAX_CHUNK: u32 = 1 << 19;
export const WINDOW: u32 = 1 << 15;

/** By hash of four bytes: the last two positions that have them, modulo 2^16, the latest in the lower half of a u32. */
export const BUCKET_BITS: u32 = 15;
export const BUCKETS: u32 = BASE;
/** By hash of three bytes: the last position that has them, modulo 2^16. */
export const SHORT_BITS: u32 = 14;
export const SHORT: u32 = BUCKETS + (4 << BUCKET_BITS);

/** Symbols of the current block, u32 each; see symbols.ts. */
export const MAX_SYMBOLS: u32 = 1 << 16;
export const SYMBOLS: u32 = SHORT + (2 << SHORT_BITS);

/** Counts of symbols in the block, u32 each. */
export const LITERAL_COUNTS: u32 = SYMBOLS + 4 * MAX_SYMBOLS;
export const DISTANCE_COUNTS: u32 = LITERAL_COUNTS + 4 * 288;
export const LENGTH_CODE_COUNTS: u32 = DISTANCE_COUNTS + 4 * 32;

/** Lengths of the codes: u8 each. */
export const LITERAL_LENGTHS: u32 = LENGTH_CODE_COUNTS + 4 * 20;
export const DISTANCE_LENGTHS: u32 = LITERAL_LENGTHS + 288;
export const LENGTH_CODE_LENGTHS: u32 = DISTANCE_LENGTHS + 32;

/** Codes with reversed bits, as they are written: u32 each. */
export const LITERAL_CODES: u32 = LENGTH_CODE_LENGTHS + 32;
export const DISTANCE_CODES: u32 = LITERAL_CODES + 4 * 288;
export const LENGTH_CODE_CODES: u32 = DISTANCE_CODES + 4 * 32;

/** Working memory of huffman.ts: u32 each. */
export const SORTED: u32 = LENGTH_CODE_CODES + 4 * 32;
export const NODES: u32 = SORTED + 4 * 288;

/** Lengths of both codes as runs (RFC 1951, 3.2.7): symbol and extra bits, u16 each. */
export const RUNS: u32 = NODES + 4 * 288;

/** By length of a match: the symbol (u16). */
export const LENGTH_SYMBOLS: u32 = RUNS + 4 * 320;
/** By distance up to 256, and above by 256 + (distance - 1) / 128: the symbol (u8). */
export const DISTANCE_SYMBOLS: u32 = LENGTH_SYMBOLS + 2 * 260;

/** Output of a literal, at its byte, and of a length, at 256 + length: code and extra bits, and their number << 32 (u64). */
export const LITERAL_ENTRIES: u32 = (DISTANCE_SYMBOLS + 520 + 7) & ~7;
/** By symbol of a distance: code, its length << 16, number of extra bits << 24, first distance << 32 (u64). */
export const DISTANCE_ENTRIES: u32 = LITERAL_ENTRIES + 8 * 520;

/** Counts of symbol classes in the block and in its newest part, u32 each; see split.ts. */
export const CLASSES: u32 = 10;
export const CLASS_COUNTS: u32 = DISTANCE_ENTRIES + 8 * 32;
export const NEW_CLASS_COUNTS: u32 = CLASS_COUNTS + 4 * CLASSES;

/** The window before the chunk, the chunk, and room to read beyond its end. */
export const INPUT: u32 = (NEW_CLASS_COUNTS + 4 * CLASSES + 0xffff) & ~0xffff;
/** Stored blocks are the worst case: five bytes longer than their content. The rest is room to write beyond the end. */
export const OUTPUT: u32 = INPUT + WINDOW + MAX_CHUNK + 0x1000;
export const END: u32 = OUTPUT + MAX_CHUNK + (MAX_CHUNK >> 8) + 0x1000;
