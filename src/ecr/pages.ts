import { EcrpError } from '../errors.ts';
import { MAX_BATCH } from '../wire/limits.ts';

// Ten times the quotas of repositories in a registry and of images in a repository, at 100 a page and at 10.
const MAX_ITEMS = 100_000;
const MAX_PAGES = 10_000;
/** Of all texts in a list. */
const MAX_CHARACTERS = 48 * 1024 * 1024;

export interface Page<Item> {
  readonly items: readonly Item[];
  readonly nextToken: string | undefined;
}

/**
 * All items: of the ids, asked 100 at a time, or page after page when there are none. The API excludes ids and paging
 * in one call. Throws UNAVAILABLE when the pages do not come to an end.
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
  const tokens = new Set<string>();
  let nextToken: string | undefined;
  let characters = 0;
  do {
    const page: Page<Item> = await ask(undefined, nextToken);
    for (const item of page.items) items.push(item);
    characters += countCharacters(page.items);
    nextToken = page.nextToken || undefined;
    if (nextToken === undefined) break;
    if (tokens.has(nextToken)) throw refuse('the service gives a page token twice');
    tokens.add(nextToken);
    if (tokens.size >= MAX_PAGES || items.length > MAX_ITEMS || characters > MAX_CHARACTERS) {
      throw refuse(`the list does not end: ${items.length} items on ${tokens.size} pages so far`);
    }
  } while (nextToken !== undefined);
  return items;
}

/** Of all texts in a value, so that lists are bounded by what they hold. */
function countCharacters(value: unknown): number {
  if (typeof value === 'string') return value.length;
  if (typeof value !== 'object' || value === null) return 0;
  return Object.values(value).reduce((sum: number, member) => sum + countCharacters(member), 0);
}

function refuse(problem: string): EcrpError {
  return new EcrpError('UNAVAILABLE', problem, {
    hint: 'Check --endpoint-url if you gave it; ECR Public ends its lists.',
  });
}
