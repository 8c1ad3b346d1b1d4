import { EcrpError } from '../errors.ts';
import { isObject } from '../json.ts';
import type { Connections } from '../net/connections.ts';
import { parseJson } from '../oci/json.ts';
import { type RegistryAccess, requestRegistry } from './client.ts';
import { readBytes } from './read-answer.ts';
import { isMissing, locate, nameInRegistry, type RegistryRepository } from './registry-reader.ts';
import { type RetryOptions, retryReading } from './retry-reading.ts';

/** Tags to ask for at once. ECR refuses more. */
const PAGE_TAGS = 1000;
/** Longest page accepted, in bytes: a registry may ignore the number asked for. */
const MAX_PAGE_BYTES = 16 * 1024 * 1024;
const MAX_PAGES = 10_000;

interface TagPage {
  readonly tags: readonly string[];
  readonly next: URL | undefined;
}

/**
 * Yields the tags of a repository page by page, in the order of the registry: `tags/list` with its `Link` headers. Throws NOT_FOUND for a
 * missing repository, UNAVAILABLE for a list that does not end or that leads to another place.
 */
export async function* listTagPages(
  connections: Connections,
  repository: RegistryRepository,
  options: RetryOptions,
  access: RegistryAccess = {},
): AsyncGenerator<readonly string[]> {
  const name = nameInRegistry(repository);
  const seen = new Set<string>();
  const first = locate(repository, `tags/list?n=${PAGE_TAGS}`);
  for (let url: URL | undefined = first; url !== undefined; ) {
    if (seen.has(url.href) || seen.size >= MAX_PAGES) {
      throw refuseList(`${name}: the list of tags does not end`);
    }
    seen.add(url.href);
    const asked: URL = url;
    const page: TagPage = await retryReading(
      `${name}: the list of tags`,
      async (signal, onProgress) => {
        const headers = { accept: 'application/json' };
        const answer = await requestRegistry(connections, asked, { headers }, signal, access);
        if (await isMissing(answer)) throw refuseRepository(name);
        const tags = readTags(await readBytes(answer, MAX_PAGE_BYTES, onProgress), name);
        return { tags, next: findNextPage(answer.headers.link, asked, `${name}: the list of tags`) };
      },
      options,
    );
    yield page.tags;
    url = page.next;
  }
}

function readTags(bytes: Buffer, name: string): readonly string[] {
  let body: unknown;
  try {
    body = parseJson(bytes, `${name}: the list of tags`, MAX_PAGE_BYTES);
  } catch (error) {
    // parseJson blames the user's input, which this is not.
    throw refuseList(error instanceof Error ? error.message : String(error));
  }
  // Go writes `null` for an empty list.
  const tags = isObject(body) ? (body.tags ?? []) : undefined;
  if (Array.isArray(tags) && tags.every((tag) => typeof tag === 'string')) return tags;
  throw refuseList(`${name}: the answer is not a list of tags`);
}

/**
 * Finds the next page in a `Link` header. Throws UNAVAILABLE unless it is another page of the same list: the token is for no other place.
 * Some registries behind a proxy write `http:` for themselves; the next page is asked for as this one was.
 * @param what Names the list in the message.
 */
export function findNextPage(link: string | string[] | undefined, asked: URL, what: string): URL | undefined {
  const [, target] = /<([^>]*)>\s*;[^,]*rel="?next"?/i.exec(String(link ?? '')) ?? [];
  if (target === undefined) return undefined;
  const next = URL.canParse(target, asked.href) ? new URL(target, asked) : undefined;
  if (next?.host === asked.host && next.pathname === asked.pathname) {
    return new URL(`${next.pathname}${next.search}`, asked);
  }
  throw refuseList(`${what} continues at another place`);
}

function refuseRepository(name: string): EcrpError {
  return new EcrpError('NOT_FOUND', `${name}: the repository does not exist, or is not public`, {
    hint: name.startsWith('public.ecr.aws/')
      ? 'Check the name, for example at https://gallery.ecr.aws.'
      : 'Check the name, and log in if the repository is private.',
  });
}

function refuseList(problem: string): EcrpError {
  return new EcrpError('UNAVAILABLE', problem, {
    hint: 'Check --registry-host if you gave it, and whether a proxy is between; then run the command again.',
  });
}
