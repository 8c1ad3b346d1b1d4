import { expect, it } from 'vitest';
import { makeCaller } from '../../../src/ecr/call.ts';
import type { EcrClient } from '../../../src/ecr/client.ts';
import { deleteImages } from '../../../src/ecr/delete-images.ts';
import { RetryBudget } from '../../../src/net/retry-budget.ts';
import { digestOf } from '../../../src/oci/digest.ts';
import { makeSkippingClock } from '../../support/skipping-clock.ts';

const [image, other] = [digestOf('image'), digestOf('other')];

/** A repository whose tags are on images; and what BatchDeleteImage was asked. */
function keepTags(places: Readonly<Record<string, string>>) {
  const asked: unknown[] = [];
  const operations = {
    describeImages: async ({ imageIds = [] }: { imageIds?: { imageTag: string }[] }) => {
      const known = imageIds.filter(({ imageTag }) => imageTag in places);
      return {
        imageDetails: known.map(({ imageTag }) => ({ imageDigest: places[imageTag], imageTags: [imageTag] })),
      };
    },
    batchDeleteImage: async ({ imageIds }: { imageIds: unknown[] }) => {
      asked.push(imageIds);
      return { imageIds, failures: [] };
    },
  };
  const call = async (
    { send, read }: { send: (signal: AbortSignal) => Promise<unknown>; read: (answer: unknown) => unknown },
    signal: AbortSignal,
  ) => read(await send(signal));
  // as: deleting needs no more of a client
  return { client: { operations, call } as unknown as EcrClient, asked };
}

/** A repository that deletes, but whose first answer never comes. */
function loseFirstAnswer(present: readonly string[]) {
  const left = new Set(present);
  let attempts = 0;
  const operations = {
    batchDeleteImage: async ({ imageIds }: { imageIds: { imageDigest: string }[] }) => {
      attempts += 1;
      const found = imageIds.filter(({ imageDigest }) => left.delete(imageDigest));
      const absent = imageIds.filter((id) => !found.includes(id));
      if (attempts === 1) return new Promise<never>(() => undefined);
      return {
        $metadata: {},
        imageIds: found,
        failures: absent.map((imageId) => ({
          imageId,
          failureCode: 'ImageNotFound',
          failureReason: 'Requested image not found',
        })),
      };
    },
  };
  const call = makeCaller({
    endpoint: 'http://127.0.0.1:1',
    budget: new RetryBudget({ clock: makeSkippingClock() }),
    limitAttempt: () => (attempts === 0 ? 1 : 60_000),
  });
  // as: deleting by digest needs no more of a client
  return { operations, call } as unknown as EcrClient;
}

it('an image that the next attempt does not find was deleted by the one whose time was over', async () => {
  const client = loseFirstAnswer([image]);
  const { deleted, failures, error } = await deleteImages(
    client,
    { repositoryName: 'app' },
    [[{ imageDigest: image }]],
    new AbortController().signal,
  );
  expect(error).toBeUndefined();
  expect(failures).toEqual([]);
  expect(deleted).toEqual([{ imageDigest: image, imageTag: undefined }]);
});

it('a tag that must be on an image is sent alone, if it is there still', async () => {
  const { client, asked } = keepTags({ kept: image, moved: other });
  const ids = [
    { imageDigest: image, imageTag: 'kept' },
    { imageDigest: image, imageTag: 'moved' },
    { imageDigest: image, imageTag: 'gone' },
    { imageTag: 'given' },
    { imageDigest: other },
  ];
  const { failures, error } = await deleteImages(
    client,
    { repositoryName: 'app' },
    [ids],
    new AbortController().signal,
  );
  expect(error).toBeUndefined();
  expect(asked).toEqual([[{ imageTag: 'kept' }, { imageTag: 'given' }, { imageDigest: other }]]);
  expect(failures).toEqual([
    {
      imageId: { imageDigest: image, imageTag: 'moved' },
      failureCode: 'ImageTagDoesNotMatchDigest',
      failureReason: `the tag moved is on another image, ${other}`,
    },
    {
      imageId: { imageDigest: image, imageTag: 'gone' },
      failureCode: 'ImageNotFound',
      failureReason: 'the tag gone does not exist',
    },
  ]);
});
