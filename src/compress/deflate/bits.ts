// Writes the output as a stream of bits, lowest bit first (RFC 1951, 3.1.1).

/** Address of the next byte. */
export let at: u32 = 0;
/** Bits that are not written yet, and their number. Outside of this file and symbols.ts there are fewer than 8. */
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

/** Takes over the state of a loop that kept it in local variables. */
export function resume(address: u32, bits: u64, number: u32): void {
  at = address;
  held = bits;
  count = number;
}

/** Fills the current byte with zeros. */
export function align(): void {
  if (count > 0) put(0, 8 - count);
}

export function putBytes(from: u32, size: u32): void {
  memory.copy(at, from, size);
  at += size;
}
