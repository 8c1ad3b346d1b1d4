import { DescribeImageTagsCommand } from '@aws-sdk/client-ecr-public';
import { readList, readText } from './answers.ts';
import type { EcrClient } from './client.ts';
import type { RepositoryAddress } from './repositories.ts';

/** Most tags of one page. Source: service model, `MaxResults`. */
const MOST_TAGS = 1000;

/** Lists tags of a repository: all of them, or those of the first page. Throws NOT_FOUND when the repository does not exist. */
export async function listSomeTags(
  client: EcrClient,
  { registryId, repositoryName }: RepositoryAddress,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const input = { registryId, repositoryName, maxResults: MOST_TAGS };
  return client.call(
    {
      operation: 'DescribeImageTags',
      repositoryName,
      send: (abortSignal) => client.sdk.send(new DescribeImageTagsCommand(input), { abortSignal }),
      read: ({ imageTagDetails }) =>
        imageTagDetails &&
        readList(imageTagDetails, 'imageTagDetails').flatMap(
          ({ imageTag }) => readText(imageTag, 'imageTag') ?? [],
        ),
    },
    signal,
  );
}
