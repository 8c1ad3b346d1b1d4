/** Encoded bytes that are decoded at a time; a multiple of 4. */
const STEP = 64 * 1024;

/** Bytes of standard base64 with padding; undefined when it is anything else. */
export function decodeBase64(text: string): Buffer | undefined {
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return undefined;
  return Buffer.from(text, 'base64');
}

/**
 * Decodes the base64 of [start, end) over itself and returns the decoded bytes, a view of `bytes`: no second buffer is needed,
 * as the decoded bytes are always behind the encoded ones. Undefined, and `bytes` as they were, when it is not what `decodeBase64` takes.
 */
export function decodeBase64InPlace(bytes: Buffer, start: number, end: number): Buffer | undefined {
  if ((end - start) % 4 !== 0) return undefined;
  let decodedEnd = start;
  for (let at = start; at < end; at += STEP) {
    const stop = Math.min(at + STEP, end);
    const expected = ((stop - at) / 4) * 3 - (stop === end ? countPadding(bytes, at, end) : 0);
    const encoded = bytes.toString('latin1', at, stop);
    // Node takes the URL alphabet as well, and skips what it does not know, which shows in the length.
    const decoded =
      encoded.includes('-') || encoded.includes('_') ? -1 : bytes.write(encoded, decodedEnd, 'base64');
    if (decoded !== expected) {
      bytes.write(encoded, at, 'latin1');
      // What was decoded so far had no padding, so encoding it gives what was there.
      bytes.write(bytes.toString('base64', start, decodedEnd), start, 'latin1');
      return undefined;
    }
    decodedEnd += decoded;
  }
  return bytes.subarray(start, decodedEnd);
}

/** How many `=` there are at the end; NaN, which no length equals, when they are too many. */
function countPadding(bytes: Buffer, start: number, end: number): number {
  let count = 0;
  while (end - count > start && bytes[end - count - 1] === 0x3d) count += 1;
  return count <= 2 ? count : Number.NaN;
}
