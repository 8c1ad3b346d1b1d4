import { ListImageReferrersCommand } from '@aws-sdk/client-ecr';
import { EcrpError } from '../../../errors.ts';
import { type Descriptor, parseDescriptor } from '../../../oci/descriptor.ts';
import type { Digest } from '../../../oci/digest.ts';
import { readList, readPages, readText } from '../../answers.ts';
import { requirePrivate } from '../../client.ts';
import type { ReadPlace } from './get-image.ts';

/** Most items of a page. Source: `ListImageReferrersRequest` of the service model. */
const PAGE_ITEMS = 50;

/**
 * Lists the manifests about a digest that can be read, archived ones not. Undefined: the endpoint does not know the operation. Throws
 * INVALID_INPUT for a malformed descriptor.
 */
export async function listReferring(
  { client, address, name }: ReadPlace,
  imageDigest: Digest,
  signal: AbortSignal,
): Promise<readonly Descriptor[] | undefined> {
  const sdk = requirePrivate(client);
  const pages = readPages((nextToken) =>
    client.call(
      {
        operation: 'ListImageReferrers',
        repositoryName: address.repositoryName,
        send: (abortSignal) =>
          sdk.send(
            new ListImageReferrersCommand({
              ...address,
              subjectId: { imageDigest },
              nextToken,
              maxResults: PAGE_ITEMS,
            }),
            { abortSignal },
          ),
        read: ({ referrers, nextToken: next }) =>
          referrers && {
            items: readList(referrers, 'referrers').flatMap((each, position) =>
              (each.artifactStatus ?? 'ACTIVE') === 'ACTIVE'
                ? [parseDescriptor(each, `${name}: referrers of ${imageDigest}`, `referrers[${position}]`)]
                : [],
            ),
            nextToken: readText(next, 'nextToken'),
          },
      },
      signal,
    ),
  );
  const found: Descriptor[] = [];
  try {
    for await (const page of pages) found.push(...page);
  } catch (error) {
    if (error instanceof EcrpError && error.awsError === 'UnknownOperationException') return undefined;
    throw error;
  }
  return found;
}
