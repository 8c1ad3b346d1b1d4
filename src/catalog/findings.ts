import { isObject, type JsonObject } from '../json.ts';
import { LENGTH_UNIT } from '../wire/limits.ts';

/** Problems and warnings of a catalog file: sentences that begin with a member's name. All are collected before any is reported. */
export interface Findings {
  readonly problems: string[];
  readonly warnings: string[];
}

/** Findings so far, and the directory that paths in the file are relative to. */
export interface CatalogContext extends Findings {
  readonly directory: string;
}

/** Describes the kind of a value, to follow "must be text, not …". */
export function describeKind(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (value instanceof Uint8Array) return 'binary data';
  if (isObject(value)) return 'an object';
  return typeof value === 'string' ? 'text' : `the ${typeof value} ${String(value)}`;
}

/** Returns a text. Any other value becomes a problem and undefined; an absent member (undefined) is not a problem. */
export function expectText(value: unknown, where: string, { problems }: Findings): string | undefined {
  if (typeof value === 'string' || value === undefined) return value;
  const remedy = typeof value === 'number' || typeof value === 'boolean' ? '; put it in quotes' : '';
  problems.push(`${where} must be text, not ${describeKind(value)}${remedy}`);
  return undefined;
}

/** Counts in the unit of the service. */
export function countCharacters(text: string): number {
  if (LENGTH_UNIT === 'UTF-16 code unit') return text.length;
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}

/** Adds a problem and returns false if a text is longer than `most` characters. */
export function checkLength(text: string, most: number, where: string, { problems }: Findings): boolean {
  const count = countCharacters(text);
  if (count <= most) return true;
  problems.push(`${where} has ${groupDigits(count)} characters; ${groupDigits(most)} are allowed`);
  return false;
}

/** Formats a number with groups of digits: 25,600. */
export function groupDigits(count: number): string {
  return count.toLocaleString('en-US');
}

/** Adds a problem for each unknown member and suggests the one that was probably meant. */
export function checkMembers(
  object: JsonObject,
  known: readonly string[],
  prefix: string,
  { problems }: Findings,
): void {
  for (const name of Object.keys(object)) {
    if (known.includes(name)) continue;
    problems.push(`${prefix}${shorten(name)} is not known here; ${suggest(name, known)}`);
  }
}

/** Members of `RepositoryCatalogData` that only the service sets. */
const ANSWERED_ONLY = ['logoUrl', 'marketplaceCertified'];

function suggest(name: string, known: readonly string[]): string {
  if (ANSWERED_ONLY.includes(name)) return 'only the service sets it';
  const nearest = findNearest(name, known);
  return nearest === undefined ? `known are ${known.join(', ')}` : `did you mean ${nearest}?`;
}

/** Finds the candidate that was probably meant: it differs in case, is longer, or is a few typing errors away. */
export function findNearest(name: string, candidates: readonly string[]): string | undefined {
  const wanted = simplify(name);
  const beginning = candidates.find(
    (candidate) => wanted.length > 1 && simplify(candidate).startsWith(wanted),
  );
  if (beginning !== undefined) return beginning;
  const ranked = candidates
    .map((candidate) => ({ candidate, distance: measureDistance(wanted, simplify(candidate)) }))
    .sort((left, right) => left.distance - right.distance);
  const [best] = ranked;
  return best && best.distance <= Math.max(1, wanted.length / 4) ? best.candidate : undefined;
}

function shorten(name: string): string {
  return name.length > 60 ? `${name.slice(0, 60)}…` : name;
}

function simplify(name: string): string {
  // No known member is longer.
  return name
    .slice(0, 40)
    .toLowerCase()
    .replaceAll(/[^a-z0-9]/g, '');
}

/** Levenshtein distance: the number of characters to insert, delete or change. */
function measureDistance(left: string, right: string): number {
  let distances = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (const [row, character] of [...left].entries()) {
    const next = [row + 1];
    for (const [column, other] of [...right].entries()) {
      const change = (distances[column] ?? 0) + (character === other ? 0 : 1);
      next.push(Math.min(change, (distances[column + 1] ?? 0) + 1, (next[column] ?? 0) + 1));
    }
    distances = next;
  }
  return distances.at(-1) ?? 0;
}
