import { keepTag, type TagPolicy } from '../../../engine/guard-tags.ts';
import type { TagResult } from '../../../engine/result.ts';
import type { Digest } from '../../../oci/digest.ts';

/** Where tags point in the target; undefined: they do not exist. */
export type TargetTags = ReadonlyMap<string, Digest | undefined | 'unknown'>;

/** The tags of an image, by what has to be done. */
export interface SortedTags {
  /** On the image already, or left on another one. */
  readonly settled: readonly TagResult[];
  /** To be put. */
  readonly wanted: readonly string[];
}

/** Sorts the tags of an image by where they point in the target. */
export function sortTags(
  tags: readonly string[],
  digest: Digest,
  found: TargetTags,
  ifExists: TagPolicy,
): SortedTags {
  const settled: TagResult[] = [];
  const wanted: string[] = [];
  for (const imageTag of tags) {
    const before = found.get(imageTag);
    if (before === digest) settled.push({ imageTag, status: 'unchanged' });
    else if (ifExists !== 'skip' || before === undefined || before === 'unknown') wanted.push(imageTag);
    else settled.push(keepTag(imageTag, before));
  }
  return { settled, wanted };
}
