/** An image of a repository, as the API describes it. */
export interface RetainableImage {
  readonly imageDigest: string;
  /** Empty for an untagged image. */
  readonly imageTags: readonly string[];
  /** Milliseconds since 1970. An image whose time is unknown counts as new. */
  readonly pushedAtMs: number | undefined;
  readonly mediaType: string | undefined;
}

/** Images by position. An array has these members; images that take less memory can have them too. */
export interface RetainableImages {
  readonly length: number;
  at(position: number): RetainableImage | undefined;
  entries(): Iterable<[number, RetainableImage]>;
}

/** An image goes if it meets all rules that are given. */
export interface RetentionRules {
  /** Only images without tags. */
  readonly untagged: boolean;
  /** Only images pushed longer ago than this. */
  readonly olderThanMs: number | undefined;
  /** Not the newest of those that `match`, `protect` and `untagged` let through. */
  readonly keep: number | undefined;
  /** Patterns. Every tag must match one; without patterns, every tag does. An untagged image matches no pattern. */
  readonly match: readonly string[];
  /** Patterns. No tag may match one. */
  readonly protect: readonly string[];
  /** Untagged children of an index that goes, too, whatever the other rules say. */
  readonly withChildren: boolean;
}

/** Why an image stays. `by` is a digest. */
export type KeepReason =
  | { readonly kind: 'protected'; readonly imageTag: string }
  | { readonly kind: 'unmatched'; readonly imageTag: string | undefined }
  | { readonly kind: 'tagged' }
  | { readonly kind: 'young' }
  | { readonly kind: 'newest' }
  | { readonly kind: 'child' | 'referrer'; readonly by: string };

/** Why an image goes: it meets all rules, or with `withChildren` every index that lists it goes. */
export type DeleteReason = { readonly kind: 'rules' } | { readonly kind: 'orphan' };

export type RetentionVerdict =
  | { readonly action: 'keep'; readonly reason: KeepReason }
  | { readonly action: 'delete'; readonly reason: DeleteReason };

/**
 * Says why an image stays or goes, in a few words.
 * @param age `--older-than` as it was given.
 */
export function describeVerdict(
  { imageTags }: RetainableImage,
  { action, reason }: RetentionVerdict,
  { untagged, keep, match }: RetentionRules,
  age: string | undefined,
): string {
  if (action === 'keep') return describeKeeping(reason, keep, age);
  if (reason.kind === 'orphan') return 'child of an index that goes';
  return [
    imageTags.length === 0 && (untagged || match.length === 0) && 'untagged',
    imageTags.length > 0 && match.length > 0 && 'every tag matches',
    age !== undefined && `older than ${age}`,
    keep !== undefined && `not among the newest ${keep}`,
  ]
    .filter((part) => part !== false)
    .join(', ');
}

function describeKeeping(reason: KeepReason, keep: number | undefined, age: string | undefined): string {
  switch (reason.kind) {
    case 'protected':
      return `tag ${reason.imageTag} is protected`;
    case 'unmatched':
      return reason.imageTag === undefined
        ? 'untagged, so it does not match'
        : `tag ${reason.imageTag} does not match`;
    case 'tagged':
      return 'tagged';
    case 'young':
      return `not older than ${age}`;
    case 'newest':
      return `among the newest ${keep}`;
    case 'child':
      return `child of ${reason.by}, which stays`;
    case 'referrer':
      return `refers to ${reason.by}, which stays`;
  }
}
