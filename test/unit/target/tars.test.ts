import { createReadStream, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { extract } from 'tar-stream';
import { describe, expect, it } from 'vitest';
import { canDecode } from '../../../src/compress/decoder.ts';
import { keepDirectory } from '../../../src/files/kept-directory.ts';
import { checkOutputFile } from '../../../src/files/output-file.ts';
import { type Digest, digestOf } from '../../../src/oci/digest.ts';
import { openSource } from '../../../src/source/open-source.ts';
import { type ArchivedImage, DockerArchive } from '../../../src/target/docker-archive.ts';
import { openLayoutTar } from '../../../src/target/layout-tar.ts';
import { openTarFile, openTarStream, type TarPlace } from '../../../src/target/tar-place.ts';
import { catchError } from '../../support/catch-error.ts';
import { type GeneratedImage, makeImage, makeIndex } from '../../support/images.ts';
import { layoutSource, type MemorySource } from '../../support/memory-source.ts';
import { pullWith } from '../../support/pull-with.ts';
import { useTemporaryDirectories } from '../../support/temporary-directory.ts';

const makeDirectory = useTemporaryDirectories();
const { signal } = new AbortController();
const image = await makeImage({
  seed: 73,
  layers: [
    { size: 2_500_000 },
    { size: 20, compression: 'none' },
    { duplicateOf: 0 },
    { size: 700, compression: 'gzip' },
  ],
});
const index = makeIndex([image, await makeImage({ seed: 74, layers: [{}] })]);
const name = { imageTag: '1.0', fullName: 'registry.example/app:1.0' };

function describeArchived(from: GeneratedImage): ArchivedImage {
  const layers = from.layers.map(({ descriptor, diffId }) => ({ ...descriptor, diffId }));
  const configDigest = digestOf(from.config);
  return { config: from.config, configDigest, layers, names: [name.fullName] };
}

/** Pulls into a docker-archive. Returns where unfinished work is kept. */
async function archiveInto(
  place: TarPlace,
  from = image,
  source: MemorySource = layoutSource([from]),
): Promise<string | undefined> {
  const target = new DockerArchive(place, describeArchived(from), signal);
  try {
    await pullWith(source, from.descriptor, target, { tag: '1.0' });
  } finally {
    await target.close();
  }
  return place.close();
}

async function readTar(path: string): Promise<Map<string, Buffer>> {
  const entries = new Map<string, Buffer>();
  const reader = createReadStream(path).pipe(extract());
  for await (const entry of reader) {
    const chunks: Buffer[] = [];
    for await (const chunk of entry) chunks.push(Buffer.from(chunk as Uint8Array));
    entries.set(entry.header.name, Buffer.concat(chunks));
  }
  return entries;
}

function checkArchive(entries: ReadonlyMap<string, Buffer>, from = image): void {
  const configName = `${digestOf(from.config).slice(7)}.json`;
  const layerNames = from.layers.map(({ diffId }) => `${diffId.slice(7)}/layer.tar`);
  expect(JSON.parse(String(entries.get('manifest.json')))).toEqual([
    { Config: configName, RepoTags: [name.fullName], Layers: layerNames },
  ]);
  expect(entries.get(configName)).toEqual(from.config);
  for (const { tar, diffId } of from.layers) {
    expect(entries.get(`${diffId.slice(7)}/layer.tar`)?.equals(tar)).toBe(true);
  }
  expect([...entries.keys()].toSorted()).toEqual(
    [configName, 'manifest.json', ...new Set(layerNames)].toSorted(),
  );
}

/** A source of the same image whose layer has these bytes. */
function falsify(layer: number, change: (bytes: Buffer) => Buffer): MemorySource {
  const source = layoutSource([image]);
  const digest = image.layers[layer]?.descriptor.digest ?? '';
  source.contents.set(digest, change(source.contents.get(digest) ?? Buffer.alloc(0)));
  return source;
}

describe('an OCI layout in a tar', () => {
  it('holds an index with all that is below it, and the same input makes the same tar', async () => {
    const directory = await makeDirectory();
    const tars: Buffer[] = [];
    for (const file of ['a.tar', 'b.tar']) {
      const place = await openTarFile(await checkOutputFile(join(directory, file)));
      const target = openLayoutTar(place, { root: index.descriptor.digest, name });
      await pullWith(layoutSource([index]), index.descriptor, target, { tag: '1.0' });
      expect(await place.close()).toBeUndefined();
      tars.push(readFileSync(join(directory, file)));
    }
    expect(readdirSync(directory).sort()).toEqual(['a.tar', 'b.tar']);
    expect(tars[0]?.equals(tars[1] ?? Buffer.alloc(0))).toBe(true);
    const source = await openSource(join(directory, 'a.tar'), { temporaryDirectory: directory });
    expect(source.format).toBe('oci-layout');
    expect(source.images).toMatchObject([
      { names: [name.fullName], root: { digest: index.descriptor.digest, size: index.manifest.length } },
    ]);
    for (const { descriptor, bytes } of image.layers) {
      const chunks: Buffer[] = [];
      for await (const chunk of source.open({ kind: 'digest', ...descriptor }, 0)) chunks.push(chunk);
      expect(Buffer.concat(chunks).equals(bytes)).toBe(true);
    }
    await source.close();
  });
});

describe('a docker-archive in a file', () => {
  it('has the layers unpacked, each once', async () => {
    const path = join(await makeDirectory(), 'image.tar');
    await writeFile(path, 'an older file');
    expect(await archiveInto(await openTarFile(await checkOutputFile(path)))).toBeUndefined();
    checkArchive(await readTar(path));
    expect(readdirSync(dirname(path))).toEqual(['image.tar']);
    const source = await openSource(path, { temporaryDirectory: dirname(path) });
    expect(source.images).toMatchObject([{ kind: 'archive', names: [name.fullName], config: image.config }]);
    await source.close();
  });

  it('has layers unpacked that are zstd, where Node can do that, and refuses them elsewhere', async () => {
    const packed = await makeImage({ seed: 75, layers: [{ size: 9_000, compression: 'zstd' }] });
    const path = join(await makeDirectory(), 'image.tar');
    const place = await openTarFile(await checkOutputFile(path));
    if (canDecode('zstd')) {
      await archiveInto(place, packed);
      checkArchive(await readTar(path), packed);
      return;
    }
    const error = await catchError(() => archiveInto(place, packed));
    expect(error).toMatchObject({ code: 'INVALID_INPUT', hint: expect.stringContaining('Node 22.15') });
    await place.close();
    expect(existsSync(path)).toBe(false);
  });

  it('continues with what an interrupted run fetched', async () => {
    const path = join(await makeDirectory(), 'image.tar');
    const [layer] = image.layers;
    if (layer === undefined) throw new Error('no layer');
    const kept = keepDirectory(dirname(path), '.image.tar.ecrp-pull');
    writeFileSync(join(kept.path, layer.descriptor.digest.slice(7)), layer.bytes.subarray(0, 1_500_000));
    kept.release();
    const events: unknown[] = [];
    const place = await openTarFile(await checkOutputFile(path));
    const target = new DockerArchive(place, describeArchived(image), signal);
    const source = layoutSource([image]);
    const result = await pullWith(source, image.descriptor, target, {
      onEvent: (event) => events.push(event),
    });
    await target.close();
    await place.close();
    expect(result.bytes.resumed).toBe(1_500_000);
    expect(events).toContainEqual({
      kind: 'blob-resumed',
      id: layer.descriptor.digest,
      resumedBytes: 1_500_000,
    });
    checkArchive(await readTar(path));
    expect(readdirSync(dirname(path))).toEqual(['image.tar']);
  });

  const WRONG: Readonly<
    Record<string, readonly [change: (bytes: Buffer) => Buffer, code: string, said: string]>
  > = {
    'other bytes': [
      (bytes) => Buffer.from(bytes).fill(7, 500_000, 500_010),
      'UNAVAILABLE',
      'have another digest',
    ],
    'a first byte that is none of gzip': [
      (bytes) => Buffer.from(bytes).fill(0, 0, 4),
      'UNAVAILABLE',
      'another digest',
    ],
  };
  for (const [what, [change, code, said]] of Object.entries(WRONG)) {
    it(`leaves nothing under its name if a registry gives ${what}`, async () => {
      const path = join(await makeDirectory(), 'image.tar');
      const place = await openTarFile(await checkOutputFile(path));
      const error = await catchError(() => archiveInto(place, image, falsify(0, change)));
      expect(error).toMatchObject({ code, message: expect.stringContaining(said) });
      await place.close();
      expect(existsSync(path)).toBe(false);
    });
  }

  it('refuses a layer with another diff ID, and one that cannot be unpacked', async () => {
    for (const [bytes, said] of [
      [gzipSync('another tar'), 'but the config of the image says'],
      [
        Buffer.concat([gzipSync('x'.repeat(99)).subarray(0, 20), Buffer.alloc(99, 1)]),
        'it cannot be unpacked',
      ],
      [Buffer.from('425a683931415926', 'hex'), 'it is compressed with bzip2'],
    ] as const) {
      const digest: Digest = digestOf(bytes);
      const [first] = image.layers;
      if (first === undefined) throw new Error('no layer');
      const layer = { ...first, bytes, descriptor: { ...first.descriptor, digest, size: bytes.length } };
      const config = JSON.parse(String(image.manifest));
      const manifest = Buffer.from(JSON.stringify({ ...config, layers: [layer.descriptor] }));
      const wrong = {
        ...image,
        layers: [layer],
        manifest,
        descriptor: { ...image.descriptor, digest: digestOf(manifest), size: manifest.length },
      };
      const path = join(await makeDirectory(), 'image.tar');
      const place = await openTarFile(await checkOutputFile(path));
      // The source is not remote, so the plan checks the number of layers: the archive's own check is asked here.
      const source = { ...layoutSource([wrong]), has: (ref: { kind: string }) => ref.kind === 'digest' };
      source.contents.delete(digestOf(image.config));
      const target = new DockerArchive(place, describeArchived(wrong), signal);
      const sent = {
        kind: 'known',
        id: digest,
        role: 'layer',
        content: { digest, size: bytes.length },
      } as const;
      const reading = () => ({
        bytes: source.open({ kind: 'digest', digest, size: bytes.length }, 0),
        finish: () => sent.content,
      });
      const upload = { saved: { found: undefined, save() {}, discard() {} }, onEvent: () => undefined };
      const error = await catchError(async () => {
        await target.uploadBlob({ ...sent, open: reading }, upload, signal);
        await target.putManifest();
      });
      expect(error).toMatchObject({ code: 'INVALID_INPUT', message: expect.stringContaining(said) });
      await target.close();
      await place.close();
      expect(existsSync(path)).toBe(false);
    }
  });

  it('keeps the mode of the file that it replaces, and follows a link', async () => {
    const directory = await makeDirectory();
    await mkdir(join(directory, 'there'));
    const path = join(directory, 'there', 'image.tar');
    writeFileSync(path, 'old', { mode: 0o640 });
    const { symlinkSync, lstatSync, statSync } = await import('node:fs');
    symlinkSync(path, join(directory, 'link.tar'));
    await archiveInto(await openTarFile(await checkOutputFile(join(directory, 'link.tar'))));
    expect(lstatSync(join(directory, 'link.tar')).isSymbolicLink()).toBe(true);
    expect(statSync(path).mode & 0o777).toBe(0o640);
    checkArchive(await readTar(path));
  });
});

describe('a docker-archive in a stream', () => {
  it('is the same archive, and writes each byte once', async () => {
    const directory = await makeDirectory();
    const written: Buffer[] = [];
    const kept = keepDirectory(directory, 'pull');
    const write = async (bytes: Buffer): Promise<void> => {
      written.push(bytes);
    };
    expect(await archiveInto(openTarStream(write, kept))).toBeUndefined();
    expect(readdirSync(directory)).toEqual([]);
    writeFileSync(join(directory, 'image.tar'), Buffer.concat(written));
    checkArchive(await readTar(join(directory, 'image.tar')));
    await archiveInto(await openTarFile(await checkOutputFile(join(directory, 'file.tar'))));
    expect(readFileSync(join(directory, 'file.tar')).equals(Buffer.concat(written))).toBe(true);
  });

  it('ends with the error of its reader, and keeps what was fetched', async () => {
    const directory = await makeDirectory();
    const kept = keepDirectory(directory, 'pull');
    const failure = new Error('the reader has gone');
    const place = openTarStream(async () => {
      throw failure;
    }, kept);
    await expect(archiveInto(place)).rejects.toBe(failure);
    const left = await place.close();
    expect(left && basename(left)).toMatch(/^pull\./);
  });
});
