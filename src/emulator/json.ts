export type ParsedObject = Readonly<Record<string, unknown>>;

export function isParsedObject(value: unknown): value is ParsedObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Parses a JSON object. Undefined for any other text. */
export function parseObject(text: string): ParsedObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isParsedObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

const [QUOTE, BACKSLASH] = [0x22, 0x5c];
const OPENING = new Set([0x5b, 0x7b]);
const CLOSING = new Set([0x5d, 0x7d]);
const COMMA = 0x2c;

/** Far above the needs of every operation. */
const MOST_DEPTH = 32;
const MOST_VALUES = 100_000;

/** True when a text has few enough values to be parsed safely: a few MB of brackets become GB of memory. The text need not be valid JSON. */
export function isModest(json: Buffer, mostDepth = MOST_DEPTH, mostValues = MOST_VALUES): boolean {
  let depth = 0;
  let values = 0;
  for (let at = 0; at < json.length; at += 1) {
    const byte = json[at] ?? 0;
    if (byte === QUOTE) {
      at = findClosingQuote(json, at + 1);
    } else if (OPENING.has(byte)) {
      depth += 1;
      values += 1;
    } else if (CLOSING.has(byte)) {
      depth -= 1;
    } else if (byte === COMMA) {
      values += 1;
    }
    if (depth > mostDepth || values > mostValues) return false;
  }
  return true;
}

/** The index of the quote that ends the string at `start`. The length of `json` for an unterminated string. */
function findClosingQuote(json: Buffer, start: number): number {
  for (let at = json.indexOf(QUOTE, start); at >= 0; at = json.indexOf(QUOTE, at + 1)) {
    let escapes = 0;
    while (json[at - 1 - escapes] === BACKSLASH) escapes += 1;
    if (escapes % 2 === 0) return at;
  }
  return json.length;
}

/** The number of characters to decode at a time: that text fits in V8's young generation. A multiple of 4. */
const DECODE_STEP = 64 * 1024;

/** Decodes standard base64 with padding. Undefined for any other text. */
export function decodeBase64(text: string): Buffer | undefined {
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return undefined;
  return Buffer.from(text, 'base64');
}

/**
 * Decodes groups of four characters without padding to the beginning of `target`. Returns false for text that `decodeBase64` refuses. The content of
 * `target` is arbitrary then.
 */
export function decodeGroups(encoded: Buffer, target: Buffer): boolean {
  let end = 0;
  for (let at = 0; at < encoded.length; at += DECODE_STEP) {
    const text = encoded.toString('latin1', at, Math.min(at + DECODE_STEP, encoded.length));
    // Node takes the URL alphabet as well. It skips unknown characters, which shows in the length.
    if (text.includes('-') || text.includes('_')) return false;
    const decoded = target.write(text, end, 'base64');
    if (decoded * 4 !== text.length * 3) return false;
    end += decoded;
  }
  return true;
}
