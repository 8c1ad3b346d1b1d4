import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Digest, digestOf } from '../../../../src/oci/digest.ts';
import { ForwardReader } from '../../../../src/source/arriving/forward-reader.ts';
import { KeptFile } from '../../../../src/source/arriving/kept-file.ts';
import { LegacyLayers } from '../../../../src/source/arriving/legacy-layers.ts';
import { openSource } from '../../../../src/source/open-source.ts';
import { readImageEntries } from '../../../../src/source/tar/tar-entries.ts';

// Written by `docker save` of Docker 20.10.
const saved = join(import.meta.dirname, '../../../../fixtures/archives/docker-20.10-one.tar');

function openReader(path: string, chunks: AsyncIterable<Buffer>): ForwardReader {
  return new ForwardReader(
    path,
    chunks,
    new KeptFile(path, { temporaryDirectory: tmpdir(), maxSpoolBytes: 0 }),
  );
}

async function readDiffIds(): Promise<readonly Digest[]> {
  const source = await openSource(saved, { temporaryDirectory: tmpdir() });
  const [image] = source.images;
  await source.close();
  if (image?.kind !== 'archive') throw new Error('it has no image');
  return image.layers.map(({ diffId }) => diffId);
}

/** Compares what is found for each layer before its bytes are read with their digest. */
async function compareLayers(diffIds: readonly Digest[]) {
  const legacy = new LegacyLayers(diffIds);
  const reader = openReader(saved, createReadStream(saved));
  const compared: { found: Digest | undefined; digest: Digest }[] = [];
  for await (const entry of readImageEntries(reader)) {
    if (entry.kind !== 'file') continue;
    await legacy.note(entry, reader);
    if (!entry.name.endsWith('/layer.tar')) continue;
    const found = legacy.find(entry.name);
    const hash = createHash('sha256');
    const end = entry.start + entry.storedBytes;
    while (reader.position < end) hash.update((await reader.take(end - reader.position)) ?? '');
    compared.push({ found, digest: `sha256:${hash.digest('hex')}` });
  }
  return compared;
}

/** Notes one file `json` of a folder, and returns what is found for the folder's layer. */
async function note(folder: string, json: string, diffIds: readonly Digest[]): Promise<Digest | undefined> {
  const legacy = new LegacyLayers(diffIds);
  const bytes = Buffer.from(json);
  const reader = openReader(
    'any',
    (async function* () {
      yield bytes;
    })(),
  );
  await legacy.note({ name: `${folder}/json`, size: bytes.length }, reader);
  return legacy.find(`${folder}/layer.tar`);
}

describe('LegacyLayers', () => {
  it('finds the diff ID of each layer before it arrives', async () => {
    const compared = await compareLayers(await readDiffIds());
    expect(compared).toHaveLength(4);
    for (const { found, digest } of compared) expect(found).toBe(digest);
  });

  it('finds nothing with the diff IDs of another image', async () => {
    const [first, ...others] = await readDiffIds();
    for (const diffIds of [[], [digestOf('other'), ...others], [...others, first ?? digestOf('')]]) {
      const compared = await compareLayers(diffIds);
      expect(compared.filter(({ found, digest }) => found !== undefined && found !== digest)).toEqual([]);
    }
  });

  it('knows the escapes that JSON of Go has', async () => {
    const diffId = digestOf('layer');
    const hashed = `{"comment":"a \\u0026\\u0026 \\u003cb\\u003e","layer_id":"${diffId}"}`;
    const folder = digestOf(hashed).slice('sha256:'.length);
    const json = JSON.stringify({ id: folder, comment: 'a && <b>' });
    expect(await note(folder, json, [diffId])).toBe(diffId);
  });

  it.each([
    ['no JSON', '{"id":'],
    ['a list', '[]'],
    ['deep JSON', '['.repeat(200)],
    ['a long file', `"${'x'.repeat(64 * 1024)}"`],
  ])('finds nothing in %s', async (_, json) => {
    expect(await note('a'.repeat(64), json, [digestOf('layer')])).toBeUndefined();
  });

  it('tries no more folders than the image has layers', async () => {
    const diffId = digestOf('layer');
    const folder = digestOf(`{"layer_id":"${diffId}"}`).slice('sha256:'.length);
    const legacy = new LegacyLayers([diffId]);
    const bytes = Buffer.from('{}');
    const reader = openReader(
      'any',
      (async function* () {
        yield bytes;
      })(),
    );
    await legacy.note({ name: `${'b'.repeat(64)}/json`, size: 2 }, reader);
    await legacy.note({ name: `${folder}/json`, size: 2 }, reader);
    expect(legacy.find(`${folder}/layer.tar`)).toBeUndefined();
  });
});
