import type { Tag as SdkTag } from '@aws-sdk/client-ecr-public';
import type { ResourceTag } from '../wire/operations.ts';
import { readList, readText } from './answers.ts';
import type { EcrClient } from './client.ts';
import type { Repository } from './repositories.ts';

/** Lists the resource tags of a repository, in the service's order. */
export async function listResourceTags(
  client: EcrClient,
  { repositoryArn, repositoryName }: Repository,
  signal: AbortSignal,
): Promise<readonly ResourceTag[]> {
  return client.call(
    {
      operation: 'ListTagsForResource',
      repositoryName,
      send: (abortSignal) =>
        client.operations.listTagsForResource({ resourceArn: repositoryArn }, { abortSignal }),
      // The service leaves out what is empty.
      read: ({ tags }) => readList(tags, 'tags').flatMap(readTag),
    },
    signal,
  );
}

/** Adds resource tags to a repository, or changes the values of keys that are there. The others stay. */
export async function addResourceTags(
  client: EcrClient,
  { repositoryArn, repositoryName }: Repository,
  tags: readonly ResourceTag[],
  signal: AbortSignal,
): Promise<void> {
  const input = { resourceArn: repositoryArn, tags: tags.map((tag) => ({ ...tag })) };
  await client.call(
    {
      operation: 'TagResource',
      repositoryName,
      send: (abortSignal) => client.operations.tagResource(input, { abortSignal }),
      read: () => true,
    },
    signal,
  );
}

/** Removes resource tags by key. A key that is not there is no error. */
export async function removeResourceTags(
  client: EcrClient,
  { repositoryArn, repositoryName }: Repository,
  keys: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const input = { resourceArn: repositoryArn, tagKeys: [...keys] };
  await client.call(
    {
      operation: 'UntagResource',
      repositoryName,
      send: (abortSignal) => client.operations.untagResource(input, { abortSignal }),
      read: () => true,
    },
    signal,
  );
}

function readTag(tag: SdkTag): readonly ResourceTag[] {
  const Key = readText(tag.Key, 'Key');
  return Key === undefined ? [] : [{ Key, Value: readText(tag.Value, 'Value') ?? '' }];
}
