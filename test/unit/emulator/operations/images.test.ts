import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { CHOICES } from '../../../../src/emulator/choices.ts';
import { callApi, failApi } from '../../../support/call-api.ts';
import { startTestEmulator, type TestEmulator } from '../../../support/emulator.ts';
import {
  describeIndex,
  describeManifest,
  descriptor,
  type SampleImage,
  sha256,
  uploadBlob,
  uploadImage,
} from '../../../support/push-by-hand.ts';

const DOCKER_MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json';
const OCI_MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
let emulator: TestEmulator;
let repositoryName: string;

beforeAll(async () => {
  emulator = await startTestEmulator();
});

afterAll(() => emulator.close());

beforeEach(async () => {
  repositoryName = `app-${randomUUID()}`;
  await callApi(emulator, 'CreateRepository', { repositoryName });
});

async function put(image: SampleImage, imageTag?: string) {
  const input = { repositoryName, imageManifest: image.imageManifest, imageTag };
  return (await callApi(emulator, 'PutImage', input)).image;
}

async function refuse(image: Pick<SampleImage, 'imageManifest'>, input: object = {}) {
  return failApi(emulator, 'PutImage', { repositoryName, imageManifest: image.imageManifest, ...input });
}

async function describeImages() {
  return (await callApi(emulator, 'DescribeImages', { repositoryName })).imageDetails ?? [];
}

describe('putting an image', () => {
  test('with a tag, without one, and with another tag', async () => {
    const image = await uploadImage(emulator, repositoryName, 'one');
    expect(await put(image)).toEqual({
      registryId: emulator.registryId,
      repositoryName,
      imageId: { imageDigest: image.imageDigest },
      imageManifest: image.imageManifest,
      imageManifestMediaType: OCI_MANIFEST,
    });
    const before = Date.now() / 1000 - 2;
    expect((await put(image, 'v1'))?.imageId).toEqual({ imageDigest: image.imageDigest, imageTag: 'v1' });
    await put(image, 'latest');
    const [detail, ...others] = await describeImages();
    const blobs: { size: number }[] = JSON.parse(image.imageManifest).layers;
    expect(others).toEqual([]);
    expect(detail).toEqual({
      registryId: emulator.registryId,
      repositoryName,
      imageDigest: image.imageDigest,
      imageTags: ['v1', 'latest'],
      imageSizeInBytes: JSON.parse(image.imageManifest).config.size + blobs[0]?.size,
      imagePushedAt: expect.any(Number),
      imageManifestMediaType: OCI_MANIFEST,
      artifactMediaType: 'application/vnd.oci.image.config.v1+json',
    });
    expect(Number.isInteger(detail?.imagePushedAt)).toBe(true);
    expect(detail?.imagePushedAt).toBeGreaterThan(before);
  });

  test('again, with the same tag and without one', async () => {
    const image = await uploadImage(emulator, repositoryName, 'one');
    await put(image, 'v1');
    const text = (tag: string) =>
      `Image with digest '${image.imageDigest}' and tag '${tag}' already exists in the repository with name '${repositoryName}' in registry with id '${emulator.registryId}'`;
    expect(await refuse(image, { imageTag: 'v1' })).toEqual({
      __type: 'ImageAlreadyExistsException',
      message: text('v1'),
    });
    expect((await refuse(image)).message).toBe(text('null'));
  });

  test('moves a tag; the other image stays without it', async () => {
    const one = await uploadImage(emulator, repositoryName, 'one');
    const two = await uploadImage(emulator, repositoryName, 'two');
    await put(one, 'latest');
    await put(two, 'latest');
    const tags = (await describeImages()).map((detail) => [detail.imageDigest, detail.imageTags]);
    expect(tags).toEqual([
      [one.imageDigest, undefined],
      [two.imageDigest, ['latest']],
    ]);
  });

  test('whose manifest has no media type needs one beside it', async () => {
    const image = await uploadImage(emulator, repositoryName, 'one');
    const { mediaType: _, ...untyped } = JSON.parse(image.imageManifest);
    const manifest = describeManifest(untyped);
    expect((await refuse(manifest)).message).toContain('Invalid JSON syntax');
    const { image: result } = await callApi(emulator, 'PutImage', {
      repositoryName,
      imageManifest: manifest.imageManifest,
      imageManifestMediaType: OCI_MANIFEST,
      imageDigest: manifest.imageDigest,
    });
    expect(result?.imageManifestMediaType).toBe(OCI_MANIFEST);
  });

  test('is refused with what the switches say', async () => {
    const strict = await startTestEmulator({
      manifestSwitches: { artifactsWithSubject: 'refused', oddArtifactMembers: 'refused' },
    });
    try {
      await callApi(strict, 'CreateRepository', { repositoryName });
      const image = await uploadImage(strict, repositoryName, 'one');
      const manifest = JSON.parse(image.imageManifest);
      const { config } = manifest;
      const subject = { mediaType: OCI_MANIFEST, digest: sha256('subject'), size: 7 };
      const odd = [
        { artifactType: 'a/b', subject },
        { artifactType: 'a/b;version=1' },
        { config: { ...config, mediaType: 'a/b;version=1' } },
        { config: { ...config, annotations: {} } },
      ];
      for (const change of odd) {
        const { imageManifest } = describeManifest({ ...manifest, ...change });
        const answer = await failApi(strict, 'PutImage', { repositoryName, imageManifest });
        expect(answer.message, imageManifest).toContain('Invalid JSON syntax');
      }
      for (const change of [{}, { artifactType: 'a/b' }, { subject }]) {
        const { imageManifest } = describeManifest({ ...manifest, ...change });
        await callApi(strict, 'PutImage', { repositoryName, imageManifest });
      }
    } finally {
      await strict.close();
    }
  });

  test('of another digest or media type than given', async () => {
    const image = await uploadImage(emulator, repositoryName, 'one');
    expect(await refuse(image, { imageDigest: sha256('') })).toEqual({
      __type: 'ImageDigestDoesNotMatchException',
      message: CHOICES.imageDigestDoesNotMatchText.value(sha256(''), repositoryName, '123456789012'),
    });
    expect((await refuse(image, { imageManifestMediaType: DOCKER_MANIFEST })).__type).toBe(
      'InvalidParameterException',
    );
  });

  test('whose blobs are missing, the config included', async () => {
    const image = await uploadImage(emulator, repositoryName, 'one');
    const manifest = JSON.parse(image.imageManifest);
    const elsewhere = descriptor('application/vnd.oci.image.config.v1+json', Buffer.from('elsewhere'));
    for (const broken of [
      { ...manifest, config: elsewhere },
      { ...manifest, layers: [...manifest.layers, elsewhere] },
    ]) {
      expect(await refuse(describeManifest(broken))).toEqual({
        __type: 'LayersNotFoundException',
        message: `Layers with digests '[${elsewhere.digest}]' required for pushing image into repository with name '${repositoryName}' in the registry with id '${emulator.registryId}' do not exist`,
      });
    }
    const foreign = { ...elsewhere, urls: ['https://example.com/layer'] };
    await put(describeManifest({ ...manifest, layers: [foreign] }), 'foreign');
  });

  test.each([
    ['no JSON', 'x'],
    ['a list', '[]'],
    ['no media type', '{"schemaVersion":2}'],
    ['an artifact manifest', '{"mediaType":"application/vnd.oci.artifact.manifest.v1+json"}'],
    ['no config', JSON.stringify({ schemaVersion: 2, mediaType: OCI_MANIFEST, layers: [] })],
    ['config null', JSON.stringify({ schemaVersion: 2, mediaType: OCI_MANIFEST, layers: [], config: null })],
    ['media type a number', JSON.stringify({ schemaVersion: 2, mediaType: 2 })],
    [
      'media types of any length',
      JSON.stringify({
        schemaVersion: 2,
        mediaType: OCI_MANIFEST,
        layers: [],
        config: { digest: sha256(''), size: 0, mediaType: 'x'.repeat(256) },
      }),
    ],
    ['more brackets than can be meant', `{"x":${'['.repeat(200)}${']'.repeat(200)}}`],
    ['schema 3', JSON.stringify({ schemaVersion: 3, mediaType: OCI_MANIFEST })],
  ])('that is not supported: %s', async (_name, imageManifest) => {
    expect(await refuse({ imageManifest })).toEqual({
      __type: 'InvalidParameterException',
      message: "Invalid parameter at 'ImageManifest' failed to satisfy constraint: 'Invalid JSON syntax'",
    });
  });

  test.each([[[]], [null]])('without a layer: %j', async (layers) => {
    const image = await uploadImage(emulator, repositoryName, 'one');
    const manifest = JSON.parse(image.imageManifest);
    expect(await refuse(describeManifest({ ...manifest, layers }))).toEqual({
      __type: 'InvalidParameterException',
      message:
        "Invalid parameter at 'ImageManifest' failed to satisfy constraint: 'Image has to have at least 1 layer'",
    });
  });

  test('that lists no manifests, as an empty list or null', async () => {
    for (const manifests of [[], null]) {
      const index = { schemaVersion: 2, mediaType: 'application/vnd.oci.image.index.v1+json', manifests };
      await put(describeManifest(index), 'nothing');
    }
  });

  test('with a malformed tag', async () => {
    const image = await uploadImage(emulator, repositoryName, 'one');
    expect((await refuse(image, { imageTag: 'v1:0' })).message).toBe(
      "Invalid parameter at 'imageTag' failed to satisfy constraint: 'must satisfy regular expression '[a-zA-Z0-9-_.]+''",
    );
    await put(image, 'x'.repeat(300));
  });

  test('with too many layers', async () => {
    const image = await uploadImage(emulator, repositoryName, 'one');
    const manifest = JSON.parse(image.imageManifest);
    const layers = Array(CHOICES.maximumLayersPerImage.value).fill(manifest.layers[0]);
    expect(
      (await refuse(describeManifest({ ...manifest, layers: [...layers, ...layers] }))).message,
    ).toContain('Limit on number of layers per image exceeded');
    await put(describeManifest({ ...manifest, layers }), 'many');
  });

  test('that is an index, after its children', async () => {
    const children = [
      await uploadImage(emulator, repositoryName, 'amd64'),
      await uploadImage(emulator, repositoryName, 'arm64 has the longer name'),
    ] as const;
    const index = describeIndex(children);
    await put(children[0]);
    expect(await refuse(index)).toEqual({
      __type: 'ReferencedImagesNotFoundException',
      message: `Images with digests '[${children[1].imageDigest}]' required for pushing image into repository with name '${repositoryName}' in the registry with id '${emulator.registryId}' do not exist`,
    });
    await put(children[1]);
    await put(index, 'latest');
    const details = await describeImages();
    expect(details.at(-1)).not.toHaveProperty('artifactMediaType');
    expect(details.at(-1)?.imageSizeInBytes).toBe(details[1]?.imageSizeInBytes);
  });

  test('of an artifact, whose type is described when its config is the empty one', async () => {
    await uploadBlob(emulator, repositoryName, Buffer.from('{}'));
    await uploadBlob(emulator, repositoryName, Buffer.from('sbom'));
    const artifact = describeManifest({
      schemaVersion: 2,
      mediaType: OCI_MANIFEST,
      artifactType: 'application/spdx+json',
      config: descriptor('application/vnd.oci.empty.v1+json', Buffer.from('{}')),
      layers: [descriptor('application/spdx+json', Buffer.from('sbom'))],
      subject: descriptor(OCI_MANIFEST, Buffer.from('not there')),
    });
    await put(artifact);
    expect((await describeImages())[0]?.artifactMediaType).toBe('application/spdx+json');
  });
});

describe('describing', () => {
  test('by id, all or nothing', async () => {
    const image = await uploadImage(emulator, repositoryName, 'one');
    await put(image, 'v1');
    const find = (imageIds: object[]) => ({ repositoryName, imageIds });
    const { imageDetails } = await callApi(
      emulator,
      'DescribeImages',
      find([{ imageTag: 'v1' }, { imageDigest: image.imageDigest }]),
    );
    expect(imageDetails?.map((detail) => detail.imageDigest)).toEqual([image.imageDigest, image.imageDigest]);
    expect(await failApi(emulator, 'DescribeImages', find([{ imageTag: 'v1' }, { imageTag: 'x' }]))).toEqual({
      __type: 'ImageNotFoundException',
      message: `The image with imageId {imageDigest:'null', imageTag:'x'} does not exist within the repository with name '${repositoryName}' in the registry with id '${emulator.registryId}'`,
    });
    for (const imageId of [
      {},
      { imageDigest: sha256('') },
      { imageDigest: image.imageDigest, imageTag: 'v2' },
    ]) {
      const error = await failApi(emulator, 'DescribeImages', find([imageId]));
      expect(error.__type).toBe('ImageNotFoundException');
    }
    const error = await failApi(emulator, 'DescribeImages', find([{ imageDigest: 'sha256' }]));
    expect(error.message).toBe(
      "Invalid parameter at 'imageDigest' failed to satisfy constraint: 'must satisfy regular expression '[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+''",
    );
  });

  test('tags, with the time of each', async () => {
    const image = await uploadImage(emulator, repositoryName, 'one');
    await put(image, 'v1');
    await put(image, 'v2');
    const { imageTagDetails } = await callApi(emulator, 'DescribeImageTags', { repositoryName });
    expect(imageTagDetails).toEqual(
      ['v1', 'v2'].map((imageTag) => ({
        imageTag,
        createdAt: expect.any(Number),
        imageDetail: {
          imageDigest: image.imageDigest,
          imageSizeInBytes: expect.any(Number),
          imagePushedAt: expect.any(Number),
          imageManifestMediaType: OCI_MANIFEST,
          artifactMediaType: 'application/vnd.oci.image.config.v1+json',
        },
      })),
    );
  });

  test('in pages that together are complete, even after a deletion in between', async () => {
    const image = await uploadImage(emulator, repositoryName, 'one');
    for (let number = 0; number < 205; number += 1) await put(image, `v${number}`);
    const pages: number[] = [];
    const tags: (string | undefined)[] = [];
    let nextToken: string | undefined;
    do {
      const output = await callApi(emulator, 'DescribeImageTags', { repositoryName, nextToken });
      tags.push(...(output.imageTagDetails ?? []).map((detail) => detail.imageTag));
      pages.push(output.imageTagDetails?.length ?? 0);
      nextToken = output.nextToken;
      // Already listed: the next pages must not shift.
      await callApi(emulator, 'BatchDeleteImage', {
        repositoryName,
        imageIds: [{ imageTag: `v${pages.length}` }],
      });
    } while (nextToken !== undefined);
    expect(pages).toEqual([100, 100, 5]);
    expect(new Set(tags).size).toBe(205);
  });

  test('with a token of another list, an invented one, or one beside a list of ids', async () => {
    const image = await uploadImage(emulator, repositoryName, 'one');
    await put(image, 'v1');
    await put(image, 'v2');
    const { nextToken } = await callApi(emulator, 'DescribeImageTags', { repositoryName, maxResults: 1 });
    expect(nextToken).toBeTypeOf('string');
    for (const input of [
      { nextToken },
      { nextToken: 'bm90aGluZw==' },
      { nextToken: '' },
      { imageIds: [{ imageTag: 'v1' }], maxResults: 5 },
      { imageIds: [{ imageTag: 'v1' }], nextToken },
    ]) {
      const error = await failApi(emulator, 'DescribeImages', { repositoryName, ...input });
      expect(error.__type).toBe('InvalidParameterException');
    }
  });

  test('an empty repository', async () => {
    expect(await callApi(emulator, 'DescribeImages', { repositoryName })).toEqual({ imageDetails: [] });
    expect(await callApi(emulator, 'DescribeImageTags', { repositoryName })).toEqual({ imageTagDetails: [] });
  });
});

describe('deleting', () => {
  async function remove(...imageIds: object[]) {
    const registryId = emulator.registryAlias;
    return callApi(emulator, 'BatchDeleteImage', { repositoryName, registryId, imageIds });
  }

  test('by tag deletes the tag, and with the last tag the image', async () => {
    const { imageDigest, ...image } = await uploadImage(emulator, repositoryName, 'one');
    await put({ imageDigest, ...image }, 'v1');
    await put({ imageDigest, ...image }, 'v2');
    expect(await remove({ imageTag: 'v1' })).toEqual({
      imageIds: [{ imageDigest, imageTag: 'v1' }],
      failures: [],
    });
    expect((await describeImages())[0]?.imageTags).toEqual(['v2']);
    expect((await remove({ imageTag: 'v2', imageDigest })).imageIds).toEqual([
      { imageDigest, imageTag: 'v2' },
    ]);
    expect(await describeImages()).toEqual([]);
  });

  test('by digest deletes the image with all its tags', async () => {
    const tagged = await uploadImage(emulator, repositoryName, 'one');
    const untagged = await uploadImage(emulator, repositoryName, 'two');
    await put(tagged, 'v1');
    await put(tagged, 'v2');
    await put(untagged);
    const { imageDigest } = tagged;
    expect((await remove({ imageDigest }, { imageDigest: untagged.imageDigest })).imageIds).toEqual([
      { imageDigest, imageTag: 'v1' },
      { imageDigest, imageTag: 'v2' },
      { imageDigest: untagged.imageDigest },
    ]);
    expect(await describeImages()).toEqual([]);
  });

  test('missing and malformed ids become failures, one by one', async () => {
    const one = await uploadImage(emulator, repositoryName, 'one');
    const two = await uploadImage(emulator, repositoryName, 'two');
    await put(one, 'v1');
    await put(two, 'v2');
    const { failures, imageIds } = await remove(
      {},
      { imageDigest: 'sha256' },
      { imageTag: 'a:b' },
      { imageTag: 'v3' },
      { imageDigest: sha256('') },
      { imageDigest: one.imageDigest, imageTag: 'v2' },
      { imageTag: 'v1' },
      { imageTag: 'v1' },
    );
    expect(failures?.map((failure) => failure.failureCode)).toEqual([
      'MissingDigestAndTag',
      'InvalidImageDigest',
      'InvalidImageTag',
      'ImageNotFound',
      'ImageNotFound',
      'ImageTagDoesNotMatchDigest',
      'ImageNotFound',
    ]);
    expect(imageIds).toEqual([{ imageDigest: one.imageDigest, imageTag: 'v1' }]);
  });

  test('a child of an index cannot be deleted before its parent', async () => {
    const child = await uploadImage(emulator, repositoryName, 'one');
    const index = describeIndex([child]);
    await put(child, 'child');
    await put(index, 'latest');
    const failure = {
      failureCode: 'ImageReferencedByManifestList',
      failureReason: `Requested image referenced by manifest list: [${index.imageDigest}]`,
    };
    const ids = [{ imageDigest: child.imageDigest }, { imageTag: 'child' }];
    expect((await remove(...ids)).failures).toEqual(ids.map((imageId) => ({ imageId, ...failure })));
    expect((await remove({ imageTag: 'latest' }, { imageTag: 'child' })).failures).toEqual([]);
    expect(await describeImages()).toEqual([]);
  });
});
