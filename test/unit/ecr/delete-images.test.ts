import { expect, it } from 'vitest';
import type { EcrClient } from '../../../src/ecr/client.ts';
import { deleteImages } from '../../../src/ecr/delete-images.ts';
import { digestOf } from '../../../src/oci/digest.ts';

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
