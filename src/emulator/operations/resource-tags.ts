import { MAX_RESOURCE_TAGS } from '../../wire/limits.ts';
import type { ValueOf } from '../../wire/operations.ts';
import { CHOICES } from '../choices.ts';
import { ServiceError } from '../service-error.ts';

/** Letters, digits, spaces and these; source: "Tag restrictions" of the user guide. */
const allowed = /^[\p{L}\p{N}\p{Zs}+\-=._:/@]*$/u;

/**
 * The tags there are with those given put over them. Throws InvalidTagParameterException for one that may not be, TooManyTagsException
 * when there would be more than 50.
 */
export function mergeResourceTags(
  current: ReadonlyMap<string, string>,
  tags: readonly ValueOf<'Tag'>[],
): ReadonlyMap<string, string> {
  const merged = new Map(current);
  for (const { Key: key, Value: value } of tags) {
    if (key === undefined || value === undefined) throw invalidTag(CHOICES.incompleteTagText.value);
    checkTagKey(key);
    if (!allowed.test(value)) throw invalidTag(CHOICES.invalidTagText.value(key));
    merged.set(key, value);
  }
  if (merged.size > MAX_RESOURCE_TAGS) {
    throw new ServiceError('TooManyTagsException', CHOICES.tooManyTagsText.value(MAX_RESOURCE_TAGS));
  }
  return merged;
}

/** Throws InvalidTagParameterException for a key with a character that is not allowed or with AWS's own prefix. */
export function checkTagKey(key: string): void {
  if (!allowed.test(key) || /^aws:/i.test(key)) throw invalidTag(CHOICES.invalidTagText.value(key));
}

function invalidTag(message: string): ServiceError {
  return new ServiceError('InvalidTagParameterException', message);
}
