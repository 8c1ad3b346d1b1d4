import type { ImageTarget } from '../ends/image-target.ts';
import { EcrpError } from '../errors.ts';
import type { Digest } from '../oci/digest.ts';
import { findImageDigest } from './find-digest.ts';
import type { PushPlan } from './plan/push-plan.ts';
import type { TagResult } from './result.ts';

/** What happens to a tag that exists: `overwrite` moves it, `skip` leaves it where it is, `fail` refuses to move it. */
export type TagPolicy = 'overwrite' | 'skip' | 'fail';

export interface GuardedTags {
  readonly plan: PushPlan;
  /** The tags to put, in order. */
  readonly tags: readonly TagToPut[];
  /** The tags that stay where they are. */
  readonly kept: readonly TagResult[];
  /**
   * Looks again, right before a tag is put on the image with this digest. Returns the image that the tag stays on instead; undefined: put it.
   * Throws CONFLICT to end the push.
   */
  confirm(tag: string, digest: Digest, signal: AbortSignal): Promise<Digest | undefined>;
}

export interface TagToPut {
  readonly tag: string;
  /** Where it points before the push. It may still be on its way while blobs are sent. */
  readonly previous: Promise<Digest | undefined | 'unknown'>;
}

/**
 * Looks where all tags point before anything is sent. A policy other than `overwrite` looks again right before each tag is put: no operation
 * does both at once, so a tag that another client moves at that moment is moved again.
 *
 * Throws CONFLICT when a tag would move that must not. To tell, it finds out the image's digest, which sends nothing.
 */
export async function guardTags(
  policy: TagPolicy,
  plan: PushPlan,
  tags: readonly string[],
  target: ImageTarget,
  signal: AbortSignal,
): Promise<GuardedTags> {
  if (policy === 'overwrite') {
    const glance = async (tag: string) => target.glanceAtTag?.(tag, signal) ?? 'unknown';
    const looked = tags.map((tag) => ({ tag, previous: glance(tag).catch(() => 'unknown' as const) }));
    return { plan, tags: looked, kept: [], confirm: async () => undefined };
  }
  const located = await Promise.all(
    tags.map(async (tag) => ({ tag, digest: await target.locateTag(tag, signal) })),
  );
  const confirm: GuardedTags['confirm'] = async (tag, digest, inner) => {
    const current = await target.locateTag(tag, inner);
    if (current === undefined || current === digest) return undefined;
    if (policy === 'fail') throw refuseMove(tag, current, digest);
    return current;
  };
  if (policy === 'skip') {
    const free = located.filter(({ digest }) => digest === undefined);
    const taken = located.flatMap(({ tag, digest }) => (digest === undefined ? [] : [{ tag, digest }]));
    const kept = taken.map(({ tag, digest }) => keepTag(tag, digest));
    return { plan, tags: free.map(expectTag), kept, confirm };
  }
  const isTaken = located.some(({ digest }) => digest !== undefined);
  const found = isTaken ? await findImageDigest(plan, target.limits, signal) : undefined;
  for (const { tag, digest } of located) {
    if (found !== undefined && digest !== undefined && digest !== found.digest) {
      throw refuseMove(tag, digest, found.digest);
    }
  }
  return { plan: found?.plan ?? plan, tags: located.map(expectTag), kept: [], confirm };
}

/** An image that a new one takes the place of. */
export interface ReplacedImage {
  readonly imageTag: string;
  readonly imageDigest: Digest;
}

/**
 * Also looks, right before the tag is put, whether it is still on the image that the new one was made from. Throws CONFLICT if another client
 * has moved it meanwhile.
 */
export function guardReplaced(
  guarded: GuardedTags,
  { imageTag, imageDigest }: ReplacedImage,
  target: ImageTarget,
): GuardedTags {
  return {
    ...guarded,
    async confirm(tag, digest, signal) {
      if (tag === imageTag) {
        const current = await target.locateTag(tag, signal);
        if (current !== imageDigest && current !== digest) throw refuseMoved(tag, imageDigest, current);
      }
      return guarded.confirm(tag, digest, signal);
    },
  };
}

/** A tag that stays on another image, or on this one. */
export function keepTag(imageTag: string, imageDigest: Digest): TagResult {
  return { imageTag, status: 'unchanged', imageDigest };
}

function expectTag({ tag, digest }: { readonly tag: string; readonly digest: Digest | undefined }): TagToPut {
  return { tag, previous: Promise.resolve(digest) };
}

function refuseMoved(tag: string, before: Digest, current: Digest | undefined): EcrpError {
  const what = current === undefined ? 'removed it' : `moved it to ${current}`;
  return new EcrpError(
    'CONFLICT',
    `the tag ${tag} was on ${before}, and another client has ${what} meanwhile`,
    {
      hint: 'Run the command again.',
    },
  );
}

function refuseMove(tag: string, current: Digest, digest: Digest): EcrpError {
  return new EcrpError('CONFLICT', `the tag ${tag} is on ${current}, and the image to push is ${digest}`, {
    hint: 'Push it under another tag, or move the tag with --if-exists overwrite.',
  });
}
