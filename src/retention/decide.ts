import { compileGlobs, type Matcher } from './glob.ts';
import { hasOwnTag, type LinkedImages } from './links.ts';
import type { RetainableImage, RetentionRules, RetentionVerdict } from './rules.ts';

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
    rules.withChildren && linked.isChild(position) && images.at(position)?.imageTags.length === 0;
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
    const [children, referrers] = [linked.childrenOf(next), linked.referrersOf(next)];
    if (children.length === 0 && referrers.length === 0) continue;
    const by = images.at(next)?.imageDigest ?? '';
    for (const child of children) follow(child, 'child', by);
    for (const referrer of referrers) follow(referrer, 'referrer', by);
  }
  return verdicts.map((verdict, position) =>
    verdict.action === 'keep' && !kept.has(position) ? ORPHAN : verdict,
  );
}

// Most verdicts are one of these few objects: a repository may have 100,000 images.
const GOES: RetentionVerdict = { action: 'delete', reason: { kind: 'rules' } };
const ORPHAN: RetentionVerdict = { action: 'delete', reason: { kind: 'orphan' } };
const TAGGED: RetentionVerdict = { action: 'keep', reason: { kind: 'tagged' } };
const UNTAGGED: RetentionVerdict = { action: 'keep', reason: { kind: 'unmatched', imageTag: undefined } };
const NEWEST: RetentionVerdict = { action: 'keep', reason: { kind: 'newest' } };
const YOUNG: RetentionVerdict = { action: 'keep', reason: { kind: 'young' } };

/** Judges an image by its tags alone. Undefined if they do not keep it. */
type FindExemption = (image: RetainableImage) => RetentionVerdict | undefined;

function judgeByRules(linked: LinkedImages, rules: RetentionRules, nowMs: number): RetentionVerdict[] {
  const findExemption = prepareExemptions(rules);
  const newest = findNewest(linked, rules.keep, findExemption);
  return Array.from(linked.images.entries(), ([position, image]) => {
    const exemption = findExemption(image);
    if (exemption !== undefined) return exemption;
    if (newest.has(position)) return NEWEST;
    return isYoung(image, rules.olderThanMs, nowMs) ? YOUNG : GOES;
  });
}

function prepareExemptions({ untagged, match, protect }: RetentionRules): FindExemption {
  const matches: Matcher = match.length === 0 ? () => true : compileGlobs(match);
  const isProtected = compileGlobs(protect);
  return ({ imageTags }) => {
    const guarded = imageTags.find(isProtected);
    if (guarded !== undefined) {
      return { action: 'keep', reason: { kind: 'protected', imageTag: guarded } };
    }
    if (imageTags.length > 0 && untagged) return TAGGED;
    if (imageTags.length === 0) return match.length === 0 || untagged ? undefined : UNTAGGED;
    const other = imageTags.find((tag) => !matches(tag));
    return other === undefined
      ? undefined
      : { action: 'keep', reason: { kind: 'unmatched', imageTag: other } };
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
  const counted: { readonly position: number; readonly pushedAtMs: number }[] = [];
  for (const [position, image] of linked.images.entries()) {
    const isCounted = hasOwnTag(image) || (!linked.isChild(position) && !linked.isReferrer(position));
    if (!isCounted || findExemption(image) !== undefined) continue;
    counted.push({ position, pushedAtMs: image.pushedAtMs ?? Number.POSITIVE_INFINITY });
  }
  const digestOf = (position: number): string => linked.images.at(position)?.imageDigest ?? '';
  counted.sort((a, b) => {
    if (a.pushedAtMs !== b.pushedAtMs) return b.pushedAtMs > a.pushedAtMs ? 1 : -1;
    return digestOf(a.position) < digestOf(b.position) ? -1 : 1;
  });
  return new Set(counted.slice(0, keep).map(({ position }) => position));
}
