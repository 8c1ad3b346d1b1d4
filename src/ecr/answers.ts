import { EcrpError } from '../errors.ts';
import { MAX_BATCH } from '../wire/limits.ts';

// Reading the service's answers. The SDK passes members on whatever their type, and lists page by page.

/** Maximum length of a text, in UTF-16 code units: names, ARNs and URIs are shorter. */
const MAX_TEXT_CHARS = 16 * 1024;

/** A member of an answer has another type than the service gives it. The whole answer is unusable then. */
export class UnexpectedMember extends TypeError {}

/** Reads a text of at most `maxChars` code units, undefined when it is absent. Throws `UnexpectedMember`, naming the member. */
export function readText(value: unknown, member: string, maxChars = MAX_TEXT_CHARS): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string' || value.length > maxChars) throw refuseMember(value, member, 'a text');
  return value;
}

/** Reads a list of texts, empty when it is absent. Throws `UnexpectedMember`, naming the member. */
export function readTexts(value: unknown, member: string): readonly string[] {
  return readList(value, member).map((item) => readText(item, member) ?? '');
}

/** Reads a list, empty when it is absent. Throws `UnexpectedMember`, naming the member. */
export function readList<Item>(value: readonly Item[] | undefined, member: string): readonly Item[];
export function readList(value: unknown, member: string): readonly unknown[];
export function readList(value: unknown, member: string): readonly unknown[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw refuseMember(value, member, 'a list');
  return value;
}

/** Reads an integer of at least 0, undefined when it is absent. Throws `UnexpectedMember`, naming the member. */
export function readCount(value: unknown, member: string): number | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) {
    throw refuseMember(value, member, 'a number of bytes');
  }
  return value;
}

/** Reads a time, undefined when it is absent. Throws `UnexpectedMember`, naming the member. */
export function readTime(value: unknown, member: string): Date | undefined {
  if (value === undefined || value === null) return undefined;
  if (!(value instanceof Date) || Number.isNaN(value.getTime())) throw refuseMember(value, member, 'a time');
  return value;
}

function refuseMember(value: unknown, member: string, wanted: string): UnexpectedMember {
  const shown = typeof value === 'string' || typeof value === 'number' ? JSON.stringify(value) : typeof value;
  return new UnexpectedMember(`${member} is ${shown.slice(0, 80)}, not ${wanted}`);
}

// Bounds of a list: ten times the quotas of repositories in a registry and of images in a repository, at 100 and at 10 a page.
const MAX_ITEMS = 100_000;
const MAX_PAGES = 10_000;
/** Most items of a list that is not kept in memory: every tag of a full repository is far below it. */
const MOST_STREAMED_ITEMS = 10_000_000;
/** Total length of all texts in a list. */
const MAX_CHARACTERS = 48 * 1024 * 1024;

export interface Page<Item> {
  readonly items: readonly Item[];
  readonly nextToken: string | undefined;
}

/**
 * Collects all items: those of the ids, 100 a call, or without ids page by page. The API allows either ids or paging in a call.
 * Throws UNAVAILABLE when the pages do not end.
 */
export async function collectPages<Id, Item>(
  ids: readonly Id[] | undefined,
  ask: (ids: Id[] | undefined, nextToken: string | undefined) => Promise<Page<Item>>,
): Promise<readonly Item[]> {
  const items: Item[] = [];
  if (ids) {
    for (let first = 0; first < ids.length; first += MAX_BATCH) {
      items.push(...(await ask(ids.slice(first, first + MAX_BATCH), undefined)).items);
    }
    return items;
  }
  let characters = 0;
  for await (const page of readPages((nextToken) => ask(undefined, nextToken))) {
    for (const item of page) items.push(item);
    characters += countCharacters(page);
    if (items.length > MAX_ITEMS || characters > MAX_CHARACTERS) throw refuseEndless(items.length);
  }
  return items;
}

/**
 * Yields the items page by page, and keeps none. Throws UNAVAILABLE when the pages do not end: the service gives a page token twice, or
 * more pages or items than any list has.
 */
export async function* readPages<Item>(
  ask: (nextToken: string | undefined) => Promise<Page<Item>>,
): AsyncGenerator<readonly Item[]> {
  const tokens = new Set<string>();
  let nextToken: string | undefined;
  let count = 0;
  do {
    const page: Page<Item> = await ask(nextToken);
    nextToken = page.nextToken || undefined;
    if (nextToken !== undefined && tokens.has(nextToken)) {
      throw refuseList('the service gives a page token twice');
    }
    yield page.items;
    count += page.items.length;
    if (nextToken === undefined) return;
    tokens.add(nextToken);
    if (tokens.size >= MAX_PAGES || count > MOST_STREAMED_ITEMS) throw refuseEndless(count);
  } while (nextToken !== undefined);
}

function refuseEndless(count: number): EcrpError {
  return refuseList(`the list does not end: ${count} items so far`);
}

/** Counts the characters of all texts in a value. */
function countCharacters(value: unknown): number {
  if (typeof value === 'string') return value.length;
  if (typeof value !== 'object' || value === null) return 0;
  return Object.values(value).reduce((sum: number, member) => sum + countCharacters(member), 0);
}

function refuseList(problem: string): EcrpError {
  return new EcrpError('UNAVAILABLE', problem, {
    hint: 'Check --endpoint-url if you gave it; ECR ends its lists.',
  });
}
