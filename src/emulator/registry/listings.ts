import { CHOICES } from '../choices.ts';
import { parseObject } from '../json.ts';
import { findPrimaryAlias } from '../served-registry.ts';
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
export function serveTags(exchange: RepositoryExchange, name: string): void {
  const { response, context, query } = exchange;
  const repository = findRepositoryByPath(context, name);
  if (context.registryRules.sortsTags) {
    sendSortedPage(exchange, `/v2/${name}/tags/list`, repository.imageTags.keys(), (tags) => ({
      name,
      tags,
    }));
    return;
  }
  const count = readMaxResults(query.get('n'));
  const all = [...repository.imageTags.keys()];
  const start = findStart(all, query.get('last'));
  const tags = all.slice(start, start + count);
  const last = tags.at(-1);
  if (last !== undefined && start + count < all.length) {
    const cursor = encodeCursor({ tag: last, next: start + count });
    response.setHeader('link', `</v2/${name}/tags/list?last=${cursor}&n=${count}>; rel="next"`);
  }
  sendBody(response, 200, 'text/plain; charset=utf-8', `${JSON.stringify({ name, tags }, undefined, 2)}\n`);
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

/** The end of a page. When the tag is gone, the next page begins at the index `next`. */
interface Cursor {
  readonly tag: string;
  readonly next: number;
}

function encodeCursor(cursor: Cursor): string {
  return Buffer.from(JSON.stringify(cursor)).toString('base64url');
}

function decodeCursor(given: string): Cursor | undefined {
  const { tag, next } = parseObject(Buffer.from(given, 'base64url').toString()) ?? {};
  return typeof tag === 'string' && typeof next === 'number' ? { tag, next } : undefined;
}

/** Finds the index after `last`: a cursor of `encodeCursor`, or a tag, as in the OCI distribution specification. */
function findStart(tags: readonly string[], last: string | null): number {
  if (last === null) return 0;
  const cursor = decodeCursor(last);
  const position = tags.indexOf(cursor?.tag ?? last);
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
  items: Iterable<string>,
  describe: (page: readonly string[]) => object,
): void {
  const count = readPageLength(query.get('n'));
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

function readPageLength(given: string | null): number {
  if (given === null) return Number.POSITIVE_INFINITY;
  if (!/^\d+$/.test(given)) {
    throw new RegistryError(400, 'PAGINATION_NUMBER_INVALID', `n must be a whole number, not '${given}'`);
  }
  return Number(given);
}

/** `GET /v2/_catalog`: `<alias>/<name>` of all repositories of all registries. Source: Docker registry HTTP API V2, "Listing Repositories". */
export function serveCatalog(exchange: RegistryExchange): void {
  const names = exchange.context.registries.flatMap(({ registry, store }) =>
    [...store.repositories.keys()].map((name) => `${findPrimaryAlias(registry)}/${name}`),
  );
  sendSortedPage(exchange, '/v2/_catalog', names, (repositories) => ({ repositories }));
}
