import type { RepositoryExchange } from './exchange.ts';
import { findRepository } from './find-repository.ts';
import { RegistryError } from './registry-error.ts';
import { sendBody } from './reply.ts';

/** `GET tags/list` of the OCI distribution specification: by name, at most `n`, those after `last` whether that one is there or not. */
export function serveSortedTags({ response, context, query }: RepositoryExchange, name: string): void {
  const repository = findRepository(context, name);
  const count = readCount(query.get('n'));
  const last = query.get('last') ?? '';
  // No tag sorts before the empty text.
  const all = [...repository.imageTags.keys()].filter((tag) => tag > last).sort();
  const tags = all.slice(0, count);
  const end = tags.at(-1);
  if (end !== undefined && tags.length < all.length) {
    response.setHeader('link', `</v2/${name}/tags/list?last=${end}&n=${count}>; rel="next"`);
  }
  sendBody(response, 200, 'application/json', JSON.stringify({ name, tags }));
}

function readCount(given: string | null): number {
  if (given === null) return Number.POSITIVE_INFINITY;
  if (!/^\d+$/.test(given)) {
    throw new RegistryError(400, 'PAGINATION_NUMBER_INVALID', `'${given}' is no number of tags`);
  }
  return Number(given);
}
