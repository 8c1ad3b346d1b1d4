import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { createGzipCompressor } from '../../../src/compress/gzip-compressor.ts';
import { ECR_PUBLIC_LIMITS } from '../../../src/ecr/limits.ts';
import type { CompressedLayer, DigestCache } from '../../../src/ends/compressor.ts';
import type { ArchiveImage } from '../../../src/ends/image-source.ts';
import type { PushEvent } from '../../../src/engine/events.ts';
import { planPush } from '../../../src/engine/plan/plan.ts';
import type { PlanOptions } from '../../../src/engine/plan/push-plan.ts';
import type { PushResult } from '../../../src/engine/result.ts';
import { digestOf } from '../../../src/oci/digest.ts';
import { parseManifest } from '../../../src/oci/manifest.ts';
import { catchError } from '../../support/catch-error.ts';
import { answerParts, type FakeService, fakeService } from '../../support/fake-service.ts';
import { makeImage, storeAsZstd } from '../../support/images.ts';
import { archiveSource, type MemorySource } from '../../support/memory-source.ts';
import { pushWith } from '../../support/push-with.ts';

const limits = ECR_PUBLIC_LIMITS;
const compressor = createGzipCompressor();
const image = await makeImage({ seed: 1, layers: [{ size: 9000 }, { size: 20 }, { duplicateOf: 0 }] });
const diffIds = image.layers.map((layer) => layer.diffId);

function memoryCache(): DigestCache & { readonly entries: Map<string, CompressedLayer> } {
  const entries = new Map<string, CompressedLayer>();
  return {
    entries,
    find: async (diffId, id) => entries.get(`${diffId} ${id}`),
    record: async (diffId, id, layer) => {
      entries.set(`${diffId} ${id}`, layer);
    },
  };
}

async function push(
  [source, archive]: [MemorySource, ArchiveImage],
  service: FakeService,
  options: Omit<PlanOptions, 'limits'> = { compressor },
) {
  const plan = await planPush(source, archive, { limits, ...options });
  return pushWith(plan, { service, tags: ['1.0'] });
}

/** The layers of the image that was put, as stored. */
function readStored(
  service: FakeService,
  { imageDigest, imageManifestMediaType = '' }: PushResult,
): Buffer[] {
  const manifest = parseManifest(service.images.get(imageDigest) ?? Buffer.alloc(0), imageManifestMediaType);
  if (manifest.kind !== 'image') throw new Error('not an image');
  expect(service.blobs.get(manifest.config.digest)).toEqual(image.config);
  return manifest.layers.map((layer) => {
    const bytes = service.blobs.get(layer.digest);
    expect(bytes?.length).toBe(layer.size);
    return bytes ?? Buffer.alloc(0);
  });
}

describe('layers that are uncompressed in the archive', () => {
  test.each([500, 4096, 100_000])('are compressed on the way, in parts of %i bytes', async (partSize) => {
    const service = fakeService(partSize);
    const result = await push(archiveSource(image), service);
    const layers = readStored(service, result);
    expect(layers.map((bytes) => digestOf(gunzipSync(bytes)))).toEqual(diffIds);
    expect(result.layers).toEqual({ total: 3, uploaded: 3, existing: 0, skipped: 0 });
    expect(service.blobs.size).toBe(3);
  });

  test('estimate meanwhile how long they become', async () => {
    const even = await makeImage({ seed: 2, layers: [{ size: 3_000_000 }] });
    const [source, archive] = archiveSource(even);
    const plan = await planPush(source, archive, { limits, compressor });
    const events: PushEvent[] = [];
    const service = fakeService(100_000);
    await pushWith(plan, { service, tags: ['1.0'], onEvent: (event) => events.push(event) });
    const id = even.layers[0]?.diffId;
    const told = events.filter((event) => event.kind === 'blob-progress' && event.id === id);
    const finished = events.find((event) => event.kind === 'blob-finished' && event.id === id);
    const bytes = finished?.kind === 'blob-finished' ? finished.bytes : 0;
    expect(told.length).toBeGreaterThan(10);
    for (const event of told) {
      // All of it is as hard to compress as any part; what the compressor holds back is missing at first.
      const { estimatedBytes = 0, acknowledgedBytes = 0 } = event.kind === 'blob-progress' ? event : {};
      expect(estimatedBytes).toBeLessThan(bytes * 1.01);
      expect(estimatedBytes).toBeGreaterThanOrEqual(Math.min(acknowledgedBytes, bytes * 0.1));
    }
    expect(told.at(-1)).toMatchObject({ acknowledgedBytes: bytes, estimatedBytes: bytes });
  });

  test('give the same image again, whatever the parts', async () => {
    const digests = await Promise.all(
      [700, 5000].map(
        async (partSize) => (await push(archiveSource(image), fakeService(partSize))).imageDigest,
      ),
    );
    expect(digests[0]).toBe(digests[1]);
  });

  test('are sent as they are without a compressor', async () => {
    const service = fakeService(4096);
    const result = await push(archiveSource(image), service, {});
    const layers = readStored(service, result);
    expect(layers.map((bytes) => digestOf(bytes))).toEqual(diffIds);
  });

  test('are neither read nor sent again when the cache knows them', async () => {
    const service = fakeService(4096);
    const digestCache = memoryCache();
    const first = await push(archiveSource(image), service, { compressor, digestCache });
    service.log.length = 0;
    const archive = archiveSource(image);
    const second = await push(archive, service, { compressor, digestCache });
    expect(archive[0].reads).toEqual([]);
    expect(second.imageDigest).toBe(first.imageDigest);
    expect(service.log).toEqual(['check 3', 'put 1.0']);
  });

  test('are compressed again when the cache lies', async () => {
    const digestCache = memoryCache();
    const service = fakeService(4096);
    for (const diffId of diffIds) {
      await digestCache.record(diffId, compressor.id, { digest: digestOf('a lie'), size: 5 });
    }
    const result = await push(archiveSource(image), service, { compressor, digestCache });
    const layers = readStored(service, result);
    expect(layers.map((bytes) => digestOf(gunzipSync(bytes)))).toEqual(diffIds);
    expect([...digestCache.entries.values()].map((entry) => entry.digest)).not.toContain(digestOf('a lie'));
  });

  test.each([0, 300, 1000])('are compressed again when the service goes to byte %i', async (nextByte) => {
    let calls = 0;
    const held = new Map<string, Buffer>();
    const service = fakeService(1000, (_truth, state) => ({
      uploadPart: async (uploadId, start, bytes) => {
        calls += 1;
        const before = held.get(uploadId) ?? Buffer.alloc(0);
        if (calls === 3) {
          held.set(uploadId, before.subarray(0, nextByte));
          return { kind: 'resync', nextByte: Math.min(nextByte, before.length) };
        }
        const kept = Buffer.concat([before.subarray(0, start), bytes]);
        held.set(uploadId, kept);
        return { kind: 'accepted', nextByte: kept.length };
      },
      completeUpload: async (uploadId, digest) => {
        const bytes = held.get(uploadId) ?? Buffer.alloc(0);
        if (digestOf(bytes) !== digest) return { kind: 'mismatch' };
        state.blobs.set(digest, Buffer.from(bytes));
        return { kind: 'stored' };
      },
    }));
    const [source, archive] = archiveSource(image);
    const plan = await planPush(source, archive, { limits, compressor });
    const result = await pushWith(plan, { service, tags: ['1.0'], concurrency: 1 });
    const layers = readStored(service, result);
    expect(layers.map((bytes) => digestOf(gunzipSync(bytes)))).toEqual(diffIds);
  });

  test('begin again when the upload vanishes', async () => {
    const service = fakeService(1000, (truth) => answerParts(truth, { 4: { kind: 'vanished' } }));
    const result = await push(archiveSource(image), service);
    const layers = readStored(service, result);
    expect(layers.map((bytes) => digestOf(gunzipSync(bytes)))).toEqual(diffIds);
  });

  test('that differ from the config are refused: the error names the entry and both digests', async () => {
    const [source, archive] = archiveSource(image);
    const wrong = Buffer.from(source.contents.get('0/layer.tar') ?? '');
    wrong.writeUInt8((wrong.at(600) ?? 0) ^ 1, 600);
    source.contents.set('0/layer.tar', wrong);
    const service = fakeService(1000);
    const error = await catchError(() => push([source, archive], service));
    expect(error.code).toBe('INVALID_INPUT');
    expect(error.message).toContain('0/layer.tar');
    expect(error.message).toContain(diffIds[0]);
    expect(error.message).toContain(digestOf(wrong));
    expect(service.tags.size).toBe(0);
  });
});

describe('layers that are gzipped in the archive', () => {
  /** The names of the layers state their digests. */
  const named = (): [MemorySource, ArchiveImage] => {
    const [source, archive] = archiveSource(image, true);
    const digests = image.layers.map(({ descriptor }) => descriptor.digest);
    const layers = archive.layers.map((layer, position) => ({ ...layer, named: digests[position] }));
    return [source, { ...archive, layers }];
  };

  test('are sent byte for byte, and their digest is computed on the way', async () => {
    const service = fakeService(1000);
    const result = await push(archiveSource(image, true), service);
    const layers = readStored(service, result);
    expect(layers).toEqual(image.layers.map((layer) => layer.bytes));
  });

  test('are not read again when the cache knows them', async () => {
    const service = fakeService(1000);
    const digestCache = memoryCache();
    await push(archiveSource(image, true), service, { compressor, digestCache });
    const archive = archiveSource(image, true);
    await push(archive, service, { compressor, digestCache });
    expect(archive[0].reads).toEqual([]);
  });

  test('are read instead of sent when the target has what their names state', async () => {
    const service = fakeService(1000);
    const first = await push(named(), service);
    service.log.length = 0;
    const digestCache = memoryCache();
    const second = await push(named(), service, { digestCache });
    expect(second).toMatchObject({ imageDigest: first.imageDigest, layers: { uploaded: 0, existing: 3 } });
    expect(service.log).toEqual(['check 3', 'put 1.0']);
    const third = named();
    await push(third, service, { digestCache });
    expect(third[0].reads).toEqual([]);
  });

  test('are sent when their names lie', async () => {
    const service = fakeService(1000);
    const other = Buffer.from('some other blob');
    service.blobs.set(digestOf(other), other);
    const [source, archive] = named();
    const layers = archive.layers.map((layer) => ({ ...layer, named: digestOf(other) }));
    const result = await push([source, { ...archive, layers }], service);
    expect(readStored(service, result)).toEqual(image.layers.map((layer) => layer.bytes));
    expect(result.layers).toMatchObject({ uploaded: 3 });
  });

  test('are refused when they decompress to something else, or not at all', async () => {
    const [source, archive] = archiveSource(image, true);
    const other = image.layers[1]?.bytes ?? Buffer.alloc(0);
    source.contents.set('0/layer.tar', other);
    const error = await catchError(() => push([source, archive], fakeService(1000)));
    expect(error.code).toBe('INVALID_INPUT');
    expect(error.message).toContain(diffIds[0]);
    expect(error.message).toContain(diffIds[1]);

    const [torn, tornArchive] = archiveSource(image, true);
    torn.contents.set('0/layer.tar', (torn.contents.get('0/layer.tar') ?? Buffer.alloc(0)).subarray(0, 4000));
    const tornError = await catchError(() => push([torn, tornArchive], fakeService(1000)));
    expect(tornError.code).toBe('INVALID_INPUT');
    expect(tornError.message).toMatch(/layer 0\/layer\.tar .*unexpected end of file/);
  });
});

describe('layers that are zstd in the archive', () => {
  function zstdArchive(): [MemorySource, ArchiveImage] {
    const [source, archive] = archiveSource(image);
    const layers = archive.layers.map((layer) => {
      const tar = layer.ref.kind === 'entry' ? source.contents.get(layer.ref.name) : undefined;
      const bytes = storeAsZstd(tar ?? Buffer.alloc(0));
      if (layer.ref.kind === 'entry') source.contents.set(`${layer.diffId}.zst`, bytes);
      const ref = { kind: 'entry', name: `${layer.diffId}.zst`, size: bytes.length } as const;
      return { ...layer, ref, compression: 'zstd' as const };
    });
    return [source, { ...archive, layers }];
  }

  test('make an OCI manifest, because the format of docker has no type for them', async () => {
    const service = fakeService(4096);
    const result = await push(zstdArchive(), service);
    expect(result.imageManifestMediaType).toBe('application/vnd.oci.image.manifest.v1+json');
    const error = await catchError(() => push(zstdArchive(), service, { format: 'docker' }));
    expect(error).toMatchObject({ code: 'USAGE', hint: expect.stringContaining('--format oci') });
  });
});
