import type { StoredRepository } from '../storage/model.ts';
import { invalidParameter } from '../texts.ts';
import type { Handler, OperationContext } from './context.ts';
import { findRepository } from './find-repository.ts';
import { readRepositoryArn } from './repository-arn.ts';
import { checkTagKey, mergeResourceTags } from './resource-tags.ts';

/** Sets the tags given; others stay. */
export const tagResource: Handler<'TagResource'> = (context, input) => {
  const { name, resourceTags } = findResource(context, input.resourceArn);
  context.store.setResourceTags(name, mergeResourceTags(resourceTags, input.tags));
  return {};
};

/** Keys that are not there are no error. */
export const untagResource: Handler<'UntagResource'> = (context, input) => {
  const { name, resourceTags } = findResource(context, input.resourceArn);
  for (const key of input.tagKeys) checkTagKey(key);
  const remaining = [...resourceTags].filter(([key]) => !input.tagKeys.includes(key));
  context.store.setResourceTags(name, new Map(remaining));
  return {};
};

export const listTagsForResource: Handler<'ListTagsForResource'> = (context, input) => {
  const { resourceTags } = findResource(context, input.resourceArn);
  return { tags: [...resourceTags].map(([key, value]) => ({ Key: key, Value: value })) };
};

/** Only repositories can be tagged. Throws InvalidParameterException or RepositoryNotFoundException. */
function findResource(context: OperationContext, arn: string): StoredRepository {
  const target = readRepositoryArn(arn);
  if (target === undefined) throw invalidParameter('resourceArn', 'Invalid ARN');
  return findRepository(context, target);
}
