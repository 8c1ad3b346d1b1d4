import { ListImagesCommand } from '@aws-sdk/client-ecr';
import { type Digest, isDigest } from '../../../oci/digest.ts';
import { readList, readPages, readText } from '../../answers.ts';
import { requirePrivate } from '../../client.ts';
import type { ReadPlace } from './get-image.ts';

/** Most items of a page. Source: `MaxResults` of the service model. */
const PAGE_ITEMS = 1000;

/** A tag, and the image that it is on. */
export interface TaggedImage {
  readonly imageTag: string;
  readonly imageDigest: Digest;
}

/** Yields the tags of a repository page by page, in the order of the service. Throws NOT_FOUND when the repository does not exist. */
export function listTagged(
  { client, address }: ReadPlace,
  signal: AbortSignal,
): AsyncGenerator<readonly TaggedImage[]> {
  const sdk = requirePrivate(client);
  return readPages((nextToken) =>
    client.call(
      {
        operation: 'ListImages',
        repositoryName: address.repositoryName,
        send: (abortSignal) =>
          sdk.send(
            new ListImagesCommand({
              ...address,
              nextToken,
              maxResults: PAGE_ITEMS,
              filter: { tagStatus: 'TAGGED' },
            }),
            { abortSignal },
          ),
        read: ({ imageIds, nextToken: next }) =>
          imageIds && {
            items: readList(imageIds, 'imageIds').flatMap(({ imageTag, imageDigest }) => {
              const tag = readText(imageTag, 'imageTag');
              return tag !== undefined && isDigest(imageDigest) ? [{ imageTag: tag, imageDigest }] : [];
            }),
            nextToken: readText(next, 'nextToken'),
          },
      },
      signal,
    ),
  );
}
