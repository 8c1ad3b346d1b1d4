import { EcrpError } from '../../../errors.ts';
import { listNames } from '../../../foreign-text.ts';
import type { Digest } from '../../../oci/digest.ts';
import { findCosignSubject, findListedSubject } from '../../../oci/referrer-tags.ts';
import { isTag, orderTags } from '../../../oci/tags.ts';
import type { RemoteRepository } from '../../../registry/remote-repository.ts';
import type { Matcher } from '../../../retention/glob.ts';
import { formatCount } from '../../format.ts';
import type { Messages } from '../../output.ts';
import type { Tried } from '../push/try-each.ts';
import { tryTogether } from './try-together.ts';

/** The tags of a repository. */
export interface ListedTags {
  /** To be copied. */
  readonly tags: readonly string[];
  /** Cosign's. */
  readonly others: readonly string[];
  /** The digests with a fallback tag, which lists what refers to them. */
  readonly listed: ReadonlySet<Digest>;
}

/**
 * Lists the tags to copy. A tag that stands for what refers to an image goes with the image, and never as a tag. Throws NOT_FOUND if none is
 * left.
 */
export async function listWantedTags(
  remote: RemoteRepository,
  wants: Matcher,
  messages: Messages,
  signal: AbortSignal,
): Promise<ListedTags> {
  const tags: string[] = [];
  const others: string[] = [];
  const listed = new Set<Digest>();
  const strange: string[] = [];
  let count = 0;
  for await (const page of remote.listTagPages(signal)) {
    for (const tag of page) {
      const subject = findListedSubject(tag);
      if (findCosignSubject(tag) !== undefined) others.push(tag);
      else if (subject !== undefined) listed.add(subject);
      else {
        count += 1;
        if (!isTag(tag)) strange.push(tag);
        else if (wants(tag)) tags.push(tag);
      }
    }
  }
  if (strange.length > 0)
    messages.warn(`${remote.name}: left out, as these are no tags: ${listNames(strange)}`);
  if (tags.length > 0) return { tags, others, listed };
  throw new EcrpError(
    'NOT_FOUND',
    count === 0
      ? `${remote.name} has no tags`
      : `${remote.name} has ${formatCount(count, 'tag')}, but --match matches no tag`,
    { hint: count === 0 ? 'Check the name.' : 'Check the pattern: * is any text, ? any character.' },
  );
}

/** Tags of one image. */
export interface TagGroup {
  readonly digest: Digest;
  /** In the order they are put. */
  readonly tags: readonly string[];
}

/** Where the tags point, and what went wrong with some of them. */
export interface GroupedTags {
  /** Those with moving tags last. */
  readonly groups: readonly TagGroup[];
  readonly failed: readonly Tried<never>[];
}

/**
 * Finds out where the tags point: one question for each, which registries do not count as a pull. `onFirst` gets the digest that is found first.
 * Throws AUTH, and the reason of an aborted signal.
 */
export async function groupTags(
  remote: RemoteRepository,
  tags: readonly string[],
  onFirst: (digest: Digest) => void,
  signal: AbortSignal,
): Promise<GroupedTags> {
  let isFirst = true;
  const items = tags.map((tag) => ({ tag, name: `${remote.name}:${tag}` }));
  const find = async ({ tag, name }: (typeof items)[number], inner: AbortSignal) => {
    const digest = await remote.findDigest(tag, inner);
    if (digest === undefined) throw refuseMissing(name);
    if (isFirst) onFirst(digest);
    isFirst = false;
    return { tag, digest };
  };
  const tried = await tryTogether(items, find, signal);
  const failed = tried.flatMap((each) => ('error' in each ? [each] : []));
  const digests = new Map(
    tried.flatMap((each) => ('error' in each ? [] : [[each.result.tag, each.result.digest]])),
  );
  const groups = new Map<Digest, string[]>();
  // From the last one back, so that a group stands where its last tag does.
  for (const tag of orderTags(tags).toReversed()) {
    const digest = digests.get(tag);
    if (digest === undefined) continue;
    const others = groups.get(digest);
    if (others === undefined) groups.set(digest, [tag]);
    else others.push(tag);
  }
  return {
    groups: Array.from(groups, ([digest, found]) => ({ digest, tags: found.toReversed() })).toReversed(),
    failed,
  };
}

/** The error for an image that the source lacks. `name`: `HOST/PATH:TAG`. */
export function refuseMissing(name: string): EcrpError {
  return new EcrpError('NOT_FOUND', `${name} does not exist`, {
    hint: 'Check the name and the tag.',
  });
}
