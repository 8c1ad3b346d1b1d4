import { compileGlobs, type Matcher } from './glob.ts';
import { hasOwnTag, type LinkedImages } from './links.ts';
import type { KeepReason, RetainableImage, RetentionRules, RetentionVerdict } from './rules.ts';

/**
 * Decides which images go. First each is judged by the rules. Then everything that belongs to what stays is kept: children of an index and
 * referrers of an image, and what belongs to those.
 *
 * `keep` counts images that stand for themselves: those with a tag of their own, and untagged ones that are neither child nor referrer.
 * @param nowMs Milliseconds since 1970.
 * @returns A verdict for each image, in the order of the images.
 */
export function decideRetention(
  linked: LinkedImages,
  rules: RetentionRules,
  nowMs: number,
): readonly RetentionVerdict[] {
  const { images } = linked;
  const verdicts = judgeByRules(linked, rules, nowMs);
  const isFollower = (position: number): boolean =>
    rules.withChildren && images[position]?.imageTags.length === 0 && linked.isChild(position);
  const pending = verdicts.flatMap(({ action }, position) =>
    action === 'keep' && !isFollower(position) ? [position] : [],
  );
  const kept = new Set(pending);
  const follow = (position: number, kind: 'child' | 'referrer', by: string): void => {
    if (kept.has(position)) return;
    kept.add(position);
    verdicts[position] = { action: 'keep', reason: { kind, by } };
    pending.push(position);
  };
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const by = images[next]?.imageDigest ?? '';
    for (const child of linked.childrenOf(next)) follow(child, 'child', by);
    for (const referrer of linked.referrersOf(next)) follow(referrer, 'referrer', by);
  }
  return verdicts.map((verdict, position) =>
    verdict.action === 'keep' && !kept.has(position)
      ? { action: 'delete', reason: { kind: 'orphan' } }
      : verdict,
  );
}

const GOES: RetentionVerdict = { action: 'delete', reason: { kind: 'rules' } };

/** Judges an image by its tags alone. */
type FindExemption = (image: RetainableImage) => KeepReason | undefined;

function judgeByRules(linked: LinkedImages, rules: RetentionRules, nowMs: number): RetentionVerdict[] {
  const { images } = linked;
  const findExemption = prepareExemptions(rules);
  const newest = findNewest(linked, rules.keep, findExemption);
  return images.map((image, position): RetentionVerdict => {
    const reason: KeepReason | undefined =
      findExemption(image) ??
      (newest.has(position) ? { kind: 'newest' } : undefined) ??
      (isYoung(image, rules.olderThanMs, nowMs) ? { kind: 'young' } : undefined);
    return reason === undefined ? GOES : { action: 'keep', reason };
  });
}

function prepareExemptions({ untagged, match, protect }: RetentionRules): FindExemption {
  const matches: Matcher = match.length === 0 ? () => true : compileGlobs(match);
  const isProtected = compileGlobs(protect);
  return ({ imageTags }) => {
    const guarded = imageTags.find(isProtected);
    if (guarded !== undefined) return { kind: 'protected', imageTag: guarded };
    if (imageTags.length > 0 && untagged) return { kind: 'tagged' };
    if (imageTags.length === 0) {
      return match.length === 0 || untagged ? undefined : { kind: 'unmatched', imageTag: undefined };
    }
    const other = imageTags.find((tag) => !matches(tag));
    return other === undefined ? undefined : { kind: 'unmatched', imageTag: other };
  };
}

function isYoung({ pushedAtMs }: RetainableImage, olderThanMs: number | undefined, nowMs: number): boolean {
  return olderThanMs !== undefined && (pushedAtMs === undefined || nowMs - pushedAtMs <= olderThanMs);
}

/** Finds the positions of the newest images among those that count. Digests decide between images of one second. */
function findNewest(
  linked: LinkedImages,
  keep: number | undefined,
  findExemption: FindExemption,
): ReadonlySet<number> {
  if (keep === undefined) return new Set();
  const { images } = linked;
  const counted = [...images.entries()].filter(
    ([position, image]) =>
      findExemption(image) === undefined &&
      (hasOwnTag(image) || (!linked.isChild(position) && !linked.isReferrer(position))),
  );
  counted.sort(([, a], [, b]) => {
    const [timeA, timeB] = [
      a.pushedAtMs ?? Number.POSITIVE_INFINITY,
      b.pushedAtMs ?? Number.POSITIVE_INFINITY,
    ];
    if (timeA !== timeB) return timeB > timeA ? 1 : -1;
    return a.imageDigest < b.imageDigest ? -1 : 1;
  });
  return new Set(counted.slice(0, keep).map(([position]) => position));
}
