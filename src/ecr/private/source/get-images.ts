import { BatchGetImageCommand } from '@aws-sdk/client-ecr';
import type { ReadManifest } from '../../../ends/image-target.ts';
import { type Digest, isDigest } from '../../../oci/digest.ts';
import { readList, readText } from '../../answers.ts';
import { requirePrivate } from '../../client.ts';
import {
  ACCEPTED_TYPES,
  explainFailedImage,
  isMissingImage,
  nameImage,
  type ReadPlace,
  readImage,
} from './get-image.ts';

/**
 * Reads manifests by digest in one call, at most 100. Those that do not exist are left out. Throws NOT_FOUND for a missing repository and an
 * archived image, UNAVAILABLE for bytes with another digest.
 */
export async function getImages(
  { client, address, name }: ReadPlace,
  digests: readonly Digest[],
  signal: AbortSignal,
): Promise<readonly ReadManifest[]> {
  const sdk = requirePrivate(client);
  const imageIds = digests.map((imageDigest) => ({ imageDigest }));
  return client.call(
    {
      operation: 'BatchGetImage',
      repositoryName: address.repositoryName,
      send: (abortSignal) =>
        sdk.send(new BatchGetImageCommand({ ...address, imageIds, acceptedMediaTypes: ACCEPTED_TYPES }), {
          abortSignal,
        }),
      read: ({ images, failures }) => {
        if (images === undefined && failures === undefined) return undefined;
        for (const failure of readList(failures, 'failures')) {
          const digest = readText(failure.imageId?.imageDigest, 'imageDigest') ?? '';
          if (!isMissingImage(failure)) throw explainFailedImage(failure, nameImage(name, digest));
        }
        return readList(images, 'images').flatMap((image) => {
          const digest = readText(image.imageId?.imageDigest, 'imageDigest');
          // Another image than one that was asked for says nothing about these.
          if (!isDigest(digest) || !digests.includes(digest)) return [];
          return [readImage(image, digest, nameImage(name, digest))];
        });
      },
    },
    signal,
  );
}
