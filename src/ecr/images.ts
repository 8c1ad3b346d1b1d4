import type { ImageDetail as PrivateSdkImageDetail } from '@aws-sdk/client-ecr';
import {
  type DescribeImagesCommandInput,
  DescribeImageTagsCommand,
  type ReferencedImageDetail,
  type ImageDetail as SdkImageDetail,
  type ImageTagDetail as SdkImageTagDetail,
} from '@aws-sdk/client-ecr-public';
import { EcrpError } from '../errors.ts';
import { MAX_BATCH } from '../wire/limits.ts';
import {
  collectPages,
  type Page,
  readCount,
  readList,
  readPages,
  readText,
  readTexts,
  readTime,
} from './answers.ts';
import { type EcrClient, requirePublic } from './client.ts';
import type { RepositoryAddress } from './repositories.ts';

/** Most items of a page. Source: `MaxResults` of the service model. */
const PAGE_ITEMS = 1000;

/** An image by digest or by tag. With both, they must agree. */
export type ImageIdentifier =
  | { readonly imageDigest: string; readonly imageTag?: string }
  | { readonly imageDigest?: undefined; readonly imageTag: string };

/** What both lists say about an image. */
export interface DescribedImage {
  readonly imageDigest: string;
  /** Bytes of its layers as stored. For an index, those of its largest image. */
  readonly imageSizeInBytes: number | undefined;
  readonly imagePushedAt: Date | undefined;
  readonly imageManifestMediaType: string | undefined;
  readonly artifactMediaType: string | undefined;
}

export interface ImageDetail extends DescribedImage {
  readonly registryId: string | undefined;
  readonly repositoryName: string | undefined;
  /** Empty for an untagged image. */
  readonly imageTags: readonly string[];
  /** Of private ECR: `ACTIVE`, `ARCHIVED` or `ACTIVATING`. */
  readonly imageStatus?: string | undefined;
  /** Of private ECR. */
  readonly lastRecordedPullTime?: Date | undefined;
  /** Of private ECR: the image that a referrer is about. */
  readonly subjectManifestDigest?: string | undefined;
}

export interface ImageTagDetail {
  readonly imageTag: string;
  /** When the tag was put on the image. */
  readonly createdAt: Date | undefined;
  readonly imageDetail: DescribedImage | undefined;
}

/** Describes images by identifier. Throws NOT_FOUND for an unknown one. */
export async function describeImages(
  client: EcrClient,
  address: RepositoryAddress,
  imageIds: readonly ImageIdentifier[],
  signal: AbortSignal,
): Promise<readonly ImageDetail[]> {
  return collectPages(imageIds, (ids) => askImages(client, { ...address, imageIds: ids }, signal));
}

/** Describes those of the images that exist, each once, in any order. Throws NOT_FOUND when the repository does not. */
export async function describeExisting(
  client: EcrClient,
  address: RepositoryAddress,
  imageIds: readonly ImageIdentifier[],
  signal: AbortSignal,
): Promise<readonly ImageDetail[]> {
  const found = new Map<string, ImageDetail>();
  const pending: (readonly ImageIdentifier[])[] = [];
  for (let first = 0; first < imageIds.length; first += MAX_BATCH) {
    pending.push(imageIds.slice(first, first + MAX_BATCH));
  }
  for (let ids = pending.pop(); ids !== undefined; ids = pending.pop()) {
    try {
      // An image comes once for each of its tags that was asked for.
      for (const image of await describeImages(client, address, ids, signal))
        found.set(image.imageDigest, image);
    } catch (error) {
      const isUnknown = error instanceof EcrpError && error.awsError === 'ImageNotFoundException';
      if (!isUnknown) throw error;
      // One unknown image fails the whole call: it is in one of the halves.
      const middle = Math.ceil(ids.length / 2);
      if (ids.length > 1) pending.push(ids.slice(middle), ids.slice(0, middle));
    }
  }
  return [...found.values()];
}

/** Yields all images of a repository page by page, in the order of the service. Throws NOT_FOUND when the repository does not exist. */
export function listImagePages(
  client: EcrClient,
  address: RepositoryAddress,
  signal: AbortSignal,
): AsyncGenerator<readonly ImageDetail[]> {
  return readPages((nextToken) =>
    askImages(client, { ...address, nextToken, maxResults: PAGE_ITEMS }, signal),
  );
}

/** Yields the tags of described images, each with its image: private ECR has no list of tags that says more. It does not say when one was put. */
export async function* listTagsOfImages(
  pages: AsyncIterable<readonly ImageDetail[]>,
): AsyncGenerator<readonly ImageTagDetail[]> {
  for await (const page of pages) {
    yield page.flatMap((imageDetail) =>
      imageDetail.imageTags.map((imageTag) => ({ imageTag, createdAt: undefined, imageDetail })),
    );
  }
}

/** Yields all tags of a repository page by page, in the order of the service. Throws NOT_FOUND when the repository does not exist. */
export function listImageTagPages(
  client: EcrClient,
  { registryId, repositoryName }: RepositoryAddress,
  signal: AbortSignal,
): AsyncGenerator<readonly ImageTagDetail[]> {
  const maxResults = PAGE_ITEMS;
  return readPages((nextToken) =>
    client.call(
      {
        operation: 'DescribeImageTags',
        repositoryName,
        send: (abortSignal) =>
          requirePublic(client).send(
            new DescribeImageTagsCommand({ registryId, repositoryName, nextToken, maxResults }),
            { abortSignal },
          ),
        read: ({ imageTagDetails, nextToken: next }) =>
          imageTagDetails && {
            items: readList(imageTagDetails, 'imageTagDetails').flatMap((each) => readTagDetail(each) ?? []),
            nextToken: readText(next, 'nextToken'),
          },
      },
      signal,
    ),
  );
}

function askImages(
  client: EcrClient,
  input: DescribeImagesCommandInput & RepositoryAddress,
  signal: AbortSignal,
): Promise<Page<ImageDetail>> {
  return client.call(
    {
      operation: 'DescribeImages',
      repositoryName: input.repositoryName,
      send: (abortSignal) => client.operations.describeImages(input, { abortSignal }),
      read: ({ imageDetails, nextToken }) =>
        imageDetails && {
          items: readList(imageDetails, 'imageDetails').flatMap((each) => readDetail(each) ?? []),
          nextToken: readText(nextToken, 'nextToken'),
        },
    },
    signal,
  );
}

function readDetail(detail: SdkImageDetail | PrivateSdkImageDetail): ImageDetail | undefined {
  const { imageStatus, lastRecordedPullTime, subjectManifestDigest }: PrivateSdkImageDetail = detail;
  const described = readDescribed(detail);
  return (
    described && {
      ...described,
      registryId: readText(detail.registryId, 'registryId'),
      repositoryName: readText(detail.repositoryName, 'repositoryName'),
      imageTags: readTexts(detail.imageTags, 'imageTags'),
      imageStatus: readText(imageStatus, 'imageStatus'),
      lastRecordedPullTime: readTime(lastRecordedPullTime, 'lastRecordedPullTime'),
      subjectManifestDigest: readText(subjectManifestDigest, 'subjectManifestDigest'),
    }
  );
}

function readTagDetail(detail: SdkImageTagDetail): ImageTagDetail | undefined {
  const imageTag = readText(detail.imageTag, 'imageTag');
  return imageTag === undefined
    ? undefined
    : {
        imageTag,
        createdAt: readTime(detail.createdAt, 'createdAt'),
        imageDetail: detail.imageDetail && readDescribed(detail.imageDetail),
      };
}

function readDescribed(detail: ReferencedImageDetail): DescribedImage | undefined {
  const imageDigest = readText(detail.imageDigest, 'imageDigest');
  if (imageDigest === undefined) return undefined;
  return {
    imageDigest,
    imageSizeInBytes: readCount(detail.imageSizeInBytes, 'imageSizeInBytes'),
    imagePushedAt: readTime(detail.imagePushedAt, 'imagePushedAt'),
    imageManifestMediaType: readText(detail.imageManifestMediaType, 'imageManifestMediaType'),
    artifactMediaType: readText(detail.artifactMediaType, 'artifactMediaType'),
  };
}
