import { describe, expect, test } from 'vitest';
import { ECR_PUBLIC_LIMITS } from '../../../src/ecr/limits.ts';
import { findExpected } from '../../../src/ends/blob.ts';
import type { ImageSource, SourceImage } from '../../../src/ends/image-source.ts';
import type { PushEvent } from '../../../src/engine/events.ts';
import { planPush } from '../../../src/engine/plan/plan.ts';
import { EcrpError } from '../../../src/errors.ts';
import type { Digest } from '../../../src/oci/digest.ts';
import { digestOf } from '../../../src/oci/digest.ts';
import { catchError } from '../../support/catch-error.ts';
import { type FakeService, fakeService } from '../../support/fake-service.ts';
import { type GeneratedImage, makeImage, makeIndex, makeRandom } from '../../support/images.ts';
import { layoutSource } from '../../support/memory-source.ts';
import { type GivenPush, pushWith } from '../../support/push-with.ts';

async function push(
  source: ImageSource,
  image: SourceImage,
  service: FakeService,
  options: Partial<GivenPush> = {},
) {
  const events: PushEvent[] = [];
  const plan = await planPush(source, image, { limits: ECR_PUBLIC_LIMITS });
  const result = await pushWith(plan, {
    service,
    tags: ['1.0'],
    onEvent: (event) => events.push(event),
    ...options,
  });
  return { plan, result, events };
}

const rootOf = (image: { descriptor: GeneratedImage['descriptor'] }): SourceImage => ({
  kind: 'manifest',
  names: [],
  root: image.descriptor,
});

describe('a random image', () => {
  const random = makeRandom(20261121);
  const cases = Array.from({ length: 12 }, (_, seed) => ({
    seed,
    partSize: 1 + Math.floor(random() * 4000),
    concurrency: 1 + Math.floor(random() * 6),
    layers: Array.from({ length: Math.floor(random() * 9) }, (__, position) => ({
      size: Math.floor(random() * 6000),
      ...(position > 0 && random() < 0.2 ? { duplicateOf: Math.floor(random() * position) } : {}),
    })),
  }));

  test.each(cases)('arrives whole: seed $seed', async ({ seed, partSize, concurrency, layers }) => {
    const image = await makeImage({ seed, layers });
    const source = layoutSource([image]);
    const service = fakeService(partSize);
    const tags = ['1.0', '1', 'latest'];
    const { plan, result, events } = await push(source, rootOf(image), service, { concurrency, tags });

    // What was stored is what was there.
    expect(service.images.get(image.descriptor.digest)).toEqual(image.manifest);
    for (const blob of plan.blobs) expect(service.blobs.get(blob.id)).toEqual(source.contents.get(blob.id));
    expect(service.blobs.size).toBe(plan.blobs.length);
    for (const tag of tags) expect(service.tags.get(tag)).toBe(image.descriptor.digest);

    // The formula of the architecture.
    const sizes = plan.blobs.map((blob) => findExpected(blob)?.size ?? 0);
    const uploads = sizes.reduce((sum, size) => sum + 2 + Math.ceil(size / partSize), 0);
    expect(service.log).toHaveLength(Math.ceil(plan.blobs.length / 100) + uploads + tags.length);
    expect(service.mostRunning).toBeLessThanOrEqual(concurrency);
    expect(service.log.slice(-tags.length)).toEqual(tags.map((tag) => `put ${tag}`));

    const total = sizes.reduce((sum, size) => sum + size, 0);
    expect(result.layers).toEqual({
      total: sizes.length,
      uploaded: sizes.length,
      existing: 0,
      skipped: 0,
    });
    expect(result.bytes).toEqual({ total, uploaded: total, existing: 0, resumed: 0 });
    expectOrderly(events, plan.blobs.length);
    expect(events).toContainEqual({ kind: 'phase', phase: 'put', manifests: tags.length });
    expect(events.filter(({ kind }) => kind === 'manifest-put')).toHaveLength(tags.length);
  });
});

function expectOrderly(events: readonly PushEvent[], blobs: number): void {
  const acknowledged = new Map<Digest, number>();
  const sent = new Set<Digest>();
  for (const event of events) {
    if (event.kind === 'blob-progress') {
      expect(event.acknowledgedBytes).toBeGreaterThan(acknowledged.get(event.id) ?? 0);
      acknowledged.set(event.id, event.acknowledgedBytes);
    }
    if (event.kind === 'blob-sent') {
      expect(acknowledged.get(event.id)).toBe(event.bytes);
      sent.add(event.id);
    }
    if (event.kind === 'blob-finished') {
      expect(acknowledged.get(event.id)).toBe(event.bytes);
      expect(sent).toContain(event.id);
    }
  }
  expect(events.filter((event) => event.kind === 'blob-finished')).toHaveLength(blobs);
}

describe('an image that is there already', () => {
  test('costs checks and puts, and reads no layer byte', async () => {
    const image = await makeImage({ seed: 1, layers: [{}, {}, {}] });
    const service = fakeService(1000);
    await push(layoutSource([image]), rootOf(image), service);
    service.log.length = 0;

    const source = layoutSource([image]);
    const { result } = await push(source, rootOf(image), service, { tags: ['1.0', '2.0'] });
    expect(service.log).toEqual(['check 4', 'put 1.0', 'put 2.0']);
    expect(source.reads).toEqual([image.descriptor.digest, digestOf(image.config)]);
    expect(result.tags).toEqual([
      { imageTag: '1.0', status: 'unchanged' },
      { imageTag: '2.0', status: 'put' },
    ]);
    expect(result.layers).toMatchObject({ uploaded: 0, existing: 4 });
    expect(result.bytes.existing).toBe(result.bytes.total);
  });
});

describe('an index', () => {
  test('goes up after its images, and shared layers once', async () => {
    const [one, two] = await Promise.all([
      makeImage({ seed: 2, layers: [{}, {}] }),
      makeImage({ seed: 2, layers: [{}, {}, {}], platform: { architecture: 'arm64', os: 'linux' } }),
    ]);
    const inner = makeIndex([two]);
    const root = makeIndex([one, inner, one]);
    const service = fakeService(500);
    const { plan, result } = await push(layoutSource([root]), rootOf(root), service, {
      tags: ['1', 'latest'],
    });
    expect(plan.blobs).toHaveLength(5);
    expect(service.log.filter((line) => line.startsWith('put'))).toEqual([
      'put -',
      'put -',
      'put -',
      'put 1',
      'put latest',
    ]);
    expect(result.manifests.map(({ imageDigest, platform }) => [imageDigest, platform])).toEqual([
      [one.descriptor.digest, one.platform],
      [two.descriptor.digest, two.platform],
      [inner.descriptor.digest, undefined],
      [root.descriptor.digest, undefined],
    ]);
    expect(result.imageDigest).toBe(root.descriptor.digest);
  });
});

describe('tags', () => {
  const lookUp =
    (known: Record<string, Digest | undefined | 'unknown'>): GivenPush['lookUpTag'] =>
    async (tag) =>
      known[tag];

  test('are created, moved, unchanged, or put when their place before is unknown', async () => {
    const image = await makeImage({ seed: 3, layers: [{}] });
    const { result } = await push(layoutSource([image]), rootOf(image), fakeService(1000), {
      tags: ['new', 'old', 'same', 'dark'],
      lookUpTag: lookUp({ old: digestOf('old'), same: image.descriptor.digest, dark: 'unknown' }),
    });
    expect(result.tags).toEqual([
      { imageTag: 'new', status: 'created' },
      { imageTag: 'old', status: 'moved', previousDigest: digestOf('old') },
      { imageTag: 'same', status: 'unchanged' },
      { imageTag: 'dark', status: 'put' },
    ]);
  });

  test('of a dry run show whether the manifests are there', async () => {
    const image = await makeImage({ seed: 3, layers: [{}] });
    const dryRun = (digest: Digest) =>
      push(layoutSource([image]), rootOf(image), fakeService(1000), {
        dryRun: true,
        lookUpTag: lookUp({ '1.0': digest }),
      });
    const { result: same } = await dryRun(image.descriptor.digest);
    expect(same.manifests).toMatchObject([{ status: 'unchanged' }]);
    const { result: other } = await dryRun(digestOf('other'));
    expect(other.manifests).toMatchObject([{ status: 'put' }]);
  });

  test('whose lookup fails are put', async () => {
    const image = await makeImage({ seed: 3, layers: [] });
    const { result } = await push(layoutSource([image]), rootOf(image), fakeService(1000), {
      lookUpTag: async () => {
        throw new Error('no network');
      },
    });
    expect(result.tags).toEqual([{ imageTag: '1.0', status: 'put' }]);
  });
});

describe('the repository is missing', () => {
  const missing = () =>
    new EcrpError('NOT_FOUND', 'no repository', { awsError: 'RepositoryNotFoundException' });

  /** A service whose repository has to be created. `isFirst`: no other push is faster. */
  function serveMissing(isFirst: boolean) {
    let exists = false;
    const service = fakeService(1000, (truth) => ({
      findAvailable: async (...given) => {
        if (!exists) throw missing();
        return truth.findAvailable(...given);
      },
    }));
    const createRepository = async (): Promise<boolean> => {
      exists = true;
      return isFirst;
    };
    return { service, createRepository };
  }

  test('with --create-repo it is created once, and everything is sent', async () => {
    const image = await makeImage({ seed: 4, layers: [{}] });
    const { service, createRepository } = serveMissing(true);
    await push(layoutSource([image]), rootOf(image), service, { createRepository });
    expect(service.tags.get('1.0')).toBe(image.descriptor.digest);
    expect(service.log).not.toContain('check 2');
  });

  test('another push creates it at the same time: its blobs are looked for', async () => {
    const image = await makeImage({ seed: 4, layers: [{}] });
    const { service, createRepository } = serveMissing(false);
    for (const { descriptor, bytes } of image.layers) service.blobs.set(descriptor.digest, bytes);
    const { result } = await push(layoutSource([image]), rootOf(image), service, { createRepository });
    expect(result.layers).toMatchObject({ uploaded: 1, existing: 1 });
  });

  test('it is an error otherwise', async () => {
    const image = await makeImage({ seed: 4, layers: [{}] });
    const service = fakeService(1000, () => ({
      findAvailable: async () => {
        throw missing();
      },
    }));
    const error = await catchError(() => push(layoutSource([image]), rootOf(image), service));
    expect(error.awsError).toBe('RepositoryNotFoundException');
    expect(service.log).toEqual([]);
  });
});

describe('the service misses something when the manifest is put', () => {
  test('a blob: it is sent again, and all manifests are put again', async () => {
    const image = await makeImage({ seed: 5, layers: [{}, {}] });
    const root = makeIndex([image]);
    const lost = image.layers[0]?.descriptor.digest ?? digestOf('');
    let puts = 0;
    const service = fakeService(1000, (truth, state) => ({
      putImage: async (...given) => {
        puts += 1;
        if (puts === 1) state.blobs.delete(lost);
        return state.blobs.has(lost)
          ? truth.putImage(...given)
          : { kind: 'missing', detail: `Layers with digests '[${lost}]'` };
      },
    }));
    const { result } = await push(layoutSource([root]), rootOf(root), service);
    expect(service.blobs.has(lost)).toBe(true);
    expect(service.tags.get('1.0')).toBe(root.descriptor.digest);
    expect(result.layers.uploaded).toBe(3);
    expect(service.log.filter((line) => line === 'check 3')).toHaveLength(2);
  });

  test('a child manifest: the children are put again before it', async () => {
    const image = await makeImage({ seed: 6, layers: [{}] });
    const root = makeIndex([image]);
    let lost = true;
    const service = fakeService(1000, (truth, state) => ({
      putImage: async (given, signal) => {
        if (given.tag !== undefined && lost) {
          lost = false;
          state.images.clear();
        }
        return given.tag === undefined || state.images.has(image.descriptor.digest)
          ? truth.putImage(given, signal)
          : { kind: 'missing', detail: 'Images with digests' };
      },
    }));
    await push(layoutSource([root]), rootOf(root), service);
    expect(service.images.has(image.descriptor.digest)).toBe(true);
    expect(service.tags.get('1.0')).toBe(root.descriptor.digest);
  });

  test('twice: an error', async () => {
    const image = await makeImage({ seed: 7, layers: [{}] });
    const service = fakeService(1000, () => ({
      putImage: async () => ({ kind: 'missing', detail: 'the layers are not there' }),
    }));
    const error = await catchError(() => push(layoutSource([image]), rootOf(image), service));
    expect(error.code).toBe('UNAVAILABLE');
    expect(error.message).toContain('the layers are not there');
  });
});

describe('a failure', () => {
  test('stops all workers, and the first one is thrown', async () => {
    const image = await makeImage({ seed: 8, layers: Array.from({ length: 8 }, () => ({})) });
    const failure = new EcrpError('UNAVAILABLE', 'first');
    let running = 0;
    let calls = 0;
    const service = fakeService(100, (truth) => ({
      uploadPart: async (uploadId, start, bytes, signal) => {
        running += 1;
        calls += 1;
        const mine = calls;
        const answer = truth.uploadPart(uploadId, start, bytes, signal);
        try {
          await new Promise((resolve) => setImmediate(resolve));
          if (mine === 6) throw failure;
          signal.throwIfAborted();
          return await answer;
        } finally {
          running -= 1;
        }
      },
    }));
    await expect(push(layoutSource([image]), rootOf(image), service)).rejects.toBe(failure);
    expect(running).toBe(0);
    expect(service.tags.size).toBe(0);
    const after = calls;
    await new Promise((resolve) => setImmediate(resolve));
    expect(calls).toBe(after);
  });

  test('of the caller: its reason is thrown', async () => {
    const image = await makeImage({ seed: 9, layers: [{}, {}] });
    const controller = new AbortController();
    const reason = new EcrpError('INTERRUPTED', 'by you', { signal: 'SIGINT' });
    const service = fakeService(100, (truth) => ({
      completeUpload: async (...given) => {
        controller.abort(reason);
        return truth.completeUpload(...given);
      },
    }));
    const done = push(layoutSource([image]), rootOf(image), service, { signal: controller.signal });
    await expect(done).rejects.toBe(reason);
    expect(service.tags.size).toBe(0);
  });
});

describe('a layout without all its blobs', () => {
  test('is enough when the repository has them', async () => {
    const image = await makeImage({ seed: 10, layers: [{}, {}] });
    const service = fakeService(1000);
    await push(layoutSource([image]), rootOf(image), service);
    const sparse = layoutSource([image]);
    sparse.contents.delete(image.layers[0]?.descriptor.digest ?? '');
    const { result } = await push(sparse, rootOf(image), service);
    expect(result.tags).toEqual([{ imageTag: '1.0', status: 'unchanged' }]);
  });

  test('is an error otherwise, before a byte is sent', async () => {
    const image = await makeImage({ seed: 11, layers: [{}, {}] });
    const sparse = layoutSource([image]);
    const digest = image.layers[1]?.descriptor.digest ?? '';
    sparse.contents.delete(digest);
    const service = fakeService(1000);
    const error = await catchError(() => push(sparse, rootOf(image), service));
    expect(error.code).toBe('INVALID_INPUT');
    expect(error.message).toContain(digest);
    expect(service.log).toEqual(['check 3']);
  });
});

describe('a dry run', () => {
  test('reads what it would send, and sends nothing', async () => {
    const image = await makeImage({ seed: 12, layers: [{}, {}] });
    const source = layoutSource([image]);
    const service = fakeService(1000);
    const { result } = await push(source, rootOf(image), service, { dryRun: true });
    expect(service.log).toEqual(['check 3']);
    expect(result.layers.uploaded).toBe(3);
    expect(result.imageDigest).toBe(image.descriptor.digest);
    expect(new Set(source.reads).size).toBe(4);
  });

  test('reports how much it has read', async () => {
    const image = await makeImage({ seed: 14, layers: [{ size: 9 * 1024 * 1024, compression: 'none' }] });
    const source = layoutSource([image]);
    const { events } = await push(source, rootOf(image), fakeService(1000), { dryRun: true });
    const told = events.flatMap((event) => (event.kind === 'blob-progress' ? [event.acknowledgedBytes] : []));
    expect(told).toEqual([4 * 1024 * 1024, 8 * 1024 * 1024]);
  });

  test('finds a damaged layer', async () => {
    const image = await makeImage({ seed: 13, layers: [{}] });
    const source = layoutSource([image]);
    const digest = image.layers[0]?.descriptor.digest ?? '';
    const content = source.contents.get(digest) ?? Buffer.alloc(0);
    content.writeUInt8((content.at(20) ?? 0) ^ 1, 20);
    const error = await catchError(() => push(source, rootOf(image), fakeService(1000), { dryRun: true }));
    expect(error.code).toBe('INVALID_INPUT');
    expect(error.message).toContain(digest);
  });
});
