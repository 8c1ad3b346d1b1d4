import { MAX_BATCH } from '../wire/limits.ts';

export interface Page<Item> {
  readonly items: readonly Item[];
  readonly nextToken: string | undefined;
}

/**
 * All items: of the ids, asked 100 at a time, or page after page when there are none. The API excludes ids and paging
 * in one call.
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
  let nextToken: string | undefined;
  do {
    const page: Page<Item> = await ask(undefined, nextToken);
    items.push(...page.items);
    nextToken = page.nextToken;
  } while (nextToken);
  return items;
}
