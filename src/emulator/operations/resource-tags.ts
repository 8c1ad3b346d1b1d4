import { MAX_RESOURCE_TAGS } from '../../wire/limits.ts';
import type { InputOf, ValueOf } from '../../wire/operations.ts';
import { CHOICES } from '../choices.ts';
import { invalidParameter, ServiceError } from '../service-error.ts';
import type { StoredRepository } from '../storage/model.ts';
import { findRepository, type Handler, type Handlers, type OperationContext } from './context.ts';

/** Sets the given tags. The others stay. */
const tagResource: Handler<'TagResource'> = (context, input) => {
  const { name, resourceTags } = findResource(context, input.resourceArn);
  context.store.setResourceTags(name, mergeResourceTags(resourceTags, input.tags));
  return {};
};

/** A key without a tag is not an error. */
const untagResource: Handler<'UntagResource'> = (context, input) => {
  const { name, resourceTags } = findResource(context, input.resourceArn);
  for (const key of input.tagKeys) checkTagKey(key);
  const remaining = [...resourceTags].filter(([key]) => !input.tagKeys.includes(key));
  context.store.setResourceTags(name, new Map(remaining));
  return {};
};

export function listTagsForResource(context: OperationContext, input: InputOf<'ListTagsForResource'>) {
  const { resourceTags } = findResource(context, input.resourceArn);
  return { tags: [...resourceTags].map(([key, value]) => ({ Key: key, Value: value })) };
}

export const resourceTagHandlers: Handlers<'TagResource' | 'UntagResource' | 'ListTagsForResource'> = {
  TagResource: tagResource,
  UntagResource: untagResource,
  ListTagsForResource: listTagsForResource,
};

/** Finds the repository of an ARN: nothing else takes tags. Throws InvalidParameterException or RepositoryNotFoundException. */
function findResource(context: OperationContext, arn: string): StoredRepository {
  const target = context.service.readRepositoryArn(arn);
  if (target === undefined) throw invalidParameter('resourceArn', 'Invalid ARN');
  return findRepository(context, target);
}

/** Source: "Tag restrictions" of the user guide. */
const allowed = /^[\p{L}\p{N}\p{Zs}+\-=._:/@]*$/u;

/**
 * Adds tags to the current ones, replacing equal keys. Throws InvalidTagParameterException for a tag that is not allowed, TooManyTagsException when the
 * result has more than 50 tags.
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

/** Throws InvalidTagParameterException for a key with a forbidden character or the prefix `aws:`. */
function checkTagKey(key: string): void {
  if (!allowed.test(key) || /^aws:/i.test(key)) throw invalidTag(CHOICES.invalidTagText.value(key));
}

function invalidTag(message: string): ServiceError {
  return new ServiceError('InvalidTagParameterException', message);
}
