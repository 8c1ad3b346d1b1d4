import { DescribeImagesCommand, type ImageDetail as SdkImageDetail } from '@aws-sdk/client-ecr-public';
import { collectPages, readCount, readList, readText, readTexts, readTime } from './answers.ts';
import type { EcrClient } from './client.ts';
import type { RepositoryAddress } from './repositories.ts';

/** An image by digest or by tag. */
export type ImageIdentifier = { readonly imageDigest: string } | { readonly imageTag: string };

export interface ImageDetail {
  readonly imageDigest: string;
  /** Empty for an untagged image. */
  readonly imageTags: readonly string[];
  /** Bytes of its layers as stored. For an index, those of its largest image. */
  readonly imageSizeInBytes: number | undefined;
  readonly imagePushedAt: Date | undefined;
  readonly imageManifestMediaType: string | undefined;
  readonly artifactMediaType: string | undefined;
}

/** Describes images by identifier, without identifiers all of the repository. Throws NOT_FOUND for an unknown one. */
export async function describeImages(
  client: EcrClient,
  { registryId, repositoryName }: RepositoryAddress,
  imageIds: readonly ImageIdentifier[] | undefined,
  signal: AbortSignal,
): Promise<readonly ImageDetail[]> {
  return collectPages(imageIds, (ids, nextToken) =>
    client.call(
      {
        operation: 'DescribeImages',
        repositoryName,
        send: (abortSignal) =>
          client.sdk.send(
            new DescribeImagesCommand({
              registryId,
              repositoryName,
              ...(ids ? { imageIds: ids } : { nextToken }),
            }),
            { abortSignal },
          ),
        read: ({ imageDetails, nextToken: next }) =>
          imageDetails && {
            items: readList(imageDetails, 'imageDetails').flatMap((each) => readDetail(each) ?? []),
            nextToken: readText(next, 'nextToken'),
          },
      },
      signal,
    ),
  );
}

function readDetail(detail: SdkImageDetail): ImageDetail | undefined {
  const imageDigest = readText(detail.imageDigest, 'imageDigest');
  if (imageDigest === undefined) {
    return undefined;
  }
  return {
    imageDigest,
    imageTags: readTexts(detail.imageTags, 'imageTags'),
    imageSizeInBytes: readCount(detail.imageSizeInBytes, 'imageSizeInBytes'),
    imagePushedAt: readTime(detail.imagePushedAt, 'imagePushedAt'),
    imageManifestMediaType: readText(detail.imageManifestMediaType, 'imageManifestMediaType'),
    artifactMediaType: readText(detail.artifactMediaType, 'artifactMediaType'),
  };
}
