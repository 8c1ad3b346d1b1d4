import { describe, expect, test } from 'vitest';
import { choosePartBytes, ECR_PUBLIC_LIMITS } from '../../../src/ecr/limits.ts';
import { findExpected } from '../../../src/ends/blob.ts';
import type { SourceImage } from '../../../src/ends/image-source.ts';
import { checkImageCount, checkTagCount } from '../../../src/engine/limits.ts';
import { planPush } from '../../../src/engine/plan/plan.ts';
import type { PushPlan } from '../../../src/engine/plan/push-plan.ts';
import { type Digest, digestOf } from '../../../src/oci/digest.ts';
import { OCI_LAYER_GZIP } from '../../../src/oci/media-types.ts';
import { catchError } from '../../support/catch-error.ts';
import { describeBytes, makeImage, makeIndex, makeManifest } from '../../support/images.ts';
import { archiveSource, layoutSource, type MemorySource, memorySource } from '../../support/memory-source.ts';

const MIB = 1024 * 1024;
const plainConfig = Buffer.from('{"architecture":"amd64","os":"linux"}');

/** A source of one image with the layers given, which exist as descriptors only. */
function describeImage(layers: readonly object[], config = plainConfig): [MemorySource, SourceImage] {
  // Descriptors beyond what a type-checked one can say, as hostile images have.
  const manifest = makeManifest(config, layers as Parameters<typeof makeManifest>[1]);
  const root = describeBytes('application/vnd.oci.image.manifest.v1+json', manifest);
  const contents = new Map<string, Buffer>([
    [root.digest, manifest],
    [digestOf(config), config],
  ]);
  return [memorySource(contents), { kind: 'manifest', names: [], root }];
}

const plan = (source: MemorySource, image: SourceImage): Promise<PushPlan> =>
  planPush(source, image, { limits: ECR_PUBLIC_LIMITS });

const layerOf = (size: number, more: object = {}) => ({
  mediaType: OCI_LAYER_GZIP,
  digest: digestOf(`layer of ${size}`),
  size,
  ...more,
});

describe('limits, before anything is sent', () => {
  test.each([
    ['a layer of 10,000 MiB', 10_000 * MIB, undefined],
    ['a layer of one byte more', 10_000 * MIB + 1, 'LIMIT'],
    ['a layer without bytes', 0, 'LIMIT'],
  ])('%s', async (_name, size, code) => {
    const [source, image] = describeImage([layerOf(size)]);
    const planned = plan(source, image);
    if (code === undefined) {
      expect((await planned).blobs.map((blob) => findExpected(blob)?.size)).toContain(size);
    } else {
      const error = await catchError(() => planned);
      expect(error.code).toBe(code);
      expect(error.message).toContain(layerOf(size).digest);
    }
  });

  test('a manifest of over 4 MiB', async () => {
    const size = 4 * MIB + 1;
    const root = { mediaType: 'application/vnd.oci.image.index.v1+json', digest: digestOf('big'), size };
    const error = await catchError(() =>
      plan(memorySource(new Map()), { kind: 'manifest', names: [], root }),
    );
    expect(error.code).toBe('LIMIT');
  });

  test.each([
    // service, upper bound, blob, expected
    [10 * MIB, undefined, 1, 10 * MIB],
    [10 * MIB, 5 * MIB, 1, 5 * MIB],
    [10 * MIB, 20 * MIB, 1, 10 * MIB],
    [10 * MIB, 5 * MIB, 5_000 * MIB, 5 * MIB],
    [10 * MIB, 5 * MIB, 5_000 * MIB + 1, 5 * MIB + 1],
    [10 * MIB, 5 * MIB, 10_000 * MIB, 10 * MIB],
    [5 * MIB, undefined, 10_000 * MIB, 10 * MIB],
  ])('parts of %i bytes, at most %s, of a blob of %i are %i long', (service, bound, blob, expected) => {
    const chosen = choosePartBytes(service, bound, blob);
    expect(chosen).toBe(expected);
    expect(Math.ceil(blob / chosen)).toBeLessThanOrEqual(1000);
  });

  test.each([
    [10 * MIB, undefined, 42_000 * MIB, 10 * MIB],
    [10 * MIB, undefined, 42_000 * MIB + 1, 11 * MIB],
    [10 * MIB, 5 * MIB, 42_000 * MIB, 10 * MIB],
    [10 * MIB, 5 * MIB, 21_000 * MIB, 5 * MIB],
    [10 * MIB, undefined, 52_000 * MIB, 13 * MIB],
  ])(
    'with 4,200 parts in steps of 1 MiB: %i, at most %s, of %i are %i long',
    (service, bound, blob, expected) => {
      const chosen = choosePartBytes(service, bound, blob, { maxParts: 4200, stepBytes: MIB });
      expect(chosen).toBe(expected);
      expect(Math.ceil(blob / chosen)).toBeLessThanOrEqual(4200);
    },
  );
});

test.each([
  ['tags of an image', checkTagCount, 1000],
  ['images of a repository', checkImageCount, 100_000],
])('%s are at most as many as the service allows', async (_what, check, most) => {
  expect(() => check(ECR_PUBLIC_LIMITS, most)).not.toThrow();
  const error = await catchError(() => check(ECR_PUBLIC_LIMITS, most + 1));
  expect(error).toMatchObject({ code: 'LIMIT', message: expect.stringContaining(String(most)) });
});

describe('foreign layers', () => {
  const urls = ['https://example.com/layer'];
  const foreign = 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip';

  test('stay where they are', async () => {
    const layer = layerOf(7, { mediaType: foreign, urls });
    const [source, image] = describeImage([layer, layer, layerOf(8)]);
    const planned = await plan(source, image);
    expect(planned.skippedLayers).toBe(1);
    expect(planned.blobs.map((blob) => findExpected(blob)?.size)).toEqual([plainConfig.length, 8]);
  });

  test('are pushed when the source has them', async () => {
    const bytes = Buffer.from('a layer');
    const [source, image] = describeImage([{ ...describeBytes(OCI_LAYER_GZIP, bytes), urls }]);
    source.contents.set(digestOf(bytes), bytes);
    const planned = await plan(source, image);
    expect(planned.skippedLayers).toBe(0);
    expect(planned.blobs).toHaveLength(2);
  });
});

test('an image of more layers than were once listed is planned with a warning', async () => {
  for (const count of [127, 128]) {
    const [source, image] = describeImage(
      Array.from({ length: count }, (_, position) => layerOf(position + 1)),
    );
    const { warnings } = await plan(source, image);
    expect(warnings).toEqual(
      count === 127
        ? []
        : [expect.stringMatching(/may refuse sha256:\w+: it has 128 layers; .* 127 as the most/)],
    );
  }
  const made = await makeImage({ seed: 4, layers: Array.from({ length: 128 }, () => ({ size: 1 })) });
  const [source, image] = archiveSource(made);
  const planned = await planPush(source, image, { limits: ECR_PUBLIC_LIMITS });
  expect(planned.warnings).toEqual([expect.stringContaining('may refuse the image: it has 128 layers')]);
});

describe('the layers that a config lists', () => {
  const rootfs = (diffIds: unknown) => `{"rootfs":{"type":"layers","diff_ids":${JSON.stringify(diffIds)}}}`;
  const inToto = layerOf(9, { mediaType: 'application/vnd.in-toto+json' });
  const id = digestOf('a layer');

  test.each([
    ['fewer', [layerOf(7), layerOf(8)], rootfs([id]), 'lists 2 layers, but its config 1'],
    ['more', [layerOf(7)], rootfs([id, id]), 'lists 1 layers, but its config 2'],
    ['some of none', [], rootfs([id]), 'lists 0 layers, but its config 1'],
    ['none of some', [layerOf(7)], rootfs([]), 'lists 1 layers, but its config 0'],
    ['null of some', [layerOf(7)], rootfs(null), 'lists 1 layers, but its config 0'],
  ])('are %s than the manifest lists: it is refused', async (_, layers, text, message) => {
    const error = await catchError(() => plan(...describeImage(layers, Buffer.from(text))));
    expect(error).toMatchObject({ code: 'INVALID_INPUT', hint: expect.stringContaining('not whole') });
    expect(error.message).toContain(message);
  });

  test.each([
    ['as many', [layerOf(7), layerOf(7)], rootfs([id, id])],
    ['not listed', [layerOf(7)], '{}'],
    ['not listed, in what is no JSON', [layerOf(7)], 'config'],
    ['none, of an artifact in the form of an image', [inToto], rootfs([])],
  ])('are %s: it is planned', async (_, layers, text) => {
    const planned = await plan(...describeImage(layers, Buffer.from(text)));
    expect(planned.warnings).toEqual([]);
  });

  test('are none: it is planned with a warning', async () => {
    const planned = await plan(...describeImage([], Buffer.from(rootfs([]))));
    expect(planned.warnings).toEqual([
      expect.stringMatching(/ECR Public may refuse sha256:.*: it has no layers/),
    ]);
  });
});

describe('an image that is not whole', () => {
  test('a child of an index is missing: its platform is named', async () => {
    const child = await makeImage({ seed: 1, layers: [], platform: { os: 'linux', architecture: 's390x' } });
    const root = makeIndex([child]);
    const source = layoutSource([root]);
    source.contents.delete(child.descriptor.digest);
    const error = await catchError(() =>
      plan(source, { kind: 'manifest', names: [], root: root.descriptor }),
    );
    expect(error.code).toBe('INVALID_INPUT');
    expect(error.message).toContain('linux/s390x');
  });

  test('a manifest has other bytes than its digest says', async () => {
    const image = await makeImage({ seed: 2, layers: [] });
    const source = layoutSource([image]);
    source.contents.set(image.descriptor.digest, Buffer.alloc(image.manifest.length, ' '));
    const error = await catchError(() =>
      plan(source, { kind: 'manifest', names: [], root: image.descriptor }),
    );
    expect(error.code).toBe('INVALID_INPUT');
    expect(error.message).toContain(image.descriptor.digest);
  });

  test('one blob has two sizes', async () => {
    const [source, image] = describeImage([layerOf(5), { ...layerOf(5), size: 6 }]);
    const error = await catchError(() => plan(source, image));
    expect(error.code).toBe('INVALID_INPUT');
    expect(error.message).toContain('5 and 6 bytes');
  });

  test('indexes are nested without end', async () => {
    let root = makeIndex([]);
    const contents = new Map<Digest, Buffer>();
    for (let depth = 0; depth < 20; depth += 1) {
      contents.set(root.descriptor.digest, root.manifest);
      root = makeIndex([root]);
    }
    contents.set(root.descriptor.digest, root.manifest);
    const error = await catchError(() =>
      plan(memorySource(contents), { kind: 'manifest', names: [], root: root.descriptor }),
    );
    expect(error.code).toBe('INVALID_INPUT');
    expect(error.message).toContain('nested');
  });
});
