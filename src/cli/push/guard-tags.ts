import { EcrpError } from '../../errors.ts';
import type { Digest } from '../../oci/digest.ts';
import { findImageDigest } from '../../push/find-digest.ts';
import type { TagGuard, TagLookup } from '../../push/push-options.ts';
import type { PushPlan } from '../../push/push-plan.ts';
import type { PushResult, TagResult } from '../../push/push-result.ts';
import type { TagLocator } from './tag-locator.ts';

/** What happens to tags that are on an image: `skip` leaves each where it is, `fail` refuses one that would move. */
export type TagPolicy = 'skip' | 'fail';

export interface GuardedTags {
  readonly plan: PushPlan;
  /** Those to put. */
  readonly tags: readonly string[];
  /** Those that stay where they are. */
  readonly kept: readonly TagResult[];
  readonly lookUpTag: TagLookup;
  readonly guardTag: TagGuard;
}

/**
 * Looks where all tags are before anything is sent, and again right before each is put: the service has no way to do both
 * at once, so one that another client moves in that moment is moved on. Throws CONFLICT when a tag would move that may
 * not; to tell that, the image's digest is found out without sending anything.
 */
export async function guardTags(
  policy: TagPolicy,
  plan: PushPlan,
  tags: readonly string[],
  locate: TagLocator,
  signal: AbortSignal,
): Promise<GuardedTags> {
  const places = new Map(
    await Promise.all(tags.map(async (tag) => [tag, await locate(tag, signal)] as const)),
  );
  const lookUpTag: TagLookup = async (tag) => places.get(tag);
  const taken = [...places].flatMap(([tag, digest]) => (digest === undefined ? [] : [{ tag, digest }]));
  if (policy === 'skip') {
    return {
      plan,
      tags: tags.filter((tag) => places.get(tag) === undefined),
      kept: taken.map(({ tag, digest }) => ({ imageTag: tag, status: 'unchanged', imageDigest: digest })),
      lookUpTag,
      guardTag: async (tag, digest) => findOther(await locate(tag, signal), digest),
    };
  }
  const found = taken.length === 0 ? undefined : await findImageDigest(plan, signal);
  for (const { tag, digest } of taken) {
    if (found !== undefined && digest !== found.digest) throw refuseMove(tag, digest, found.digest);
  }
  return {
    plan: found?.plan ?? plan,
    tags,
    kept: [],
    lookUpTag,
    guardTag: async (tag, digest) => {
      const other = findOther(await locate(tag, signal), digest);
      if (other !== undefined) throw refuseMove(tag, other, digest);
      return undefined;
    },
  };
}

/** What there is to say when tags were guarded; the media type of an image that was there is not known. */
export type GuardedResult = Omit<PushResult, 'imageManifestMediaType'> &
  Partial<Pick<PushResult, 'imageManifestMediaType'>>;

/** The result of a push, and of the tags that were kept from it; `undefined` when nothing was to be put at all. */
export function addKeptTags(
  result: PushResult | undefined,
  kept: readonly TagResult[],
  order: readonly string[],
): GuardedResult {
  const tags = [...(result?.tags ?? []), ...kept].sort(
    (a, b) => order.indexOf(a.imageTag) - order.indexOf(b.imageTag),
  );
  const first = tags[0]?.imageDigest;
  if (first === undefined || tags.some(({ imageDigest }) => imageDigest === undefined)) {
    if (result === undefined) throw new TypeError('neither a push nor a tag that was kept');
    return { ...result, tags };
  }
  // Every tag is on another image: that one is what there is to be told.
  return {
    registryId: result?.registryId,
    imageDigest: first,
    tags,
    manifests: result?.manifests ?? [],
    layers: result?.layers ?? { total: 0, uploaded: 0, existing: 0, skipped: 0 },
    bytes: result?.bytes ?? { total: 0, uploaded: 0, existing: 0, resumed: 0 },
  };
}

function findOther(current: Digest | undefined, digest: Digest): Digest | undefined {
  return current === digest ? undefined : current;
}

function refuseMove(tag: string, current: Digest, digest: Digest): EcrpError {
  return new EcrpError('CONFLICT', `the tag ${tag} is on ${current}, and the image to push is ${digest}`, {
    hint: 'Push it under another tag, or move the tag with --if-exists overwrite.',
  });
}
