import { CHOICES } from '../choices.ts';
import { parseObject } from '../json.ts';
import { invalidParameter } from '../service-error.ts';
import {
  findRepositoryByPath,
  type RegistryExchange,
  type RepositoryExchange,
  sendBody,
} from './exchange.ts';
import { RegistryError } from './registry-error.ts';

const MAXIMUM = 1000;

/** `GET tags/list`: JSON with the type of text, in push order. Source: aws/containers-roadmap#1262. */
export function serveTags(exchange: RepositoryExchange): void {
  const { context, name } = exchange;
  const repository = findRepositoryByPath(context);
  const send = context.registryRules.sortsTags ? sendSortedPage : sendPage;
  send(exchange, `/v2/${name}/tags/list`, [...repository.imageTags.keys()], (tags) => ({ name, tags }));
}

/** `GET _catalog`: the names of all repositories. Source: Docker registry HTTP API V2, "Listing Repositories". */
export function serveCatalog(exchange: RegistryExchange, names: readonly string[]): void {
  const send = exchange.context.registryRules.sortsTags ? sendSortedPage : sendPage;
  send(exchange, '/v2/_catalog', names, (repositories) => ({ repositories }));
}

/**
 * Sends one page of a list in the service's order, with at most `n` items after the cursor `last`. A link leads to the next page. `describe` turns the
 * page into the body.
 */
function sendPage(
  exchange: RegistryExchange,
  path: string,
  all: readonly string[],
  describe: (page: readonly string[]) => object,
): void {
  const { response, query, context, origin } = exchange;
  const { takesNamesAsLast, linksWholeAddress } = context.registryRules;
  const given = query.get('n');
  const count = readMaxResults(given);
  const start = findStart(all, query.get('last'), takesNamesAsLast);
  const page = all.slice(start, start + count);
  const last = page.at(-1);
  if (last !== undefined && start + count < all.length) {
    const cursor = encodeCursor({ name: last, next: start + count });
    const address = `${linksWholeAddress ? origin : ''}${path}?last=${cursor}`;
    const limit = linksWholeAddress && given === null ? '' : `&n=${count}`;
    response.setHeader('link', `<${address}${limit}>; rel="next"`);
  }
  sendBody(response, 200, 'text/plain; charset=utf-8', `${JSON.stringify(describe(page), undefined, 2)}\n`);
}

function readMaxResults(given: string | null): number {
  if (given === null) return CHOICES.registryTagsPage.value;
  const count = Number(given);
  if (!/^\d+$/.test(given) || count < 1) {
    throw invalidParameter('maxResults', 'Member must have value greater than or equal to 1');
  }
  if (count > MAXIMUM) {
    throw invalidParameter('maxResults', `Member must have value less than or equal to ${MAXIMUM}`);
  }
  return count;
}

/** The end of a page. When the item is gone, the next page begins at the index `next`. */
interface Cursor {
  readonly name: string;
  readonly next: number;
}

function encodeCursor(cursor: Cursor): string {
  return Buffer.from(JSON.stringify(cursor)).toString('base64url');
}

function decodeCursor(given: string): Cursor | undefined {
  const { name, next } = parseObject(Buffer.from(given, 'base64url').toString()) ?? {};
  return typeof name === 'string' && typeof next === 'number' ? { name, next } : undefined;
}

/** Finds the index after `last`: a cursor of `encodeCursor`, or with `takesNames` an item, as in the OCI distribution specification. */
function findStart(all: readonly string[], last: string | null, takesNames: boolean): number {
  if (last === null) return 0;
  const cursor = decodeCursor(last);
  if (cursor === undefined && !takesNames) {
    throw invalidParameter('NextToken', 'Invalid next token provided');
  }
  const position = all.indexOf(cursor?.name ?? last);
  if (position !== -1) return position + 1;
  if (cursor === undefined) throw invalidParameter('nextToken', CHOICES.invalidNextTokenReason.value);
  return cursor.next;
}

/**
 * Sends one page of a list in the order of the OCI distribution specification: sorted, with at most `n` items after `last`. A link leads to the next
 * page. `last` need not exist. `describe` turns the page into the body.
 */
function sendSortedPage(
  { response, query }: RegistryExchange,
  path: string,
  items: readonly string[],
  describe: (page: readonly string[]) => object,
): void {
  const count = readPageLength(query.get('n'));
  const last = query.get('last') ?? '';
  // No item sorts before the empty text.
  const all = items.filter((item) => item > last).sort();
  const page = all.slice(0, count);
  const end = page.at(-1);
  if (end !== undefined && page.length < all.length) {
    response.setHeader('link', `<${path}?last=${encodeURIComponent(end)}&n=${count}>; rel="next"`);
  }
  sendBody(response, 200, 'application/json', JSON.stringify(describe(page)));
}

function readPageLength(given: string | null): number {
  if (given === null) return Number.POSITIVE_INFINITY;
  if (!/^\d+$/.test(given)) {
    throw new RegistryError(400, 'PAGINATION_NUMBER_INVALID', `n must be a whole number, not '${given}'`);
  }
  return Number(given);
}
