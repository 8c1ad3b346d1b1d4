// Members of answers, which the SDK hands on as they come, whatever their type. What throws here makes the whole answer unusable.

/** Most characters of a text that is used: names, ARNs and URIs are shorter. */
const MAX_TEXT_CHARS = 16 * 1024;

/** A member that the service's answer cannot have. */
export class UnexpectedMember extends TypeError {}

/** A text, or undefined when it is not there. Throws `UnexpectedMember`, naming the member. */
export function readText(value: unknown, member: string): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string' || value.length > MAX_TEXT_CHARS) throw refuse(value, member, 'a text');
  return value;
}

/** A list of texts, empty when it is not there. Throws `UnexpectedMember`, naming the member. */
export function readTexts(value: unknown, member: string): readonly string[] {
  return readList(value, member).map((item) => readText(item, member) ?? '');
}

/** A list, empty when it is not there. Throws `UnexpectedMember`, naming the member. */
export function readList<Item>(value: readonly Item[] | undefined, member: string): readonly Item[];
export function readList(value: unknown, member: string): readonly unknown[];
export function readList(value: unknown, member: string): readonly unknown[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw refuse(value, member, 'a list');
  return value;
}

/** A whole number of at least 0, or undefined when it is not there. Throws `UnexpectedMember`, naming the member. */
export function readCount(value: unknown, member: string): number | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) {
    throw refuse(value, member, 'a number of bytes');
  }
  return value;
}

/** A time, or undefined when it is not there. Throws `UnexpectedMember`, naming the member. */
export function readTime(value: unknown, member: string): Date | undefined {
  if (value === undefined || value === null) return undefined;
  if (!(value instanceof Date) || Number.isNaN(value.getTime())) throw refuse(value, member, 'a time');
  return value;
}

function refuse(value: unknown, member: string, wanted: string): UnexpectedMember {
  const shown = typeof value === 'string' || typeof value === 'number' ? JSON.stringify(value) : typeof value;
  return new UnexpectedMember(`${member} is ${shown.slice(0, 80)}, not ${wanted}`);
}
