/**
 * Whether bytes are a binary stream that was taken for text and written as UTF-8 or UTF-16, as PowerShell's `>` does. Such
 * bytes are valid text, yet have control characters, or U+FFFD in the place of what was not text.
 */
export function isMangledText(bytes: Buffer): boolean {
  const mark = bytes.toString('hex', 0, 2);
  if (mark === 'fffe' || mark === 'feff') return true;
  // Text has no NUL, and a tar no byte order mark.
  if (bytes.toString('hex', 0, 3) === 'efbbbf' && bytes.includes(0)) return true;
  const characters = [...(decodeWhole(bytes) ?? '')].map((character) => character.codePointAt(0) ?? 0);
  return characters.some((code) => code > 0x7f) && characters.some(isForeign);
}

/** Control characters that no text has: without NUL, which fills tar headers, white space, and escape. */
function isForeign(code: number): boolean {
  return code === 0xfffd || (code > 0 && code < 0x20 && ![0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x1b].includes(code));
}

/** Undefined for what is not UTF-8; a character that is cut at either end does not count. */
function decodeWhole(bytes: Buffer): string | undefined {
  let start = 0;
  while (start < Math.min(3, bytes.length) && ((bytes[start] ?? 0) & 0xc0) === 0x80) start += 1;
  for (let end = bytes.length; end > Math.max(start, bytes.length - 4); end -= 1) {
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes.subarray(start, end));
    } catch {}
  }
  return undefined;
}
