import { EcrpError } from '../errors.ts';
import { findJsonExcess, isObject, type JsonObject } from '../json.ts';

/** Most layers, children, annotations or URLs accepted: far above anything real, far below harm. */
export const MAX_ITEMS = 10_000;

/** Names a thing in a message after its origin: `image.tar: manifest sha256:…`. */
export function nameSubject(thing: string, origin: string | undefined): string {
  return origin === undefined ? thing : `${origin}: ${thing}`;
}

const SAVE_AGAIN = 'The image is damaged, or no container tool wrote it: save, copy or build it again.';

/** Makes the error `subject: problem`, with a hint that helps against most damage. */
export function invalidInput(
  subject: string,
  problem: string,
  { hint = SAVE_AGAIN, cause }: { readonly hint?: string; readonly cause?: unknown } = {},
): EcrpError {
  return new EcrpError('INVALID_INPUT', `${subject}: ${problem}`, { hint, cause });
}

/** Parses untrusted JSON. Throws INVALID_INPUT if it is longer than `maxBytes`, too deep, too large in memory, not UTF-8 or not JSON. */
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

/** Formats a wrong value for a message: its JSON, cut short. */
export function describeValue(value: unknown): string {
  if (value === undefined) return 'missing';
  const text = JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}

/** Returns the value if it is an object. `path` names the member in the message, e.g. `layers[3]`. */
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

/** Go's encoders write `null` for an empty pointer, map or slice, so `null` means absent. */
export function isPresent(value: unknown): boolean {
  return value !== undefined && value !== null;
}
