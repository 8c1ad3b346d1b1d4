import { raceAbort } from '../async/abort.ts';
import type { ReadManifest } from '../ends/image-target.ts';
import { EcrpError } from '../errors.ts';
import { discardBody, type HttpAnswer, type HttpRequest } from '../net/send-request.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import { MAX_ITEMS } from '../oci/json.ts';
import { MAX_MANIFEST_BYTES, parseManifest } from '../oci/manifest.ts';
import { OCI_INDEX } from '../oci/media-types.ts';
import { findNextPage } from './list-tags.ts';
import { readBytes, UnexpectedStatus } from './read-answer.ts';

/** What listing needs of a remote repository. */
export interface ReferrersPlace {
  /** What has been learned of the registry, and the first question while it is open. */
  readonly learned: { lacksReferrersApi: boolean | undefined; first?: Promise<unknown> };
  readonly remote: {
    readonly name: string;
    findDigest(reference: string, signal: AbortSignal): Promise<Digest | undefined>;
    readManifest(reference: string, signal: AbortSignal): Promise<ReadManifest | undefined>;
  };
  readonly request: (path: string, given: HttpRequest, signal: AbortSignal) => Promise<HttpAnswer>;
  /** Repeats a read within the budget. */
  readonly read: <Result>(
    what: string,
    signal: AbortSignal,
    work: (inner: AbortSignal, onProgress: () => void) => Promise<Result>,
  ) => Promise<Result>;
}

interface ReferrersPage {
  readonly manifests: readonly Descriptor[];
  /** Query of the next page. */
  readonly next: string | undefined;
}

/**
 * Lists the manifests about a digest: by the referrers API, else by the index under the fallback tag (OCI distribution specification,
 * "Referrers Tag Schema"). A registry without the API is asked for it until its first answer. `hasFallbackTag`: false if there is known to be no
 * such tag. Throws INVALID_INPUT for a malformed list, UNAVAILABLE for one that does not end.
 */
export async function listReferrers(
  place: ReferrersPlace,
  digest: Digest,
  signal: AbortSignal,
  hasFallbackTag = true,
): Promise<readonly Descriptor[]> {
  const found = await askForReferrers(place, digest, signal);
  if (found !== undefined) return found;
  return hasFallbackTag ? listByFallbackTag(place.remote, digest, signal) : [];
}

/** Undefined: the registry does not have the API. All wait for the first answer, so that such a registry is asked once. */
async function askForReferrers(
  place: ReferrersPlace,
  digest: Digest,
  signal: AbortSignal,
): Promise<readonly Descriptor[] | undefined> {
  const { learned } = place;
  if (learned.first !== undefined && learned.lacksReferrersApi === undefined) {
    // Its error goes to the caller that asked.
    await raceAbort(
      learned.first.catch(() => undefined),
      signal,
    );
  }
  if (learned.lacksReferrersApi) return undefined;
  const asking = listByApi(place, digest, signal);
  learned.first ??= asking;
  const found = await asking;
  learned.lacksReferrersApi = found === undefined;
  return found;
}

/** Undefined: the registry does not have the API. */
async function listByApi(
  { remote, request, read }: ReferrersPlace,
  digest: Digest,
  signal: AbortSignal,
): Promise<readonly Descriptor[] | undefined> {
  const what = `the referrers of ${digest}`;
  const found: Descriptor[] = [];
  const seen = new Set<string>();
  for (let query: string | undefined = ''; query !== undefined; ) {
    const asked: string = query;
    if (seen.has(asked) || found.length > MAX_ITEMS) {
      throw new EcrpError('UNAVAILABLE', `${remote.name}: the list of ${what} does not end`, {
        hint: 'Use --referrers drop, or tell the owner of the registry.',
      });
    }
    seen.add(asked);
    const page: ReferrersPage | undefined = await read(what, signal, async (inner, onProgress) => {
      const answer = await request(`referrers/${digest}${asked}`, { headers: { accept: OCI_INDEX } }, inner);
      return readPage(answer, remote.name, onProgress);
    });
    if (page === undefined) return undefined;
    found.push(...page.manifests);
    query = page.next;
  }
  return found;
}

/** Undefined: the registry does not have the API. Its answers to that differ: any refusal, or a document of another kind. */
async function readPage(
  answer: HttpAnswer,
  name: string,
  onProgress: () => void,
): Promise<ReferrersPage | undefined> {
  const { status, headers, url } = answer;
  const isPage = status === 200 && headers['content-type']?.replace(/;.*$/s, '').trim() === OCI_INDEX;
  if (!isPage && (status === 200 || (status >= 400 && status < 500 && status !== 408 && status !== 429))) {
    await discardBody(answer);
    return undefined;
  }
  if (!isPage) {
    await discardBody(answer);
    throw new UnexpectedStatus(answer);
  }
  const bytes = await readBytes(answer, MAX_MANIFEST_BYTES, onProgress);
  const index = parseManifest(bytes, OCI_INDEX, `${name}: referrers`);
  const next = findNextPage(headers.link, url, `${name}: the list of referrers`);
  return { manifests: index.kind === 'index' ? index.manifests : [], next: next?.search };
}

/** Lists what the index under the fallback tag `sha256-HEX` names; empty without one. */
export async function listByFallbackTag(
  remote: ReferrersPlace['remote'],
  digest: Digest,
  signal: AbortSignal,
): Promise<readonly Descriptor[]> {
  const tag = digest.replace(':', '-');
  if ((await remote.findDigest(tag, signal)) === undefined) return [];
  const found = await remote.readManifest(tag, signal);
  if (found?.mediaType !== OCI_INDEX) return [];
  const index = parseManifest(found.bytes, found.mediaType, `${remote.name}:${tag}`);
  return index.kind === 'index' ? index.manifests : [];
}
