const [QUOTE, BACKSLASH] = [0x22, 0x5c];
const OPENING = new Set([0x5b, 0x7b]);
const CLOSING = new Set([0x5d, 0x7d]);
const COMMA = 0x2c;

/** Far above the input of every operation. */
const MOST_DEPTH = 32;
const MOST_VALUES = 100_000;

/** Whether a text is small enough in structure to parse: a few MB of brackets become GB of memory. It need not be valid JSON. */
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

/** Index of the quote that ends the string that begins at `start`; the length of `json` when the string has no end. */
function findClosingQuote(json: Buffer, start: number): number {
  for (let at = json.indexOf(QUOTE, start); at >= 0; at = json.indexOf(QUOTE, at + 1)) {
    let escapes = 0;
    while (json[at - 1 - escapes] === BACKSLASH) escapes += 1;
    if (escapes % 2 === 0) return at;
  }
  return json.length;
}
