import { EcrpError } from '../errors.ts';

/** A JSON object from outside, whose members are still to be checked. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Deepest nesting taken; manifests, indexes and image configs of real tools stay below 10. */
export const MAX_JSON_DEPTH = 100;
/** Most values in a document: V8 spends some hundred bytes on each, however short it is written. */
const MAX_JSON_VALUES = 250_000;

const COMMA = 0x2c;
const OPENING = new Set([0x5b, 0x7b]);
const CLOSING = new Set([0x5d, 0x7d]);
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Quotes a text of others for a message: control characters escaped, cut short. */
export function quoteText(text: string): string {
  return JSON.stringify(text.length > 200 ? `${text.slice(0, 199)}…` : text);
}

/** Names a thing in messages, with the place it came from before it, e.g. `image.tar: manifest sha256:…`. */
export function nameSubject(thing: string, origin: string | undefined): string {
  return origin === undefined ? thing : `${origin}: ${thing}`;
}

/** The way out of most damage. */
const SAVE_AGAIN = 'The image is damaged, or no container tool wrote it: save, copy or build it again.';

/** Makes the error for bad input; `subject` names the thing, e.g. `manifest sha256:…`. */
export function invalidInput(
  subject: string,
  problem: string,
  { hint = SAVE_AGAIN, cause }: { readonly hint?: string; readonly cause?: unknown } = {},
): EcrpError {
  return new EcrpError('INVALID_INPUT', `${subject}: ${problem}`, { hint, cause });
}

/**
 * Parses JSON of untrusted origin. Throws INVALID_INPUT when it is longer than `maxBytes`, nested deeper than
 * `MAX_JSON_DEPTH`, not UTF-8 or not JSON.
 */
export function parseJson(bytes: Buffer, subject: string, maxBytes: number): unknown {
  if (bytes.length > maxBytes) {
    throw invalidInput(subject, `it is ${bytes.length} bytes long, more than the ${maxBytes} bytes allowed`);
  }
  const excess = findJsonExcess(bytes);
  if (excess !== undefined) throw invalidInput(subject, `its JSON ${excess}`);
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch (cause) {
    throw invalidInput(subject, 'it is not valid JSON', { cause });
  }
}

/**
 * Says why JSON would take far more memory than its length: that it `is nested deeper than …` or `holds more than … values`.
 * Judged before parsing, as V8 spends memory on every level and value. Undefined when it does not.
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

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What a wrong value looks like in a message: its JSON, cut short. */
export function describeValue(value: unknown): string {
  if (value === undefined) return 'missing';
  const text = JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}

/** The value as an object; `path` names the member in the message, e.g. `layers[3]`. */
export function expectObject(value: unknown, subject: string, path: string): JsonObject {
  if (!isObject(value)) throw invalidInput(subject, `${path} is ${describeValue(value)}, not an object`);
  return value;
}

export function expectString(value: unknown, subject: string, path: string): string {
  if (typeof value !== 'string' || value === '') {
    throw invalidInput(subject, `${path} is ${describeValue(value)}, not a text`);
  }
  return value;
}

export function expectArray(
  value: unknown,
  subject: string,
  path: string,
  maxItems: number,
): readonly unknown[] {
  if (!Array.isArray(value)) throw invalidInput(subject, `${path} is ${describeValue(value)}, not a list`);
  if (value.length > maxItems) {
    throw invalidInput(subject, `${path} has ${value.length} items, more than the ${maxItems} allowed`);
  }
  return value;
}

export function expectStrings(
  value: unknown,
  subject: string,
  path: string,
  maxItems: number,
): readonly string[] {
  const items = expectArray(value, subject, path, maxItems);
  return items.map((item, position) => expectString(item, subject, `${path}[${position}]`));
}
