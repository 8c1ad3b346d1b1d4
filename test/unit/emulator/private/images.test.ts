import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { callPrivate, failPrivate } from '../../../support/call-api.ts';
import { startTestEmulator, type TestEmulator } from '../../../support/emulator.ts';
import {
  describeIndex,
  describeManifest,
  type SampleImage,
  sha256,
  uploadImage,
} from '../../../support/push-by-hand.ts';
import { privateOf, type Signer } from '../../../support/signed-request.ts';

const registryId = '123456789012';
const repositoryName = 'team/images';
const manifestType = 'application/vnd.oci.image.manifest.v1+json';
const indexType = 'application/vnd.oci.image.index.v1+json';
let emulator: TestEmulator;
let signer: Signer;
let tagged: SampleImage;
let child: SampleImage;
let index: SampleImage;
let signature: SampleImage;

beforeAll(async () => {
  emulator = await startTestEmulator({ private: {} });
  signer = privateOf(emulator);
  await callPrivate(signer, 'CreateRepository', { repositoryName });
  tagged = await uploadImage(signer, repositoryName, 'tagged');
  child = await uploadImage(signer, repositoryName, 'child');
  index = describeIndex([child]);
  const { config, layers } = JSON.parse(tagged.imageManifest);
  signature = describeManifest({
    ...{ schemaVersion: 2, mediaType: manifestType, artifactType: 'application/x.sig', config, layers },
    subject: {
      mediaType: manifestType,
      digest: tagged.imageDigest,
      size: tagged.imageManifest.length,
    },
    annotations: { who: 'me' },
  });
  for (const imageTag of ['v1', 'v1.0']) await put(tagged, imageTag);
  await put(child);
  await put(index, 'all');
  await put(signature);
});

afterAll(() => emulator.close());

function put({ imageManifest }: SampleImage, imageTag?: string) {
  return callPrivate(signer, 'PutImage', { repositoryName, imageManifest, imageTag });
}

const describeGot = ({ imageManifest, imageDigest }: SampleImage, type: string, imageTag?: string) => ({
  ...{ registryId, repositoryName, imageManifest, imageManifestMediaType: type },
  imageId: { imageDigest, ...(imageTag !== undefined && { imageTag }) },
});

describe('BatchGetImage', () => {
  test('answers with the manifest as it was pushed', async () => {
    const imageIds = [
      { imageTag: 'v1' },
      { imageDigest: child.imageDigest },
      { imageTag: 'all', imageDigest: index.imageDigest },
    ];
    expect(await callPrivate(signer, 'BatchGetImage', { repositoryName, imageIds })).toEqual({
      images: [
        describeGot(tagged, manifestType, 'v1'),
        describeGot(child, manifestType),
        describeGot(index, indexType, 'all'),
      ],
      failures: [],
    });
  });

  test('whatever media types are accepted', async () => {
    const input = { repositoryName, imageIds: [{ imageTag: 'all' }], acceptedMediaTypes: [manifestType] };
    expect((await callPrivate(signer, 'BatchGetImage', input)).images).toEqual([
      describeGot(index, indexType, 'all'),
    ]);
  });

  test.each([
    [{ imageTag: 'none' }, 'ImageNotFound', 'Requested image not found'],
    [{ imageDigest: sha256('none') }, 'ImageNotFound', 'Requested image not found'],
    [{}, 'MissingDigestAndTag', 'Invalid request parameters: both tag and digest cannot be null'],
    [{ imageDigest: 'none' }, 'InvalidImageDigest', expect.stringContaining('regex')],
    [{ imageTag: 'a b' }, 'InvalidImageTag', expect.stringContaining('regex')],
    [{ imageTag: 'v1', imageDigest: sha256('none') }, 'ImageNotFound', 'Requested image not found'],
  ])('reports %j as a failure', async (imageId, failureCode, failureReason) => {
    const input = { repositoryName, imageIds: [imageId, { imageTag: 'v1' }] };
    const { images, failures } = await callPrivate(signer, 'BatchGetImage', input);
    expect(failures).toEqual([{ imageId, failureCode, failureReason }]);
    expect(images).toHaveLength(1);
  });

  test('a tag of another digest', async () => {
    const imageIds = [{ imageTag: 'v1', imageDigest: child.imageDigest }];
    const { failures } = await callPrivate(signer, 'BatchGetImage', { repositoryName, imageIds });
    expect(failures?.map(({ failureCode }) => failureCode)).toEqual(['ImageTagDoesNotMatchDigest']);
  });

  test('has an end', async () => {
    const large = describeManifest({
      ...JSON.parse(tagged.imageManifest),
      annotations: { text: 'x'.repeat(2_000_000) },
    });
    await put(large, 'large');
    const imageIds = Array(100).fill({ imageTag: 'large' });
    const error = await failPrivate(signer, 'BatchGetImage', { repositoryName, imageIds });
    expect(error.__type).toBe('LimitExceededException');
    await callPrivate(signer, 'BatchDeleteImage', { repositoryName, imageIds: imageIds.slice(0, 1) });
  });
});

describe('ListImages', () => {
  const ids = () => [
    { imageDigest: tagged.imageDigest, imageTag: 'v1' },
    { imageDigest: tagged.imageDigest, imageTag: 'v1.0' },
    { imageDigest: child.imageDigest },
    { imageDigest: index.imageDigest, imageTag: 'all' },
    { imageDigest: signature.imageDigest },
  ];

  test('has an entry for each tag and each untagged image', async () => {
    expect(await callPrivate(signer, 'ListImages', { repositoryName })).toEqual({ imageIds: ids() });
  });

  test.each([
    [{ tagStatus: 'TAGGED' }, [0, 1, 3]],
    [{ tagStatus: 'UNTAGGED' }, [2, 4]],
    [{ tagStatus: 'ANY', imageStatus: 'ACTIVE' }, [0, 1, 2, 3, 4]],
    [{ imageStatus: 'ARCHIVED' }, []],
  ])('filter %j', async (filter, kept) => {
    const { imageIds } = await callPrivate(signer, 'ListImages', { repositoryName, filter });
    expect(imageIds).toEqual(kept.map((at) => ids()[at]));
  });

  test('comes in pages', async () => {
    const listed: unknown[] = [];
    let nextToken: string | undefined;
    do {
      const page = await callPrivate(signer, 'ListImages', { repositoryName, maxResults: 2, nextToken });
      expect(page.imageIds?.length).toBeLessThanOrEqual(2);
      listed.push(...(page.imageIds ?? []));
      nextToken = page.nextToken;
    } while (nextToken !== undefined);
    expect(listed).toEqual(ids());
    const foreign = { repositoryName, nextToken: 'x' };
    expect((await failPrivate(signer, 'ListImages', foreign)).message).toContain("'nextToken'");
  });
});

describe('DescribeImages', () => {
  test('describes an artifact with its subject', async () => {
    const imageIds = [{ imageDigest: signature.imageDigest }];
    const { imageDetails } = await callPrivate(signer, 'DescribeImages', { repositoryName, imageIds });
    expect(imageDetails).toEqual([
      {
        ...{ registryId, repositoryName, imageDigest: signature.imageDigest },
        imageSizeInBytes: expect.any(Number),
        imagePushedAt: expect.any(Number),
        imageManifestMediaType: manifestType,
        artifactMediaType: 'application/vnd.oci.image.config.v1+json',
        subjectManifestDigest: tagged.imageDigest,
        imageStatus: 'ACTIVE',
      },
    ]);
  });

  test('filters a list, but not named images', async () => {
    const filter = { tagStatus: 'TAGGED' };
    const { imageDetails } = await callPrivate(signer, 'DescribeImages', { repositoryName, filter });
    expect(imageDetails?.map(({ imageTags }) => imageTags)).toEqual([['v1', 'v1.0'], ['all']]);
    const both = { repositoryName, filter, imageIds: [{ imageTag: 'v1' }] };
    expect((await failPrivate(signer, 'DescribeImages', both)).message).toContain("'filter'");
  });

  test('one unknown image fails the call', async () => {
    const imageIds = [{ imageTag: 'v1' }, { imageTag: 'none' }];
    expect((await failPrivate(signer, 'DescribeImages', { repositoryName, imageIds })).message).toBe(
      `The image with imageId {imageDigest:'null', imageTag:'none'} does not exist within the repository with name '${repositoryName}' in the registry with id '${registryId}'`,
    );
  });
});

describe('ListImageReferrers', () => {
  const ask = (filter?: object, subject: string = tagged.imageDigest) =>
    callPrivate(signer, 'ListImageReferrers', {
      ...{ repositoryName, subjectId: { imageDigest: subject }, filter },
    });

  test('lists what refers to an image', async () => {
    const referrer = {
      ...{ digest: signature.imageDigest, mediaType: manifestType, artifactType: 'application/x.sig' },
      ...{ size: signature.imageManifest.length, annotations: { who: 'me' }, artifactStatus: 'ACTIVE' },
    };
    expect(await ask()).toEqual({ referrers: [referrer] });
    expect((await ask({ artifactTypes: ['application/x.sig'] })).referrers).toEqual([referrer]);
    expect((await ask({ artifactTypes: ['application/x.other'] })).referrers).toEqual([]);
    expect((await ask({ artifactStatus: 'ARCHIVED' })).referrers).toEqual([]);
    expect((await ask({}, child.imageDigest)).referrers).toEqual([]);
  });
});
