import { CHOICES } from '../choices.ts';
import { parseObject } from '../json.ts';
import { invalidParameter } from '../texts.ts';

/** Items on a page when the request does not say; source: service model. */
const DEFAULT_PAGE = 100;

interface PagingInput {
  readonly nextToken?: string | undefined;
  readonly maxResults?: number | undefined;
}

/** Where a page ended: after the item of this key, which was the `count`th. */
interface Position {
  readonly scope: string;
  readonly key: string;
  readonly count: number;
}

/**
 * One page of the items, which are named by unique keys in a lasting order. A token is good for the `scope` it was made in, and goes on behind its
 * item; where that is gone, at its number. Throws InvalidParameterException for any other token.
 */
export function paginate(
  keys: Iterable<string>,
  input: PagingInput,
  scope: string,
): { readonly page: readonly string[]; readonly nextToken: string | undefined } {
  const all = [...keys];
  const start = input.nextToken === undefined ? 0 : findStart(all, input.nextToken, scope);
  const end = start + (input.maxResults ?? DEFAULT_PAGE);
  const key = all[end - 1];
  const nextToken =
    end < all.length && key !== undefined ? writeToken({ scope, key, count: end }) : undefined;
  return { page: all.slice(start, end), nextToken };
}

/** Throws InvalidParameterException when a page is asked for besides a list of what to describe: the service model excludes it. */
export function forbidPaging(input: PagingInput): void {
  const member =
    input.nextToken !== undefined ? 'nextToken' : input.maxResults !== undefined ? 'maxResults' : undefined;
  if (member !== undefined) throw invalidParameter(member, CHOICES.excludedPagingReason.value);
}

function findStart(keys: readonly string[], token: string, scope: string): number {
  const position = readToken(token);
  if (position === undefined || position.scope !== scope) {
    throw invalidParameter('nextToken', CHOICES.invalidNextTokenReason.value);
  }
  const at = keys.indexOf(position.key);
  return at < 0 ? Math.min(position.count, keys.length) : at + 1;
}

function writeToken(position: Position): string {
  return Buffer.from(JSON.stringify(position)).toString('base64');
}

function readToken(token: string): Position | undefined {
  const { scope, key, count } = parseObject(Buffer.from(token, 'base64').toString()) ?? {};
  return typeof scope === 'string' && typeof key === 'string' && Number.isInteger(count) && Number(count) >= 0
    ? { scope, key, count: Number(count) }
    : undefined;
}
