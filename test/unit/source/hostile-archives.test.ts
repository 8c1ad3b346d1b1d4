import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { EcrpError } from '../../../src/errors.ts';
import { digestOf } from '../../../src/oci/digest.ts';
import { OCI_INDEX } from '../../../src/oci/media-types.ts';
import { openSource } from '../../../src/source/open-source.ts';
import { catchError } from '../../support/catch-error.ts';
import { listArchiveItems, listLayoutItems } from '../../support/image-writers.ts';
import { describeBytes, makeImage, makeIndex, packTar, type TarItem } from '../../support/images.ts';
import { useTemporaryDirectories } from '../../support/temporary-directory.ts';

const makeDirectory = useTemporaryDirectories();
const image = await makeImage({ seed: 1, layers: [{ size: 2000 }, { size: 10 }], names: ['app:1'] });
const configName = `${digestOf(image.config).slice(7)}.json`;
const [layerName = ''] = image.layers.map((layer) => `${layer.diffId.slice(7)}.tar`);

async function refuseItems(items: readonly TarItem[]): Promise<EcrpError> {
  const directory = await makeDirectory();
  const path = join(directory, 'image.tar');
  await writeFile(path, await packTar(items));
  const error = await catchError(() => openSource(path, { temporaryDirectory: directory }));
  expect(error.code).toBe('INVALID_INPUT');
  expect(error.message).toContain(path);
  return error;
}

/** A docker-archive whose items are changed by name: replaced, or left out when the change is undefined. */
function changeItems(changes: Readonly<Record<string, Partial<TarItem> | undefined>>): TarItem[] {
  return listArchiveItems([image], 'skopeo').flatMap((item) => {
    if (!(item.name in changes)) return [item];
    const change = changes[item.name];
    return change === undefined ? [] : [{ name: item.name, ...change }];
  });
}

const toJson = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

describe('manifest.json', () => {
  const layers = image.layers.map((layer) => `${layer.diffId.slice(7)}.tar`);
  const good = { Config: configName, RepoTags: ['app:1'], Layers: layers };

  it.each([
    ['null', null, /manifest.json: the document is null, not a list/],
    ['an object', {}, /the document is {}, not a list/],
    ['an empty list', [], /lists no image/],
    ['a list of null', [null], /\[0\] is null, not an object/],
    ['no Config', [{ ...good, Config: undefined }], /\[0\].Config is missing/],
    ['a number as Config', [{ ...good, Config: 7 }], /\[0\].Config is 7/],
    ['Layers as a text', [{ ...good, Layers: 'x' }], /\[0\].Layers is "x", not a list/],
    ['numbers as Layers', [{ ...good, Layers: [1] }], /\[0\].Layers\[0\] is 1/],
    ['objects as RepoTags', [{ ...good, RepoTags: [{}] }], /\[0\].RepoTags\[0\] is {}/],
    [
      'fewer layers than the config',
      [{ ...good, Layers: layers.slice(1) }],
      /it lists 2 layers, but manifest.json lists 1/,
    ],
    ['100,000 layers', [{ ...good, Layers: Array(100_000).fill('x') }], /Layers has 100000 items/],
    ['100,000 images', Array(100_000).fill(0), /has 100000 items/],
    ['a config that is not there', [{ ...good, Config: 'none.json' }], /"none.json": it is missing/],
    ['a config outside', [{ ...good, Config: '../../etc/passwd' }], /"..\/..\/etc\/passwd": it is missing/],
    [
      'a layer that is not there',
      [{ ...good, Layers: ['none', ...layers.slice(1)] }],
      /"none": manifest.json lists it/,
    ],
    ['a layer as config', [{ ...good, Config: layers[0] }], /it is not valid JSON|JSON is nested/],
  ])('%s', async (_, document, message) => {
    const error = await refuseItems(changeItems({ 'manifest.json': { content: toJson(document) } }));
    expect(error.message).toMatch(message);
  });

  it('no JSON, and JSON nested too deeply', async () => {
    const texts = ['', '[{', '['.repeat(1_000_000), `[${'{"a":'.repeat(1000)}1${'}'.repeat(1000)}]`];
    for (const text of texts) {
      const error = await refuseItems(changeItems({ 'manifest.json': { content: Buffer.from(text) } }));
      expect(error.message).toMatch(/manifest.json: (it is not valid JSON|its JSON is nested)/);
    }
  });

  it('too long', async () => {
    const content = Buffer.alloc(17 * 1024 * 1024, ' ');
    const error = await refuseItems(changeItems({ 'manifest.json': { content } }));
    expect(error.message).toMatch(/"manifest.json": it is 17825792 bytes long, more than/);
  });
});

describe('entries of a docker-archive', () => {
  it('a config whose bytes do not have the digest in its name', async () => {
    const content = Buffer.from(image.config.toString().replace('layer 0', 'layer X'));
    const error = await refuseItems(changeItems({ [configName]: { content } }));
    expect(error.message).toContain(digestOf(content));
    expect(error.message).toContain(configName);
  });

  it.each([
    ['to nowhere', { symlink: 'none' }, /link to "none", which is not in the archive/],
    [
      'up and out',
      { symlink: '../../../etc/passwd' },
      /"..\/..\/..\/etc\/passwd", which leads outside the archive/,
    ],
    ['to the root of the machine', { symlink: '/etc/passwd' }, /"\/etc\/passwd", which leads outside/],
    ['hard, out', { hardlink: '../layer' }, /"..\/layer", which leads outside/],
    ['to itself', { symlink: layerName }, /links form a circle/],
    ['to a directory', { symlink: 'folder' }, /"folder": not a regular file/],
  ])('a layer that is a link %s', async (_, link, message) => {
    const error = await refuseItems([
      { name: 'folder', directory: true },
      ...changeItems({ [layerName]: link }),
    ]);
    expect(error.message).toMatch(message);
    expect(error.message).toMatch(/entry "/);
  });

  it('links that form a circle, and chains that are too long', async () => {
    const circle = [
      { name: 'a', symlink: 'b' },
      { name: 'b', hardlink: 'a' },
    ];
    const chain = Array.from({ length: 9 }, (_, position) => ({
      name: `c${position}`,
      symlink: `c${position + 1}`,
    }));
    for (const [items, first] of [
      [circle, 'a'],
      [chain, 'c0'],
    ] as const) {
      const error = await refuseItems([...items, ...changeItems({ [layerName]: { symlink: first } })]);
      expect(error.message).toMatch(/links form a circle, or a chain of more than 8/);
    }
  });

  it('follows a chain of eight links, and either meaning of a target', async () => {
    const directory = await makeDirectory();
    const path = join(directory, 'image.tar');
    const chain = Array.from({ length: 7 }, (_, position) => ({
      name: `d/c${position}`,
      // A symbolic link relative to the root and a hard link relative to its folder: both the wrong way round.
      ...(position % 2 === 0 ? { symlink: `d/c${position + 1}` } : { hardlink: `c${position + 1}` }),
    }));
    const content = image.layers[0]?.tar ?? Buffer.alloc(0);
    const items = changeItems({ [layerName]: { symlink: 'd/c0' } });
    await writeFile(path, await packTar([...items, ...chain, { name: 'd/c7', content }]));
    const source = await openSource(path, { temporaryDirectory: directory });
    expect(source.images[0]).toMatchObject({ layers: [{ ref: { name: 'd/c7', size: content.length } }, {}] });
    await source.close();
  });

  it('repeated entries: refused with different content, read with the same', async () => {
    const items = changeItems({});
    const other = Buffer.from(image.layers[0]?.tar ?? []);
    other[other.length - 1100] = 1 + (other[other.length - 1100] ?? 0);
    for (const again of [{ content: other }, { content: other.subarray(1) }, { symlink: 'x' }]) {
      const error = await refuseItems([...items, { name: layerName, ...again }]);
      expect(error.message).toMatch(/the archive has it more than once, with different content/);
      expect(error.message).toContain(layerName);
    }
    const directory = await makeDirectory();
    const path = join(directory, 'image.tar');
    const unrelated = ['1', '2'].map((text) => ({ name: 'unrelated', content: Buffer.from(text) }));
    await writeFile(path, await packTar([...items, ...items, ...unrelated]));
    const source = await openSource(path, { temporaryDirectory: directory });
    expect(source.images).toHaveLength(1);
    await source.close();
  });

  it.each([
    ['xz', 'fd377a585a000004'],
    ['bzip2', '425a683931415926'],
  ])('a layer compressed with %s', async (type, magic) => {
    const error = await refuseItems(changeItems({ [layerName]: { content: Buffer.from(magic, 'hex') } }));
    expect(error.message).toContain(`compressed with ${type}`);
  });

  it('names with control characters are quoted in messages', async () => {
    const name = 'x\u001b[2Jy';
    const items = changeItems({ 'manifest.json': { content: toJson([{ Config: name, Layers: [] }]) } });
    expect((await refuseItems(items)).message).toContain('"x\\u001b[2Jy"');
  });
});

describe('OCI layouts', () => {
  const layout = listLayoutItems([image], 'org.opencontainers.image.ref.name');
  const change = (name: string, content?: Buffer): TarItem[] =>
    layout.flatMap((item) =>
      item.name !== name ? [item] : content === undefined ? [] : [{ name, content }],
    );
  const indexOf = (manifests: unknown) => toJson({ schemaVersion: 2, manifests });

  it.each([
    ['no index.json', change('index.json'), /"index.json": it is missing/],
    ['no oci-layout', change('oci-layout'), /"oci-layout": it is missing/],
    [
      'another version',
      change('oci-layout', toJson({ imageLayoutVersion: '2.0.0' })),
      /"2.0.0"; only version 1 is supported/,
    ],
    ['an oci-layout of null', change('oci-layout', toJson(null)), /imageLayoutVersion is missing/],
    ['an index of null', change('index.json', toJson(null)), /index.json: the document is null/],
    ['an index without images', change('index.json', indexOf([])), /lists no image/],
    ['an index of schema 1', change('index.json', toJson({ schemaVersion: 1 })), /schemaVersion is 1/],
    [
      'a negative size',
      change('index.json', indexOf([{ ...image.descriptor, size: -1 }])),
      /manifests\[0\].size is -1/,
    ],
    [
      'one digest with two sizes',
      change('index.json', indexOf([image.descriptor, { ...image.descriptor, size: 1 }])),
      /differ in size or media type/,
    ],
    ['100,000 images', change('index.json', indexOf(Array(20_000).fill(0))), /manifests has 20000 items/],
  ])('%s', async (_, items, message) => {
    expect((await refuseItems(items)).message).toMatch(message);
  });

  it('indexes nested too deeply in a docker save archive', async () => {
    let root = makeIndex([image]);
    const blobs: TarItem[] = [];
    for (let depth = 0; depth < 10; depth += 1) {
      blobs.push({ name: `blobs/sha256/${root.descriptor.digest.slice(7)}`, content: root.manifest });
      root = makeIndex([root]);
    }
    blobs.push({ name: `blobs/sha256/${root.descriptor.digest.slice(7)}`, content: root.manifest });
    const items = listArchiveItems([image], 'hybrid-packed').filter((item) => item.name !== 'index.json');
    const error = await refuseItems([
      ...items,
      ...blobs,
      { name: 'index.json', content: indexOf([root.descriptor]) },
    ]);
    expect(error.message).toMatch(/nested deeper than 8/);
  });

  it('reads a child just once that an index lists nine thousand times', async () => {
    let root = makeIndex([image]);
    const blobs: TarItem[] = [];
    for (let depth = 0; depth < 7; depth += 1) {
      root = makeIndex(Array(9_000).fill(root));
      blobs.push({ name: `blobs/sha256/${root.descriptor.digest.slice(7)}`, content: root.manifest });
    }
    blobs.push(...listLayoutItems([makeIndex([image])], 'x').filter(({ name }) => name.startsWith('blobs/')));
    const items = listArchiveItems([image], 'hybrid-packed').filter((item) => item.name !== 'index.json');
    const roots = Array.from({ length: 3 }, (_, position) => ({ ...root, names: [`app:${position}`] }));
    const index = listLayoutItems(roots, 'org.opencontainers.image.ref.name').slice(-2, -1);
    const directory = await makeDirectory();
    const path = join(directory, 'image.tar');
    await writeFile(path, await packTar([...items, ...blobs, ...index]));
    const source = await openSource(path, { temporaryDirectory: directory });
    expect(source.images).toMatchObject([{ names: ['app:0', 'app:1', 'app:2'] }]);
    await source.close();
  });

  it('configs that are too long together', async () => {
    const padding = ' '.repeat(7 * 1024 * 1024);
    const configs = Array.from({ length: 10 }, (_, position) => ({
      name: `config-${position}`,
      content: Buffer.from(`{"rootfs":{"type":"layers","diff_ids":[]}}${padding}`),
    }));
    const manifest = toJson(configs.map(({ name }) => ({ Config: name, Layers: [] })));
    const error = await refuseItems([...configs, { name: 'manifest.json', content: manifest }]);
    expect(error.message).toMatch(/its image configs together are longer than 67108864 bytes/);
  });

  it('a manifest with another digest in a docker save archive', async () => {
    const wrong = Buffer.from(image.manifest);
    wrong[wrong.length - 1] = 0x20;
    const name = `blobs/sha256/${image.descriptor.digest.slice(7)}`;
    const items = listArchiveItems([image], 'hybrid-packed');
    const error = await refuseItems(
      items.map((item) => (item.name === name ? { name, content: wrong } : item)),
    );
    expect(error.message).toContain(digestOf(wrong));
    expect(error.message).toContain(image.descriptor.digest);
  });

  it('an index that claims another digest is refused (none can list itself)', async () => {
    const self = describeBytes(OCI_INDEX, Buffer.from('x'));
    const manifest = indexOf([self]);
    const items = listArchiveItems([image], 'hybrid-packed').filter((item) => item.name !== 'index.json');
    const error = await refuseItems([
      ...items,
      { name: `blobs/sha256/${self.digest.slice(7)}`, content: manifest },
      { name: 'index.json', content: indexOf([{ ...self, size: manifest.length }]) },
    ]);
    expect(error.message).toContain(self.digest);
  });
});
