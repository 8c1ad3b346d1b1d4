import { CHOICES } from '../choices.ts';
import { parseObject } from '../json.ts';
import { invalidParameter } from '../service-error.ts';

/** The default for `maxResults`. Source: service model. */
const DEFAULT_PAGE = 100;

interface PagingInput {
  readonly nextToken?: string | undefined;
  readonly maxResults?: number | undefined;
}

/** The end of a page: the key and the number of its last item. */
interface Position {
  readonly scope: string;
  readonly key: string;
  readonly count: number;
}

/**
 * Cuts one page from unique keys in a stable order. A token is valid in the `scope` it was made in. It continues after its item, or after its number when
 * the item is gone. Throws InvalidParameterException for any other token.
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

/** Throws InvalidParameterException for paging members beside a list of names or ids: the service model excludes them. */
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
