import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openDigestCache } from '../../../src/compress/digest-cache.ts';
import { digestOf } from '../../../src/oci/digest.ts';

const diffId = digestOf('layer');
const compressorId = 'gzip-5-v1';
const layer = { digest: digestOf('compressed'), size: 1234 };

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'ecrp-cache-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

async function listFiles(): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

describe('openDigestCache', () => {
  it('finds a record by diff ID and compressor', async () => {
    await openDigestCache(join(directory, 'made', 'on', 'demand')).record(diffId, compressorId, layer);
    const cache = openDigestCache(join(directory, 'made', 'on', 'demand'));
    expect(await cache.find(diffId, compressorId)).toEqual(layer);
    expect(await cache.find(diffId, 'gzip-6-v1')).toBeUndefined();
    expect(await cache.find(digestOf('other layer'), compressorId)).toBeUndefined();
  });

  it('keeps the last of many records of one layer, whole, and no temporary files', async () => {
    const cache = openDigestCache(directory);
    await Promise.all(Array.from({ length: 30 }, () => cache.record(diffId, compressorId, layer)));
    await cache.record(diffId, compressorId, { ...layer, size: 99 });
    expect(await cache.find(diffId, compressorId)).toEqual({ ...layer, size: 99 });
    expect(await listFiles()).toHaveLength(1);
  });

  it('ignores a damaged file and replaces it', async () => {
    const cache = openDigestCache(directory);
    await cache.record(diffId, compressorId, layer);
    const [path = ''] = await listFiles();
    const text = await readFile(path, 'utf8');
    const damages = ['', '{', 'null', '[]', '{}', text.slice(0, -10), text.replace('1234', '1235')];
    for (let at = 0; at < text.length - 2; at += 7) {
      damages.push(`${text.slice(0, at)}${text[at] === '0' ? '1' : '0'}${text.slice(at + 1)}`);
    }
    for (const damaged of damages) {
      await writeFile(path, damaged);
      const found = await cache.find(diffId, compressorId);
      // Damage to the name of an unused member leaves the entry valid.
      expect(found === undefined || JSON.stringify(found) === JSON.stringify(layer), damaged).toBe(true);
      if (/1235|^.{0,4}$/s.test(damaged)) expect(found).toBeUndefined();
    }
    await cache.record(diffId, compressorId, layer);
    expect(await cache.find(diffId, compressorId)).toEqual(layer);
  });

  it('finds nothing and does not throw if the directory is unusable', async () => {
    const file = join(directory, 'file');
    await writeFile(file, 'in the way');
    const cache = openDigestCache(join(file, 'cache'));
    await expect(cache.record(diffId, compressorId, layer)).resolves.toBeUndefined();
    await expect(cache.find(diffId, compressorId)).resolves.toBeUndefined();
  });

  it('stays inside its directory for any name of a compressor', async () => {
    const inner = join(directory, 'cache');
    await openDigestCache(inner).record(diffId, '../../../escape', layer);
    for (const path of await listFiles()) expect(path.startsWith(inner)).toBe(true);
  });
});
