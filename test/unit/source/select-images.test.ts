import { describe, expect, test } from 'vitest';
import type { ManifestImage, SourceImage } from '../../../src/ends/image-source.ts';
import { digestOf } from '../../../src/oci/digest.ts';
import { OCI_INDEX, OCI_MANIFEST } from '../../../src/oci/media-types.ts';
import { parsePlatform } from '../../../src/oci/platform.ts';
import { type Selection, selectImages } from '../../../src/source/select-images.ts';
import { collectBytes as collect } from '../../../src/source/source-store.ts';
import { catchError } from '../../support/catch-error.ts';
import { describeBytes, type GeneratedIndex, makeImage, makeIndex } from '../../support/images.ts';
import { archiveSource, layoutSource, type memorySource } from '../../support/memory-source.ts';

const amd64 = await makeImage({ seed: 1, layers: [{}] });
const arm64 = await makeImage({ seed: 2, layers: [{}], platform: parsePlatform('linux/arm64/v8') });
const armV6 = await makeImage({ seed: 3, layers: [{}], platform: parsePlatform('linux/arm/v6') });

/** An attestation as BuildKit writes it, with an unknown member, `x-member`. */
function attest(subject: { readonly descriptor: { readonly digest: string } }, number: number) {
  const manifest = Buffer.from(`attestation ${number}`);
  return {
    ...describeBytes(OCI_MANIFEST, manifest),
    annotations: {
      'vnd.docker.reference.type': 'attestation-manifest',
      'vnd.docker.reference.digest': subject.descriptor.digest,
    },
    platform: { architecture: 'unknown', os: 'unknown' },
    'x-member': number,
  };
}

const entries = [amd64.descriptor, arm64.descriptor, attest(amd64, 1), armV6.descriptor, attest(arm64, 2)];
const manifest = Buffer.from(
  JSON.stringify({
    mediaType: OCI_INDEX,
    schemaVersion: 2,
    manifests: entries,
    annotations: { made: 'here' },
    'x-more': true,
  }),
);
const index: GeneratedIndex = {
  names: [],
  children: [amd64, arm64, armV6],
  manifest,
  descriptor: describeBytes(OCI_INDEX, manifest),
};

function imageOf(root: GeneratedIndex): ManifestImage {
  return { kind: 'manifest', names: ['app:1.0'], root: root.descriptor };
}

async function select(
  platforms: readonly string[],
  attestations: Selection['attestations'] = 'keep',
  root: GeneratedIndex = index,
) {
  const given = layoutSource([root]);
  const selection = { platforms: platforms.map(parsePlatform), attestations };
  const { source, image } = await selectImages(given, imageOf(root), selection);
  if (image.kind !== 'manifest') throw new Error('not a manifest');
  const ref = { kind: 'digest', digest: image.root.digest, size: image.root.size } as const;
  expect(source.has(ref)).toBe(true);
  const bytes = await collect(source.open(ref, 0));
  expect(digestOf(bytes)).toBe(image.root.digest);
  expect(bytes.length).toBe(image.root.size);
  expect(await collect(source.open(ref, 10))).toEqual(bytes.subarray(10));
  return { image, source, bytes, document: JSON.parse(bytes.toString()) };
}

describe('an index of the selected images', () => {
  test.each<[string[], Selection['attestations'], number[]]>([
    [['linux/amd64'], 'keep', [0, 2]],
    [['linux/amd64'], 'drop', [0]],
    [['linux/arm64', 'linux/amd64'], 'keep', [0, 1, 2, 4]],
    [['linux/arm64/v8'], 'drop', [1]],
    [['linux/arm'], 'keep', [3]],
    [[], 'drop', [0, 1, 3]],
  ])('%j, attestations %s', async (platforms, attestations, kept) => {
    const { document, image, source } = await select(platforms, attestations);
    expect(document).toEqual({
      ...JSON.parse(manifest.toString()),
      manifests: kept.map((position) => entries[position]),
    });
    expect(image).toMatchObject({ names: ['app:1.0'], root: { mediaType: OCI_INDEX } });
    const other = { kind: 'digest', digest: amd64.descriptor.digest, size: amd64.manifest.length } as const;
    expect(await collect(source.open(other, 0))).toEqual(amd64.manifest);
  });

  test('has the same bytes each time, keeps the order of members and unknown members', async () => {
    const { bytes } = await select(['linux/arm64']);
    expect((await select(['linux/arm64/v8'])).bytes).toEqual(bytes);
    expect(bytes.toString()).toMatch(/^\{"mediaType":.*"x-member":2.*"x-more":true\}$/);
  });

  test.each<[string[], Selection['attestations']]>([
    [[], 'keep'],
    [['linux/amd64', 'linux/arm64', 'linux/arm/v6'], 'keep'],
  ])('is the original if nothing is left out: %j', async (platforms, attestations) => {
    expect((await select(platforms, attestations)).image.root).toEqual(index.descriptor);
  });

  test('has the images of nested indexes', async () => {
    const nested = makeIndex([makeIndex([amd64, armV6]), arm64]);
    const { document } = await select(['linux/amd64', 'linux/arm64'], 'keep', nested);
    expect(document.manifests).toEqual([amd64.descriptor, arm64.descriptor]);
  });

  test('does not need the images that are left out', async () => {
    const source = layoutSource([index]);
    source.contents.delete(arm64.descriptor.digest);
    const selection = { platforms: [parsePlatform('linux/amd64')], attestations: 'drop' } as const;
    await expect(selectImages(source, imageOf(index), selection)).resolves.toBeDefined();
  });
});

describe('a platform without an image', () => {
  test('is a usage error that lists the platforms', async () => {
    const error = await catchError(() => select(['linux/amd64', 'linux/riscv64']));
    expect(error).toMatchObject({
      code: 'USAGE',
      message: 'memory holds no image for linux/riscv64',
      hint: 'Choose one of its platforms: linux/amd64, linux/arm64/v8, linux/arm/v6',
    });
  });

  test('is not an attestation either', async () => {
    expect(await catchError(() => select(['unknown/unknown']))).toMatchObject({ code: 'USAGE' });
  });

  test('is an error for an index of attestations alone, if they are dropped or a platform is asked for', async () => {
    const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, manifests: [attest(amd64, 1)] }));
    const only = { names: [], children: [], manifest: bytes, descriptor: describeBytes(OCI_INDEX, bytes) };
    expect(await catchError(() => select([], 'drop', only))).toMatchObject({ code: 'INVALID_INPUT' });
    const hint = 'Leave --platform out: its images do not state one.';
    expect(await catchError(() => select(['linux/amd64'], 'keep', only))).toMatchObject({
      code: 'USAGE',
      hint,
    });
  });
});

describe('a single image', () => {
  const images: readonly [string, () => [ReturnType<typeof memorySource>, SourceImage]][] = [
    [
      'of an OCI layout',
      () => [layoutSource([arm64]), { kind: 'manifest', names: [], root: arm64.descriptor }],
    ],
    ['of a docker-archive', () => archiveSource(arm64)],
  ];

  test.each(images)('%s is checked for its platform and not changed', async (_kind, make) => {
    const [source, image] = make();
    const choose = (platform: string) =>
      selectImages(source, image, { platforms: [parsePlatform(platform)], attestations: 'drop' });
    expect((await choose('linux/arm64')).image).toBe(image);
    expect(await catchError(() => choose('linux/amd64'))).toMatchObject({
      code: 'USAGE',
      hint: 'Choose one of its platforms: linux/arm64/v8',
    });
  });
});
