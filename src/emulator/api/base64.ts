/** Encoded bytes that are decoded at a time: as text they fit in V8's young generation. A multiple of 4. */
const STEP = 64 * 1024;

/** Bytes of standard base64 with padding; undefined when it is anything else. */
export function decodeBase64(text: string): Buffer | undefined {
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return undefined;
  return Buffer.from(text, 'base64');
}

/**
 * Decodes groups of four characters, none of them padded, to the beginning of `target`. False, and `target` arbitrary, when it is not what
 * `decodeBase64` takes.
 */
export function decodeGroups(encoded: Buffer, target: Buffer): boolean {
  let end = 0;
  for (let at = 0; at < encoded.length; at += STEP) {
    const text = encoded.toString('latin1', at, Math.min(at + STEP, encoded.length));
    // Node takes the URL alphabet as well, and skips what it does not know, which shows in the length.
    if (text.includes('-') || text.includes('_')) return false;
    const decoded = target.write(text, end, 'base64');
    if (decoded * 4 !== text.length * 3) return false;
    end += decoded;
  }
  return true;
}
