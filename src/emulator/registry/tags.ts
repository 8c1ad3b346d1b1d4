import { CHOICES } from '../choices.ts';
import { invalidParameter } from '../texts.ts';
import type { RepositoryExchange } from './exchange.ts';
import { findRepository } from './find-repository.ts';
import { sendBody } from './reply.ts';
import { sendSortedPage } from './sorted-page.ts';

const MAXIMUM = 1000;

/** `GET tags/list`: JSON that calls itself text, tags in the order they were put. Source: aws/containers-roadmap#1262. */
export function serveTags(exchange: RepositoryExchange, name: string): void {
  const { response, context, query } = exchange;
  const repository = findRepository(context, name);
  if (context.registryRules.sortsTags) {
    sendSortedPage(exchange, `/v2/${name}/tags/list`, repository.imageTags.keys(), (tags) => ({
      name,
      tags,
    }));
    return;
  }
  const count = readCount(query.get('n'));
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

function readCount(given: string | null): number {
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

/** After which tag a page begins. `next` stands in when the tag is gone by then. */
interface Cursor {
  readonly tag: string;
  readonly next: number;
}

function encodeCursor(cursor: Cursor): string {
  return Buffer.from(JSON.stringify(cursor)).toString('base64url');
}

function decodeCursor(given: string): Cursor | undefined {
  try {
    const cursor: unknown = JSON.parse(Buffer.from(given, 'base64url').toString());
    if (typeof cursor !== 'object' || cursor === null || !('tag' in cursor) || !('next' in cursor))
      return undefined;
    const { tag, next } = cursor;
    return typeof tag === 'string' && typeof next === 'number' ? { tag, next } : undefined;
  } catch {
    return undefined;
  }
}

/** A `last` of ours, or a tag as the OCI distribution specification has it. */
function findStart(tags: readonly string[], last: string | null): number {
  if (last === null) return 0;
  const cursor = decodeCursor(last);
  const position = tags.indexOf(cursor?.tag ?? last);
  if (position !== -1) return position + 1;
  if (cursor === undefined) throw invalidParameter('nextToken', CHOICES.invalidNextTokenReason.value);
  return cursor.next;
}
