import { describe, expect, test } from 'vitest';
import { type Digest, digestOf } from '../../../../src/oci/digest.ts';
import { ManifestCache } from '../../../../src/registry/source/manifest-cache.ts';
import { type MemoryRemote, memoryRemote } from '../../../support/memory-remote.ts';

const MIB = 1024 * 1024;
const { signal } = new AbortController();

function addMany(remote: MemoryRemote, count: number, size: number): readonly Digest[] {
  return Array.from({ length: count }, (_, position) => {
    return remote.addManifest(Buffer.alloc(size, position + 1), 'application/json').digest;
  });
}

describe('the manifests of a repository', () => {
  test('are read once, also when several ask at the same time', async () => {
    const remote = memoryRemote();
    const [digest = digestOf('')] = addMany(remote, 1, 10);
    const cache = new ManifestCache(remote, signal);
    const [one, two] = await Promise.all([cache.find(digest), cache.require(digest)]);
    expect(one).toBe(two);
    expect(await cache.find(digest)).toBe(one);
    expect(remote.asked).toEqual([`GET ${digest}`]);
  });

  test('are read ahead, a few at a time, and each once', async () => {
    const remote = memoryRemote();
    const digests = addMany(remote, 30, 10);
    const cache = new ManifestCache(remote, signal);
    cache.expect(digests);
    expect(remote.asked).toHaveLength(8);
    for (const [position, digest] of digests.entries()) {
      await cache.find(digest);
      expect(remote.asked.length).toBeLessThanOrEqual(position + 9);
    }
    expect(remote.asked).toEqual(digests.map((digest) => `GET ${digest}`));
  });

  test('are kept up to a number of bytes; the one used longest ago is read again', async () => {
    const remote = memoryRemote();
    const digests = addMany(remote, 12, 3 * MIB);
    const cache = new ManifestCache(remote, signal);
    for (const digest of digests) await cache.find(digest);
    const before = remote.asked.length;
    await cache.find(digests[11] ?? digestOf(''));
    expect(remote.asked).toHaveLength(before);
    await cache.find(digests[0] ?? digestOf(''));
    expect(remote.asked.slice(before)).toEqual([`GET ${digests[0]}`]);
  });

  test('that cannot be read, or are not there, are asked for again', async () => {
    const remote = memoryRemote();
    const bytes = Buffer.from('{}');
    const digest = digestOf(bytes);
    const cache = new ManifestCache(remote, signal);
    cache.expect([digest]);
    expect(await cache.find(digest)).toBeUndefined();
    await expect(cache.require(digest)).rejects.toThrow(
      `registry.example/app: the manifest ${digest} does not exist`,
    );
    remote.addManifest(bytes, 'application/json');
    expect(await cache.find(digest)).toMatchObject({ digest });
  });

  test('are no longer read when the cache is closed', async () => {
    const remote = memoryRemote();
    const digests = addMany(remote, 20, 10);
    const cache = new ManifestCache(remote, signal);
    cache.expect(digests);
    cache.close();
    await expect(cache.find(digests[0] ?? digestOf(''))).rejects.toMatchObject({ name: 'AbortError' });
    expect(remote.asked.length).toBeLessThan(20);
  });
});
