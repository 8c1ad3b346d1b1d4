// The output as a stream of bits, the first one in the lowest bit (RFC 1951, 3.1.1).

/** Address of the next byte. */
export let at: u32 = 0;
/** Bits that are not written yet, and their number, below 8 outside of this file and symbols.ts. */
export let held: u64 = 0;
export let count: u32 = 0;

export function startAt(address: u32): void {
  at = address;
  held = 0;
  count = 0;
}

/** Writes up to 32 bits. */
export function put(value: u32, bits: u32): void {
  held |= (<u64>value) << count;
  count += bits;
  store<u64>(at, held);
  const whole = count >> 3;
  at += whole;
  held >>= whole << 3;
  count &= 7;
}

/** Goes on with what a loop that held the state in locals has written. */
export function resume(address: u32, bits: u64, number: u32): void {
  at = address;
  held = bits;
  count = number;
}

/** Fills up the byte that is begun with zeros. */
export function align(): void {
  if (count > 0) put(0, 8 - count);
}

export function putBytes(from: u32, size: u32): void {
  memory.copy(at, from, size);
  at += size;
}
