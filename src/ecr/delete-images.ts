import type { ImageIdentifier as SdkImageIdentifier } from '@aws-sdk/client-ecr-public';
import { EcrpError, type ErrorCode } from '../errors.ts';
import { MAX_BATCH } from '../wire/limits.ts';
import { readList, readText } from './answers.ts';
import type { EcrClient } from './client.ts';
import { describeExisting, type ImageIdentifier } from './images.ts';
import type { RepositoryAddress } from './repositories.ts';

/** A tag or an image that is gone: a tag with its image's digest, or the digest of an image without tags. */
export interface DeletedImage {
  readonly imageDigest: string | undefined;
  readonly imageTag: string | undefined;
}

/** An image that is still there, or never was. */
export interface ImageDeleteFailure {
  readonly imageId: DeletedImage;
  readonly failureCode: string;
  readonly failureReason: string;
}

export interface DeletionReport {
  readonly deleted: readonly DeletedImage[];
  readonly failures: readonly ImageDeleteFailure[];
  /** Why the deletion broke off; undefined if it is complete. */
  readonly error: unknown;
}

/** A batch after a last look at it. */
export interface CheckedBatch {
  readonly imageIds: readonly ImageIdentifier[];
  /** Of those that must not be deleted any more. */
  readonly failures: readonly ImageDeleteFailure[];
}

/** The service refuses to delete an image that an index lists, as a whole or by its last tag. */
const REFERENCED = 'ImageReferencedByManifestList';
const NOT_FOUND = 'ImageNotFound';
const MOVED = 'ImageTagDoesNotMatchDigest';

/**
 * Deletes images and tags that exist, in batches of 100, one group after the other: a group for parents comes before that of their children.
 * Repeats those that a parent still protected, until a round deletes none. Never rejects: an error is part of the report. An id of a tag and a
 * digest means the tag, as long as it is on that image.
 * @param check Looks at a batch again right before it is deleted.
 */
export async function deleteImages(
  client: EcrClient,
  address: RepositoryAddress,
  groups: readonly (readonly ImageIdentifier[])[],
  signal: AbortSignal,
  check: (imageIds: readonly ImageIdentifier[]) => Promise<CheckedBatch> = async (imageIds) => ({
    imageIds,
    failures: [],
  }),
): Promise<DeletionReport> {
  const deleted: DeletedImage[] = [];
  const failures: ImageDeleteFailure[] = [];
  /** Deletes what it can and returns what a parent protects. */
  const deleteRound = async (ids: readonly ImageIdentifier[]): Promise<readonly ImageDeleteFailure[]> => {
    const held: ImageDeleteFailure[] = [];
    for (let first = 0; first < ids.length; first += MAX_BATCH) {
      const checked = await check(ids.slice(first, first + MAX_BATCH));
      const confirmed = await confirmTags(client, address, checked.imageIds, signal);
      for (const failure of [...checked.failures, ...confirmed.failures]) failures.push(failure);
      if (confirmed.imageIds.length === 0) continue;
      const answer = await deleteBatch(client, address, [...confirmed.imageIds], signal);
      for (const each of answer.deleted) deleted.push(each);
      for (const failure of answer.failures) {
        (isHeldByIndex(failure) ? held : failures).push(failure);
      }
    }
    return held;
  };
  try {
    let held: readonly ImageDeleteFailure[] = [];
    for (const ids of groups) held = [...held, ...(await deleteRound(ids))];
    for (let before = Number.POSITIVE_INFINITY; held.length > 0 && held.length < before; ) {
      before = held.length;
      held = await deleteRound(held.flatMap(({ imageId }) => toIdentifier(imageId) ?? []));
    }
    return { deleted, failures: [...failures, ...held], error: undefined };
  } catch (error) {
    return { deleted, failures, error };
  }
}

/**
 * Looks again at tags that must be on an image, and leaves out those that are not. A tag is sent alone: with a digest beside it, the image may go
 * with all its tags. AWS documents either the one or the other, and moto deletes the image.
 */
async function confirmTags(
  client: EcrClient,
  address: RepositoryAddress,
  ids: readonly ImageIdentifier[],
  signal: AbortSignal,
): Promise<CheckedBatch> {
  const wanted = ids.flatMap(({ imageDigest, imageTag }) =>
    imageDigest === undefined || imageTag === undefined ? [] : [{ imageTag }],
  );
  if (wanted.length === 0) return { imageIds: ids, failures: [] };
  const found = await describeExisting(client, address, wanted, signal);
  const places = new Map(
    found.flatMap(({ imageDigest, imageTags }) => imageTags.map((tag) => [tag, imageDigest] as const)),
  );
  const imageIds: ImageIdentifier[] = [];
  const failures: ImageDeleteFailure[] = [];
  for (const id of ids) {
    const { imageDigest, imageTag } = id;
    const place = imageTag === undefined ? imageDigest : places.get(imageTag);
    if (imageDigest === undefined || imageTag === undefined) imageIds.push(id);
    else if (place === imageDigest) imageIds.push({ imageTag });
    else {
      const imageId = { imageDigest, imageTag };
      failures.push(
        place === undefined
          ? { imageId, failureCode: NOT_FOUND, failureReason: `the tag ${imageTag} does not exist` }
          : {
              imageId,
              failureCode: MOVED,
              failureReason: `the tag ${imageTag} is on another image, ${place}`,
            },
      );
    }
  }
  return { imageIds, failures };
}

/** Makes one call. After an attempt whose answer was lost, an image that is not there any more counts as deleted: that attempt did it. */
async function deleteBatch(
  client: EcrClient,
  { registryId, repositoryName }: RepositoryAddress,
  imageIds: ImageIdentifier[],
  signal: AbortSignal,
): Promise<Pick<DeletionReport, 'deleted' | 'failures'>> {
  return client.call(
    {
      operation: 'BatchDeleteImage',
      repositoryName,
      send: (abortSignal) =>
        client.operations.batchDeleteImage({ registryId, repositoryName, imageIds }, { abortSignal }),
      read: ({ imageIds: ids, failures: refused }, ambiguous) => {
        if (!ids) return undefined;
        const deleted = readList(ids, 'imageIds').map(readId);
        const failures = readList(refused, 'failures').map((failure) => ({
          imageId: readId(failure.imageId),
          failureCode: readText(failure.failureCode, 'failureCode') ?? '',
          failureReason: readText(failure.failureReason, 'failureReason') ?? '',
        }));
        if (!ambiguous) return { deleted, failures };
        const isGone = ({ failureCode }: ImageDeleteFailure) => failureCode === NOT_FOUND;
        return {
          deleted: [...deleted, ...failures.filter(isGone).map(({ imageId }) => imageId)],
          failures: failures.filter((failure) => !isGone(failure)),
        };
      },
    },
    signal,
  );
}

function readId(id: SdkImageIdentifier | undefined): DeletedImage {
  return {
    imageDigest: readText(id?.imageDigest, 'imageDigest'),
    imageTag: readText(id?.imageTag, 'imageTag'),
  };
}

function toIdentifier({ imageDigest, imageTag }: DeletedImage): ImageIdentifier | undefined {
  if (imageDigest !== undefined) return { imageDigest, ...(imageTag !== undefined && { imageTag }) };
  return imageTag === undefined ? undefined : { imageTag };
}

/** True if an index protects the image. */
export function isHeldByIndex({ failureCode }: ImageDeleteFailure): boolean {
  return failureCode === REFERENCED;
}

const FAILURE_CODES: Readonly<Record<string, ErrorCode>> = {
  ImageNotFound: 'NOT_FOUND',
  ImageReferencedByManifestList: 'CONFLICT',
  ImageTagDoesNotMatchDigest: 'CONFLICT',
  InvalidImageDigest: 'INVALID_INPUT',
  InvalidImageTag: 'INVALID_INPUT',
  MissingDigestAndTag: 'INVALID_INPUT',
};

const FAILURE_HINTS: Readonly<Record<string, string>> = {
  ImageReferencedByManifestList: 'Delete the index that lists it first, or together with it.',
  ImageTagDoesNotMatchDigest: 'The tag has moved: look which image it is on now, then run the command again.',
};

/** Makes the error of one image of `repository` that could not be deleted. */
export function explainDeleteFailure(
  { failureCode, failureReason }: ImageDeleteFailure,
  repository: string,
): EcrpError {
  const absent =
    failureCode === 'ImageNotFound' ? `'ecrp image list ${repository}' shows what is there.` : undefined;
  return new EcrpError(FAILURE_CODES[failureCode] ?? 'UNAVAILABLE', failureReason || failureCode, {
    hint: absent ?? FAILURE_HINTS[failureCode] ?? 'Run the command again in a minute.',
    operation: 'BatchDeleteImage',
    awsError: failureCode,
  });
}
