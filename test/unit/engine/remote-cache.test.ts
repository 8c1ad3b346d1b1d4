import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { type LayersWanted, readLayers } from '../../../src/engine/remote-cache.ts';
import type { Content } from '../../../src/oci/descriptor.ts';
import { type Digest, digestOf } from '../../../src/oci/digest.ts';
import { createRegistryReader } from '../../../src/registry/registry-reader.ts';
import { directConnections } from '../../support/connections.ts';
import { describeBytes, type GeneratedImage, makeImage, makeIndex } from '../../support/images.ts';
import { makeWatch } from '../../support/watch.ts';
import {
  compressBlobs,
  type FakeRegistry,
  REPOSITORY,
  startFakeRegistry,
  storeImage,
} from '../registry/fake-registry.ts';

const arm = { os: 'linux', architecture: 'arm64', variant: 'v8' };
const image = await makeImage({
  seed: 1,
  layers: [{}, { compression: 'zstd' }, {}, { compression: 'none' }, { duplicateOf: 0 }],
});
const other = await makeImage({ seed: 2, layers: [{}], platform: arm });

let registry: FakeRegistry;
beforeEach(async () => {
  registry = await startFakeRegistry();
  storeImage(registry, image, '1.0');
  storeImage(registry, makeIndex([image, other]), 'multi');
});
afterEach(() => registry.close());

function read(tags: readonly string[], wanted: Partial<LayersWanted> = {}) {
  const problems: string[] = [];
  const reader = createRegistryReader(directConnections, { registryHost: registry.host, ...REPOSITORY });
  const layers = readLayers(reader, {
    tags,
    platform: image.platform,
    compression: 'gzip',
    timeoutMs: 10_000,
    signal: new AbortController().signal,
    onProblem: (tag, reason) => problems.push(`${tag}: ${reason}`),
    ...wanted,
  });
  return { layers, problems };
}

function layersOf({ layers }: GeneratedImage, ...positions: number[]): Map<Digest, Content> {
  const chosen = positions.flatMap((position) => layers[position] ?? []);
  return new Map(
    chosen.map(({ diffId, descriptor: { digest, size } }) => [diffId, { digest, size }] as const),
  );
}

describe('layers that the registry knows', () => {
  test.each([
    ['gzip', [0, 2]],
    ['zstd', [1]],
  ] as const)('by diff ID, those compressed with %s only', async (compression, positions) => {
    expect(await read(['1.0'], { compression }).layers).toEqual(layersOf(image, ...positions));
  });

  test('are asked for over one connection, until a blob is somewhere else', async () => {
    const connections = new Set<unknown>();
    registry.intercept = ({ socket }) => {
      connections.add(socket);
      return false;
    };
    expect(await read(['1.0']).layers).toEqual(layersOf(image, 0, 2));
    expect(connections.size).toBe(1);
  });

  test('are found where a server compresses configs on their way', async () => {
    registry.intercept = compressBlobs(registry);
    expect(await read(['1.0']).layers).toEqual(layersOf(image, 0, 2));
  });

  test('of an index, of the image for the platform', async () => {
    expect(await read(['multi']).layers).toEqual(layersOf(image, 0, 2));
    expect(await read(['multi'], { platform: arm }).layers).toEqual(layersOf(other, 0));
    const { layers, problems } = read(['multi'], { platform: { os: 'windows', architecture: 'amd64' } });
    expect(await layers).toEqual(new Map());
    expect(problems).toEqual([]);
  });

  test('of an index, of all images when the platform is not known', async () => {
    const attestation = await makeImage({
      seed: 3,
      layers: [{}],
      platform: { os: 'unknown', architecture: 'unknown' },
    });
    storeImage(registry, makeIndex([image, other, attestation]), 'attested');
    const expected = new Map([...layersOf(image, 0, 2), ...layersOf(other, 0)]);
    expect(await read(['attested'], { platform: undefined }).layers).toEqual(expected);
  });

  test('of several images: the first one counts', async () => {
    const again = await makeImage({ seed: 1, layers: [{}, {}, {}] });
    const repacked = {
      ...again,
      manifest: Buffer.from(again.manifest.toString().replaceAll(/"size":1\d\d\d/g, '"size":1')),
    };
    const descriptor = describeBytes(image.descriptor.mediaType, repacked.manifest);
    storeImage(registry, { ...repacked, descriptor }, 'repacked');
    const { diffId, descriptor: wanted } = image.layers[0] ?? {};
    const sizeFrom = async (...tags: string[]) => (await read(tags).layers).get(diffId ?? digestOf(''))?.size;
    expect(await sizeFrom('1.0', 'repacked')).toBe(wanted?.size);
    expect(await sizeFrom('repacked', '1.0')).toBe(1);
  });

  test('of a missing tag are none, which is not reported', async () => {
    const { layers, problems } = read(['nowhere', '1.0']);
    expect(await layers).toEqual(layersOf(image, 0, 2));
    expect(problems).toEqual([]);
  });
});

describe('what is not believed', () => {
  const configDigest = digestOf(image.config);

  test.each<[string, () => void, RegExp]>([
    [
      'a config that is another than the manifest names',
      () => registry.blobs.set(configDigest, Buffer.from(image.config.toString().replace('/bin', '/nib'))),
      /its bytes have another digest/,
    ],
    [
      'a config of another length',
      () => registry.blobs.set(configDigest, other.config),
      /bytes long, but there are/,
    ],
    [
      'a config that is missing',
      () => registry.blobs.delete(configDigest),
      /the config sha256:[0-9a-f]+ does not exist/,
    ],
    [
      'a manifest that is none',
      () => registry.manifests.set('1.0', { bytes: Buffer.from('<html>'), mediaType: 'text/html' }),
      /not that of an image manifest or index/,
    ],
    [
      'a manifest without end',
      () => registry.manifests.set('1.0', { bytes: Buffer.alloc(5_000_000), mediaType: '' }),
      /longer than 4 MiB/,
    ],
  ])('%s', async (_what, damage, reason) => {
    damage();
    const { layers, problems } = read(['1.0']);
    expect(await layers).toEqual(new Map());
    expect(problems).toEqual([expect.stringMatching(reason)]);
  });

  test("an index's image that is another than the index names", async () => {
    const { mediaType } = other.descriptor;
    registry.manifests.set(other.descriptor.digest, { bytes: image.manifest, mediaType });
    const { layers, problems } = read(['multi'], { platform: arm });
    expect(await layers).toEqual(new Map());
    expect(problems).toHaveLength(1);
  });

  test('a config with fewer layers than the manifest', async () => {
    const config = Buffer.from(JSON.stringify({ rootfs: { type: 'layers', diff_ids: [digestOf('a')] } }));
    const manifest = { ...JSON.parse(image.manifest.toString()), config: describeBytes('config', config) };
    const bytes = Buffer.from(JSON.stringify(manifest));
    registry.blobs.set(digestOf(config), config);
    registry.manifests.set('odd', { bytes, mediaType: image.descriptor.mediaType });
    expect(await read(['odd']).layers).toEqual(new Map());
  });
});

describe('a registry that does not answer', () => {
  test('holds nothing up, and the answers of others count', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const { changed, until } = makeWatch();
    let isAsked = false;
    registry.intercept = ({ url }) => {
      isAsked ||= url?.includes('/manifests/silent') ?? false;
      changed();
      return url?.includes('/manifests/silent') ?? false;
    };
    const { layers, problems } = read(['silent', '1.0'], { timeoutMs: 1_000 });
    const known = read(['1.0']);
    await Promise.all([known.layers, until(() => isAsked)]);
    // Later requests for the same have their answers.
    await (await fetch(`http://${registry.host}/`)).text();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await layers).toEqual(layersOf(image, 0, 2));
    expect(problems).toEqual(['silent: no answer within 1000 ms']);
  });

  test('is reported when nothing listens, and does not end the push', async () => {
    registry.close();
    const { layers, problems } = read(['1.0']);
    expect(await layers).toEqual(new Map());
    expect(problems).toHaveLength(1);
  });

  test('ends with an interruption', async () => {
    const controller = new AbortController();
    registry.intercept = () => {
      controller.abort(new Error('by you'));
      return true;
    };
    await expect(read(['1.0'], { signal: controller.signal }).layers).rejects.toThrow('by you');
  });
});
