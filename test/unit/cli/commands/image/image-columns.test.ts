import { expect, test } from 'vitest';
import { collectImages, type KeptImage } from '../../../../../src/cli/commands/image/image-columns.ts';
import type { ImageDetail } from '../../../../../src/ecr/images.ts';
import { digestOf } from '../../../../../src/oci/digest.ts';
import { makeRandom } from '../../../../support/images.ts';

function makeDetail(number: number, random: () => number): ImageDetail {
  const maybe = <Value>(value: Value): Value | undefined => (random() < 0.9 ? value : undefined);
  return {
    imageDigest: digestOf(String(number)),
    imageTags: Array.from({ length: Math.floor(random() * 4) }, (_, tag) => `${number}.${tag}`),
    imageSizeInBytes: maybe(number * 1_000_000_000),
    imagePushedAt: maybe(new Date(Math.floor(random() * 1e12))),
    imageManifestMediaType: maybe(`application/${number % 3}`),
    artifactMediaType: maybe(`application/${number % 2}`),
    imageStatus: maybe(number % 7 === 0 ? 'ARCHIVED' : 'ACTIVE'),
    registryId: undefined,
    repositoryName: undefined,
  };
}

function toKept(image: ImageDetail): KeptImage {
  return {
    imageDigest: image.imageDigest,
    imageTags: image.imageTags,
    sizeInBytes: image.imageSizeInBytes,
    pushedAtMs: image.imagePushedAt?.getTime(),
    mediaType: image.imageManifestMediaType,
    artifactMediaType: image.artifactMediaType,
    imageStatus: image.imageStatus === 'ACTIVE' ? undefined : image.imageStatus,
  };
}

async function* yieldPages(images: readonly ImageDetail[]) {
  for (let first = 0; first < images.length; first += 1000) yield images.slice(first, first + 1000);
}

test('images come back as they were, in their order and the newest first', async () => {
  const random = makeRandom(7);
  const details = Array.from({ length: 3000 }, (_, number) => makeDetail(number, random));
  const images = await collectImages(yieldPages(details));
  expect(images).toHaveLength(3000);
  expect(Array.from(images.entries())).toEqual(details.map((image, position) => [position, toKept(image)]));
  expect(images.at(3000)).toBeUndefined();
  const newest = images.pick(images.listNewestFirst());
  const times = Array.from(newest, ([, { pushedAtMs = 0 }]) => pushedAtMs);
  expect(times).toEqual(details.map((image) => toKept(image).pushedAtMs ?? 0).sort((a, b) => b - a));
  expect(Array.from(newest), 'a table reads its rows twice').toHaveLength(3000);
});

test('a digest of another kind is shown as it is', async () => {
  const imageDigest = `sha512:${'a'.repeat(128)}`;
  const detail = { ...makeDetail(1, makeRandom(1)), imageDigest };
  const images = await collectImages(yieldPages([detail, makeDetail(2, makeRandom(2))]));
  expect([images.at(0)?.imageDigest, images.at(1)?.imageDigest]).toEqual([imageDigest, digestOf('2')]);
});
