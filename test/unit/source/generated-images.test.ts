import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { digestOf } from '../../../src/oci/digest.ts';
import { openSource } from '../../../src/source/open-source.ts';
import { readBlob } from '../../../src/source/source-blobs.ts';
import { collectBytes } from '../../../src/source/source-store.ts';
import {
  type ArchiveStyle,
  listArchiveItems,
  writeDockerArchive,
  writeOciLayout,
  writeOciTar,
} from '../../support/image-writers.ts';
import { makeImage, makeIndex, packTar } from '../../support/images.ts';
import { useTemporaryDirectories } from '../../support/temporary-directory.ts';

const makeDirectory = useTemporaryDirectories();

const layers = [
  { size: 3_000_000 },
  { size: 0 },
  { duplicateOf: 0 },
  { size: 5, compression: 'zstd' },
] as const;
const names = ['public.ecr.aws/a1b2c3d4/app:1.0', 'app:latest'];

describe('docker-archives', () => {
  const compressions: Record<ArchiveStyle, readonly string[]> = {
    'legacy-symlink': ['none', 'none', 'none', 'none'],
    'legacy-hardlink': ['none', 'none', 'none', 'none'],
    skopeo: ['none', 'none', 'none', 'none'],
    crane: ['gzip', 'gzip', 'gzip', 'zstd'],
    hybrid: ['none', 'none', 'none', 'none'],
    'hybrid-packed': [],
  };
  const styles = Object.keys(compressions).filter((style) => style !== 'hybrid-packed') as ArchiveStyle[];

  it.each(styles.flatMap((style) => [false, true].map((gzip) => [style, gzip] as const)))(
    'reads style %s, gzipped: %s',
    async (style, gzip) => {
      const directory = await makeDirectory();
      const images = [
        await makeImage({ seed: 1, layers, names }),
        await makeImage({ seed: 2, layers: [{ size: 10 }] }),
      ];
      const file = join(directory, 'image.tar');
      await writeDockerArchive(file, images, { style, gzip });
      const source = await openSource(file, { temporaryDirectory: directory });
      expect(source.format).toBe('docker-archive');
      expect(source.images.map((image) => image.names)).toEqual([names, []]);
      for (const [position, image] of source.images.entries()) {
        const made = images[position];
        if (image.kind !== 'archive' || made === undefined) throw new Error('not the image written');
        expect(image.config).toEqual(made.config);
        expect(image.layers.map((layer) => layer.diffId)).toEqual(made.layers.map((layer) => layer.diffId));
        for (const [layerPosition, { ref, compression }] of image.layers.entries()) {
          const layer = made.layers[layerPosition];
          const bytes = await collectBytes(source.open(ref, 0));
          expect(bytes.length).toBe(ref.size);
          expect(bytes.equals((compression === 'none' ? layer?.tar : layer?.bytes) ?? Buffer.of(1))).toBe(
            true,
          );
        }
      }
      const [first] = source.images;
      if (first?.kind !== 'archive') throw new Error('no image');
      expect(first.layers.map((layer) => layer.compression)).toEqual(compressions[style]);
      expect(first.layers[2]?.ref).toEqual(first.layers[0]?.ref);
      await source.close();
    },
  );

  it('keeps the digest of an image saved from the containerd image store', async () => {
    const directory = await makeDirectory();
    const image = await makeImage({ seed: 1, layers, names });
    const file = join(directory, 'image.tar');
    await writeDockerArchive(file, [image], { style: 'hybrid-packed' });
    const source = await openSource(file, { temporaryDirectory: directory });
    expect(source.format).toBe('oci-layout');
    expect(source.images).toEqual([
      { kind: 'manifest', names, root: expect.objectContaining({ digest: image.descriptor.digest }) },
    ]);
    await source.close();
  });

  it('takes the names from manifest.json if the layout has none', async () => {
    const directory = await makeDirectory();
    const image = await makeImage({ seed: 1, layers: [{}], names });
    const items = listArchiveItems([image], 'hybrid-packed').map((item) =>
      item.name === 'index.json'
        ? {
            ...item,
            content: Buffer.from(JSON.stringify({ schemaVersion: 2, manifests: [image.descriptor] })),
          }
        : item,
    );
    const file = join(directory, 'image.tar');
    await writeFile(file, await packTar(items));
    const source = await openSource(file, { temporaryDirectory: directory });
    expect(source.format).toBe('oci-layout');
    expect(source.images.map((found) => found.names)).toEqual([names]);
    await source.close();
  });

  it('keeps the one platform that is present', async () => {
    const directory = await makeDirectory();
    const present = await makeImage({ seed: 1, layers: [{}], names });
    const absent = await makeImage({ seed: 2, layers: [{}] });
    const index = makeIndex([present, absent]);
    const items = listArchiveItems([present], 'hybrid-packed').map((item) =>
      item.name === 'index.json'
        ? {
            ...item,
            content: Buffer.from(JSON.stringify({ schemaVersion: 2, manifests: [index.descriptor] })),
          }
        : item,
    );
    items.push({ name: `blobs/sha256/${index.descriptor.digest.slice(7)}`, content: index.manifest });
    const file = join(directory, 'image.tar');
    await writeFile(file, await packTar(items));
    const source = await openSource(file, { temporaryDirectory: directory });
    expect(source.images).toMatchObject([
      {
        root: { digest: present.descriptor.digest },
        warnings: [expect.stringContaining('left out of the image')],
      },
    ]);
    expect(source.images.map((found) => found.names)).toEqual([names]);
    await source.close();
  });
});

describe('OCI layouts', () => {
  it('reads the same from a layout and from its tar, from any byte', async () => {
    const directory = await makeDirectory();
    const image = await makeImage({
      seed: 7,
      layers: [{ size: 2_500_000 }, { size: 0, compression: 'none' }],
      names: ['1', '2'],
    });
    const index = makeIndex([image, makeIndex([await makeImage({ seed: 8, layers: [{}] })])]);
    await writeOciLayout(join(directory, 'layout'), [image, index]);
    await writeOciTar(join(directory, 'image.tar'), [image, index]);
    await writeOciTar(join(directory, 'image.tar.gz'), [image, index], true);
    for (const name of ['layout', 'image.tar', 'image.tar.gz']) {
      const source = await openSource(join(directory, name), { temporaryDirectory: directory });
      expect(source.format).toBe('oci-layout');
      expect(source.images).toMatchObject([
        { kind: 'manifest', names: ['1', '2'], root: image.descriptor },
        { kind: 'manifest', names: [], root: index.descriptor },
      ]);
      expect(await readBlob(source, index.descriptor)).toEqual(index.manifest);
      const [layer] = image.layers;
      if (layer === undefined) throw new Error('no layer');
      const ref = { kind: 'digest', digest: layer.descriptor.digest, size: layer.descriptor.size } as const;
      for (const start of [0, 1, 1024 * 1024, ref.size - 1, ref.size]) {
        const bytes = await collectBytes(source.open(ref, start));
        expect(digestOf(bytes)).toBe(digestOf(layer.bytes.subarray(start)));
      }
      const absent = { kind: 'digest', digest: digestOf('absent'), size: 6 } as const;
      expect(source.has(ref)).toBe(true);
      expect(source.has(absent)).toBe(false);
      await expect(collectBytes(source.open(absent, 0))).rejects.toThrow(/is missing/);
      await source.close();
      await source.close();
    }
  });

  it('leaves no temporary file, not even while it is open', async () => {
    const directory = await makeDirectory();
    const file = join(directory, 'image.tar.gz');
    await writeOciTar(file, [await makeImage({ seed: 1, layers: [{}] })], true);
    const source = await openSource(file, { temporaryDirectory: directory });
    if (process.platform !== 'win32') expect(await readdir(directory)).toEqual(['image.tar.gz']);
    await source.close();
    expect(await readdir(directory)).toEqual(['image.tar.gz']);
  });

  it('reads a tar in several gzip members', async () => {
    const directory = await makeDirectory();
    const image = await makeImage({ seed: 1, layers: [{}] });
    const file = join(directory, 'image.tar');
    await writeOciTar(file, [image]);
    const tar = await readFile(file);
    await writeFile(file, Buffer.concat([gzipSync(tar.subarray(0, 700)), gzipSync(tar.subarray(700))]));
    const source = await openSource(file, { temporaryDirectory: directory });
    expect(source.images).toMatchObject([{ root: image.descriptor }]);
    await source.close();
  });
});
