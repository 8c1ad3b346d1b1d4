// Checks on JSON from outside.

/** A JSON object whose members are still to be checked. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Deepest nesting accepted. Manifests, indexes and image configs of real tools stay below 10. */
export const MAX_JSON_DEPTH = 100;
/** Most values in a document. V8 spends some hundred bytes on each, however short its text is. */
const MAX_JSON_VALUES = 250_000;

const COMMA = 0x2c;
const OPENING = new Set([0x5b, 0x7b]);
const CLOSING = new Set([0x5d, 0x7d]);
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** True for an object that is neither a list nor the bytes that YAML's `!!binary` gives. */
export function isObject(value: unknown): value is JsonObject {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array)
  );
}

/**
 * Explains why JSON would need far more memory than its length: it `is nested deeper than …` or `holds more than … values`.
 * To be called before parsing. Undefined if the JSON is harmless.
 */
export function findJsonExcess(bytes: Uint8Array): string | undefined {
  let depth = 0;
  let values = 0;
  let inString = false;
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at] ?? 0;
    if (inString) {
      if (byte === BACKSLASH) at += 1;
      else if (byte === QUOTE) inString = false;
    } else if (byte === QUOTE) inString = true;
    else if (byte === COMMA) values += 1;
    else if (OPENING.has(byte)) {
      depth += 1;
      values += 1;
      if (depth > MAX_JSON_DEPTH) return `is nested deeper than ${MAX_JSON_DEPTH}`;
    } else if (CLOSING.has(byte)) depth -= 1;
    if (values > MAX_JSON_VALUES) return `holds more than ${MAX_JSON_VALUES} values`;
  }
  return undefined;
}

/** Parses JSON of any origin. Undefined for a text that is not JSON, or that `findJsonExcess` refuses. */
export function tryParseJson(text: string): unknown {
  if (findJsonExcess(Buffer.from(text)) !== undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
