import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { RetryBudget } from '../../../src/net/retry-budget.ts';
import { digestOf } from '../../../src/oci/digest.ts';
import { createRegistryReader } from '../../../src/registry/registry-reader.ts';
import type { VerifyEvent } from '../../../src/registry/verify-events.ts';
import { verifyImage } from '../../../src/registry/verify-image.ts';
import { catchError } from '../../support/catch-error.ts';
import { directConnections } from '../../support/connections.ts';
import { makeImage, makeIndex, makeRandomBytes } from '../../support/images.ts';
import { makeSkippingClock } from '../../support/skipping-clock.ts';
import {
  compressBlobs,
  type FakeRegistry,
  REPOSITORY,
  startFakeRegistry,
  storeImage,
} from './fake-registry.ts';

const image = await makeImage({ seed: 1, layers: [{ size: 200_000 }, {}] });
const other = await makeImage({
  seed: 2,
  layers: [{}],
  platform: { os: 'linux', architecture: 'arm64' },
});
const index = makeIndex([image, other]);
const layer = image.layers[0]?.descriptor.digest ?? '';
const layerBytes = image.layers[0]?.bytes ?? Buffer.alloc(0);
const flipped = Buffer.from(layerBytes);
flipped.writeUInt8((flipped.at(100) ?? 0) ^ 1, 100);

let registry: FakeRegistry;
beforeEach(async () => {
  registry = await startFakeRegistry();
  storeImage(registry, index, '1.0', 'latest');
});
afterEach(() => registry.close());

const signal = new AbortController().signal;

function verify(
  tags: readonly string[] = ['1.0', 'latest'],
  authorize?: () => Promise<string>,
  waitsMs: readonly number[] = [0, 0],
) {
  const reader = createRegistryReader(
    directConnections,
    { registryHost: registry.host, ...REPOSITORY },
    { authorize },
  );
  const { digest, mediaType } = index.descriptor;
  const budget = new RetryBudget({ givenMs: 60_000, clock: makeSkippingClock() });
  return verifyImage(reader, { tags, digest, mediaType }, { concurrency: 3, signal, waitsMs, budget });
}

describe('an intact image', () => {
  test('reports events while it is read', async () => {
    const large = await makeImage({ seed: 3, layers: [{ size: 9 * 1024 * 1024 }, {}] });
    storeImage(registry, large, 'large');
    const reader = createRegistryReader(directConnections, { registryHost: registry.host, ...REPOSITORY });
    const events: VerifyEvent[] = [];
    const { blobs, bytes } = await verifyImage(
      reader,
      { tags: ['large'], ...large.descriptor },
      { concurrency: 2, signal, onEvent: (event) => events.push(event) },
    );
    expect(events[0]).toEqual({ kind: 'verify-started', blobs, bytes });
    const done = events.filter((event) => event.kind === 'blob-verified');
    expect(done.reduce((sum, event) => sum + event.bytes, 0)).toBe(bytes);
    expect(done).toHaveLength(blobs);
    const digest = large.layers[0]?.descriptor.digest;
    const told = events.flatMap((event) => (event.kind === 'verify-progress' ? [event] : []));
    expect(told.map((event) => event.digest)).toEqual([digest, digest]);
    expect(told.map(({ readBytes }) => Math.floor(readBytes / (4 * 1024 * 1024)))).toEqual([1, 2]);
  });

  test('is read back whole: tags, index, manifests, every blob once', async () => {
    const blobs = [...registry.blobs.values()];
    expect(await verify()).toEqual({
      manifests: 3,
      blobs: blobs.length,
      bytes: blobs.reduce((sum, { length }) => sum + length, 0),
    });
    // One token serves all requests, and redirects get none.
    expect(registry.seen.filter((line) => line.includes('/token/'))).toHaveLength(1);
    const downloads = registry.seen.filter((line) => line.startsWith('GET /sha256:'));
    expect(downloads).toHaveLength(blobs.length);
    for (const line of downloads) expect(line).toMatch(/ -$/);
  });

  test('is read back where a server compresses blobs on their way, as those who pull it decode them', async () => {
    registry.intercept = compressBlobs(registry);
    expect(await verify(['1.0'])).toMatchObject({ manifests: 3, blobs: registry.blobs.size });
    expect(registry.seen.filter((line) => line.startsWith('GET /sha256:'))).toEqual([]);
  });

  test('is read with credentials where anonymous requests are refused', async () => {
    registry.intercept = ({ headers, url }, response) => {
      if (headers.authorization !== 'Bearer anyone' || url?.includes('/manifests/')) return false;
      response.writeHead(429).end('Data limit exceeded');
      return true;
    };
    const error = await catchError(() => verify());
    expect(error).toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringContaining('returned HTTP 429'),
    });
    expect(await verify(['1.0'], async () => 'own')).toMatchObject({ manifests: 3 });
  });

  test('is read after its token expired, which the registry answers with 400', async () => {
    let refused = 0;
    registry.intercept = ({ headers, url }, response) => {
      if (headers.authorization === undefined || !url?.includes(layer) || refused > 0) return false;
      refused += 1;
      response.writeHead(400).end('Your Authorization Token is invalid.');
      return true;
    };
    expect(await verify([], undefined, [])).toMatchObject({ manifests: 3 });
    expect(refused).toBe(1);
  });

  test('may have foreign layers that are served elsewhere', async () => {
    const foreign = { ...image.layers[1]?.descriptor, urls: ['https://example.com/layer'] };
    const manifest = JSON.parse(image.manifest.toString());
    const bytes = Buffer.from(JSON.stringify({ ...manifest, layers: [manifest.layers[0], foreign] }));
    const { mediaType } = image.descriptor;
    registry.manifests.set(digestOf(bytes), { bytes, mediaType });
    registry.blobs.delete(image.layers[1]?.descriptor.digest ?? '');
    const reader = createRegistryReader(directConnections, { registryHost: registry.host, ...REPOSITORY });
    const given = { tags: [], digest: digestOf(bytes), mediaType };
    const options = { concurrency: 1, signal, waitsMs: [] };
    expect(await verifyImage(reader, given, options)).toMatchObject({ manifests: 1, blobs: 2 });
  });

  test('is read again when the network fails', async () => {
    let failures = 2;
    registry.intercept = ({ url }, response) => {
      if (!url?.includes('/blobs/') || failures === 0) return false;
      failures -= 1;
      if (failures === 1) response.destroy();
      else response.writeHead(503).end();
      return true;
    };
    expect(await verify()).toMatchObject({ manifests: 3 });
  });
});

describe('a damaged image', () => {
  test.each<[string, () => void, string]>([
    ['a layer has a wrong bit', () => registry.blobs.set(layer, flipped), digestOf(flipped)],
    [
      'a layer is cut short',
      () => registry.blobs.set(layer, layerBytes.subarray(0, 5000)),
      `5000 of ${layerBytes.length} bytes`,
    ],
    [
      'a layer is longer',
      () => registry.blobs.set(layer, Buffer.concat([layerBytes, makeRandomBytes(1, 9)])),
      'longer than',
    ],
    ['a layer is missing', () => registry.blobs.delete(layer), 'is not there'],
    [
      'a config is another',
      () => registry.blobs.set(digestOf(other.config), image.config),
      digestOf(other.config),
    ],
    [
      'a manifest is another',
      () =>
        registry.manifests.set(other.descriptor.digest, {
          bytes: image.manifest,
          mediaType: image.descriptor.mediaType,
        }),
      other.descriptor.digest,
    ],
    [
      'a manifest is missing',
      () => registry.manifests.delete(other.descriptor.digest),
      other.descriptor.digest,
    ],
    ['a tag is missing', () => registry.manifests.delete('latest'), 'the tag latest is not there'],
    [
      'a tag is on another image',
      () => registry.manifests.set('latest', { bytes: image.manifest, mediaType: '' }),
      `the tag latest points to ${image.descriptor.digest}`,
    ],
  ])('%s: the error names it', async (_what, damage, named) => {
    damage();
    const error = await catchError(() => verify());
    expect(error.code).toBe('UNAVAILABLE');
    expect(error.message).toContain(named);
    expect(error.message).toContain(`${registry.host}/a1b2c3d4/team/app: the `);
  });

  test('a registry that falls silent in the middle of a blob is an error with that reason', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    let isSilent = false;
    registry.intercept = ({ url, headers }, response) => {
      if (headers.authorization === undefined || !url?.includes(layer)) return false;
      response.writeHead(200, { 'content-length': layerBytes.length });
      response.write(layerBytes.subarray(0, 100));
      isSilent = true;
      return true;
    };
    const reader = createRegistryReader(directConnections, { registryHost: registry.host, ...REPOSITORY });
    const { digest, mediaType } = image.descriptor;
    const budget = new RetryBudget({ givenMs: 500, clock: makeSkippingClock() });
    const options = { concurrency: 1, signal, silentMs: 100, budget };
    let isDone = false;
    const failed = catchError(() => verifyImage(reader, { tags: [], digest, mediaType }, options));
    void failed.finally(() => {
      isDone = true;
    });
    // Time passes only in the middle of the blob, which is read again and again.
    while (!isDone) {
      await turn();
      if (isSilent) await vi.advanceTimersByTimeAsync(100);
    }
    const error = await failed;
    expect(error.code).toBe('UNAVAILABLE');
    expect(error.message).toMatch(
      new RegExp(`the blob ${layer} cannot be read back: nothing came for 0(\\.1)? s`),
    );
  });

  test('a host where nothing listens is an error with that reason', async () => {
    registry.close();
    const error = await catchError(() => verify());
    expect(error.code).toBe('UNAVAILABLE');
    expect(error.message).toMatch(/the tag 1\.0 cannot be read back: .*ECONNREFUSED/);
  });
});

test('an interruption ends it with its own reason', async () => {
  const controller = new AbortController();
  registry.intercept = () => {
    controller.abort(new Error('by you'));
    return true;
  };
  const reader = createRegistryReader(directConnections, { registryHost: registry.host, ...REPOSITORY });
  const given = { tags: ['1.0'], digest: index.descriptor.digest, mediaType: index.descriptor.mediaType };
  await expect(verifyImage(reader, given, { concurrency: 1, signal: controller.signal })).rejects.toThrow(
    'by you',
  );
});
