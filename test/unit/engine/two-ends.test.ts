import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createGzipCompressor } from '../../../src/compress/gzip-compressor.ts';
import type { DigestCache } from '../../../src/ends/compressor.ts';
import type { ImageSource, ListedImage } from '../../../src/ends/image-source.ts';
import type { ImageTarget } from '../../../src/ends/image-target.ts';
import { planPush } from '../../../src/engine/plan/plan.ts';
import { pushImage, type WantedImage } from '../../../src/engine/push-image.ts';
import { addRemoteCache } from '../../../src/engine/remote-cache.ts';
import { Uploader } from '../../../src/engine/uploader.ts';
import { digestOf } from '../../../src/oci/digest.ts';
import { verifyImage } from '../../../src/registry/verify-image.ts';
import { openSource } from '../../../src/source/open-source.ts';
import { catchError } from '../../support/catch-error.ts';
import { fakeService } from '../../support/fake-service.ts';
import { writeOciLayout } from '../../support/image-writers.ts';
import { makeImage, makeIndex } from '../../support/images.ts';
import { layoutTarget } from '../../support/layout-target.ts';
import { archiveSource, layoutSource } from '../../support/memory-source.ts';
import { makeTarget } from '../../support/push-with.ts';
import { useTemporaryDirectories } from '../../support/temporary-directory.ts';

// One suite for all pairs of sources and targets: the engine knows neither.

const makeDirectory = useTemporaryDirectories();
const { signal } = new AbortController();
const compressor = createGzipCompressor({ level: 1 });
const image = await makeImage({ seed: 41, layers: [{ size: 300_000 }, { size: 20 }, { duplicateOf: 0 }] });
const arm = await makeImage({
  seed: 42,
  layers: [{ size: 5_000 }],
  platform: { os: 'linux', architecture: 'arm64' },
});
const index = makeIndex([image, arm]);

interface OpenedImage {
  readonly source: ImageSource;
  readonly listed: ListedImage;
}

const SOURCES: Readonly<Record<string, () => Promise<OpenedImage>>> = {
  'an index in memory': async () => ({
    source: layoutSource([index]),
    listed: { kind: 'manifest', names: [], root: index.descriptor },
  }),
  'a docker-archive in memory': async () => {
    const [source, listed] = archiveSource(image);
    return { source, listed };
  },
  'an OCI layout on disk': async () => {
    const directory = join(await makeDirectory(), 'layout');
    await writeOciLayout(directory, [image]);
    const source = await openSource(directory, { temporaryDirectory: directory });
    const [listed] = source.images;
    if (listed === undefined) throw new Error('no image');
    return { source, listed };
  },
};

/** The parts are small, so that a layer has many. A service that cannot be read back only takes part where nothing is read. */
const TARGETS: Readonly<Record<string, () => Promise<ImageTarget>>> = {
  'ECR Public': async () => {
    const service = fakeService(10_000);
    return makeTarget({ service, locateTag: async (tag) => service.tags.get(tag) });
  },
  'an OCI layout': async () => layoutTarget(await makeDirectory()),
};

const PAIRS = Object.keys(SOURCES).flatMap((from) => Object.keys(TARGETS).map((to) => [from, to] as const));

async function open(from: string, to: string): Promise<OpenedImage & { readonly target: ImageTarget }> {
  const [opened, target] = await Promise.all([SOURCES[from]?.(), TARGETS[to]?.()]);
  if (opened === undefined || target === undefined) throw new Error('no such end');
  return { ...opened, target };
}

async function push(
  { source, listed }: OpenedImage,
  target: ImageTarget,
  wanted: Partial<WantedImage> = {},
  given: { readonly dryRun?: boolean; readonly digestCache?: DigestCache } = {},
) {
  const { dryRun = false, digestCache } = given;
  const plan = await planPush(source, listed, { limits: target.limits, compressor, digestCache });
  const settings = { target, concurrency: 3, uploads: undefined, dryRun, onEvent: () => undefined };
  return pushImage(plan, new Uploader(settings), { tags: ['1.0'], ifExists: 'overwrite', ...wanted }, signal);
}

describe.each(PAIRS)('from %s to %s', (from, to) => {
  it('everything arrives, and the second time everything is there', async () => {
    const { target, ...opened } = await open(from, to);
    const first = await push(opened, target, { tags: ['1.0', 'latest'] });
    expect(first.layers.uploaded).toBe(first.layers.total);
    expect(await target.locateTag('latest', signal)).toBe(first.imageDigest);
    const again = await push(opened, target, { tags: ['1.0', 'latest'] });
    expect(again.imageDigest).toBe(first.imageDigest);
    expect(again.tags.map(({ status }) => status)).toEqual(['unchanged', 'unchanged']);
    await opened.source.close();
  });

  it('a dry run finds the same digest and stores nothing', async () => {
    const { target, ...opened } = await open(from, to);
    const planned = await push(opened, target, {}, { dryRun: true });
    const pushed = await push(opened, target);
    expect(pushed.imageDigest).toBe(planned.imageDigest);
    expect(pushed.layers.uploaded).toBe(pushed.layers.total);
    await opened.source.close();
  });

  it('a tag on another image is kept or refused, as asked', async () => {
    const { target, ...opened } = await open(from, to);
    const { imageDigest } = await push(opened, target);
    const other = {
      source: layoutSource([arm]),
      listed: { kind: 'manifest', names: [], root: arm.descriptor },
    } as const;
    const kept = await push(other, target, { ifExists: 'skip' });
    expect(kept).toMatchObject({ imageDigest, tags: [{ imageTag: '1.0', imageDigest }] });
    const error = await catchError(() => push(other, target, { ifExists: 'fail' }));
    expect(error.code).toBe('CONFLICT');
    expect(await target.locateTag('1.0', signal)).toBe(imageDigest);
    await opened.source.close();
  });
});

describe('an OCI layout as a target', () => {
  it('gives back what was put, verified, and is a source again', async () => {
    const { target, source, listed } = await open('an index in memory', 'an OCI layout');
    const { imageDigest, imageManifestMediaType: mediaType = '' } = await push({ source, listed }, target);
    const reader = await target.openReader('anonymous', signal);
    if (reader === undefined) throw new Error('no reader');
    const verified = await verifyImage(
      reader,
      { tags: ['1.0'], digest: imageDigest, mediaType },
      { concurrency: 2, signal },
    );
    expect(verified).toMatchObject({ manifests: 3, blobs: 5 });
    const opened = await openSource(reader.name, { temporaryDirectory: reader.name });
    expect(opened.images).toMatchObject([{ names: ['1.0'], root: { digest: imageDigest } }]);
    await opened.close();
  });

  it('is a remote cache: layers that it has compressed are not compressed again', async () => {
    const target = layoutTarget(await makeDirectory());
    const [source, listed] = archiveSource(image);
    const first = await push({ source, listed }, target);
    const digestCache = addRemoteCache(
      { find: async () => undefined, record: async () => undefined },
      {
        target,
        repositoryName: 'layout',
        compressor,
        tags: ['1.0'],
        platform: undefined,
        timeoutMs: 60_000,
        report: () => undefined,
        signal,
      },
    );
    source.reads.length = 0;
    const second = await push({ source, listed }, target, {}, { digestCache });
    expect(second.imageDigest).toBe(first.imageDigest);
    expect(source.reads).toEqual([]);
  });

  it('refuses a blob whose bytes have another digest, and keeps none of its bytes', async () => {
    const directory = await makeDirectory();
    const target = layoutTarget(directory);
    const source = layoutSource([arm]);
    const digest = arm.layers[0]?.descriptor.digest ?? digestOf('');
    const content = source.contents.get(digest) ?? Buffer.alloc(0);
    content.writeUInt8((content.at(9) ?? 0) ^ 1, 9);
    const listed = { kind: 'manifest', names: [], root: arm.descriptor } as const;
    mkdirSync(directory, { recursive: true });
    const error = await catchError(() => push({ source, listed }, target));
    expect(error.code).toBe('INVALID_INPUT');
    expect(await target.findAvailable([digest], signal)).toEqual(new Set());
  });
});
