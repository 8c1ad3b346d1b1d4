import { LENGTH_UNIT } from '../wire/limits.ts';

/** What is found in a catalog file, as sentences that begin with the member concerned. All of it is collected before any is told. */
export interface Findings {
  readonly problems: string[];
  readonly warnings: string[];
}

/** Where reading has come to: what is found so far, and the directory that paths in the file are relative to. */
export interface Reading extends Findings {
  readonly directory: string;
}

export type JsonObject = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is JsonObject {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array)
  );
}

/** Says what a value is, to follow "must be text, not …". */
export function describeValue(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (value instanceof Uint8Array) return 'binary data';
  if (isObject(value)) return 'an object';
  return typeof value === 'string' ? 'text' : `the ${typeof value} ${String(value)}`;
}

/** Gives text through; anything else becomes a problem and undefined. An absent member (undefined) is no problem. */
export function expectText(value: unknown, where: string, { problems }: Findings): string | undefined {
  if (typeof value === 'string' || value === undefined) return value;
  const remedy = typeof value === 'number' || typeof value === 'boolean' ? '; put it in quotes' : '';
  problems.push(`${where} must be text, not ${describeValue(value)}${remedy}`);
  return undefined;
}

/** Length in the unit in which the service counts. */
function countCharacters(text: string): number {
  if (LENGTH_UNIT === 'UTF-16 code unit') return text.length;
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}

/** Adds a problem when a text is longer than `most` characters. */
export function checkLength(text: string, most: number, where: string, { problems }: Findings): void {
  const count = countCharacters(text);
  if (count > most) problems.push(`${where} has ${countOf(count)} characters; ${countOf(most)} are allowed`);
}

/** A number as people read it: 25,600. */
export function countOf(count: number): string {
  return count.toLocaleString('en-US');
}
