import type { Exchange } from './exchange.ts';
import { RegistryError } from './registry-error.ts';
import { sendBody } from './reply.ts';

/**
 * Sends one page of a list as the OCI distribution specification defines it: sorted by name, at most `n` items, all after `last`, and a link to the next
 * page at `path`. `last` need not exist. `describe` turns the page into the body.
 */
export function sendSortedPage(
  { response, query }: Exchange,
  path: string,
  items: Iterable<string>,
  describe: (page: readonly string[]) => object,
): void {
  const count = readCount(query.get('n'));
  const last = query.get('last') ?? '';
  // No item sorts before the empty text.
  const all = [...items].filter((item) => item > last).sort();
  const page = all.slice(0, count);
  const end = page.at(-1);
  if (end !== undefined && page.length < all.length) {
    response.setHeader('link', `<${path}?last=${encodeURIComponent(end)}&n=${count}>; rel="next"`);
  }
  sendBody(response, 200, 'application/json', JSON.stringify(describe(page)));
}

function readCount(given: string | null): number {
  if (given === null) return Number.POSITIVE_INFINITY;
  if (!/^\d+$/.test(given)) {
    throw new RegistryError(400, 'PAGINATION_NUMBER_INVALID', `'${given}' is not a number of items`);
  }
  return Number(given);
}
