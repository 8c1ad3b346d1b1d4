import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ImageSource } from '../../../src/ends/image-source.ts';
import { digestOf } from '../../../src/oci/digest.ts';
import { OCI_INDEX } from '../../../src/oci/media-types.ts';
import { openSource } from '../../../src/source/open-source.ts';
import { catchError } from '../../support/catch-error.ts';
import { listArchiveItems, listLayoutItems } from '../../support/image-writers.ts';
import {
  describeBytes,
  makeImage,
  makeIndex,
  makeManifest,
  packTar,
  type TarItem,
} from '../../support/images.ts';
import { useTemporaryDirectories } from '../../support/temporary-directory.ts';

const makeDirectory = useTemporaryDirectories();
const image = await makeImage({ seed: 1, layers: [{}, {}, {}], names: ['app:1'] });
const packed = image.layers.map(({ descriptor }) => descriptor);
const plain = image.layers.map(({ tar }) => describeBytes('application/vnd.oci.image.layer.v1.tar', tar));
const nameOf = ({ digest }: { readonly digest: string }) => `blobs/sha256/${digest.slice(7)}`;
const toJson = (value: unknown) => Buffer.from(JSON.stringify(value));

async function open(items: readonly TarItem[]): Promise<ImageSource> {
  const temporaryDirectory = await makeDirectory();
  const path = join(temporaryDirectory, 'image.tar');
  await writeFile(path, await packTar(items));
  return openSource(path, { temporaryDirectory });
}

/** A `docker save` archive with all blobs of the image, packed and plain, whose parts list the layers given. */
function listItems(inArchive: readonly { digest: string }[], inManifest: typeof packed): TarItem[] {
  const manifest = makeManifest(image.config, inManifest);
  const root = describeBytes('application/vnd.oci.image.manifest.v1+json', manifest);
  const blobs = [...image.layers.flatMap(({ bytes, tar }) => [bytes, tar]), image.config, manifest].map(
    (content) => ({ name: nameOf({ digest: digestOf(content) }), content }),
  );
  const config = nameOf({ digest: digestOf(image.config) });
  return [
    ...blobs,
    { name: 'index.json', content: toJson({ schemaVersion: 2, manifests: [root] }) },
    { name: 'oci-layout', content: toJson({ imageLayoutVersion: '1.0.0' }) },
    {
      name: 'manifest.json',
      content: toJson([{ Config: config, RepoTags: ['app:1'], Layers: inArchive.map(nameOf) }]),
    },
  ];
}

describe('the two descriptions of one image in an archive', () => {
  const [a, b, c] = packed;
  if (a === undefined || b === undefined || c === undefined) throw new Error('three layers');

  it.each([
    ['agree: the OCI manifest is kept', packed, packed, 'manifest', packed],
    ['manifest.json lists fewer layers: the OCI manifest is kept', [a, b], packed, 'manifest', packed],
    ['manifest.json lists none: the OCI manifest is kept', [], packed, 'manifest', packed],
    ['the OCI manifest lists fewer: manifest.json is read', plain, [a, b], 'archive', plain],
    ['the OCI manifest lists none: manifest.json is read', plain, [], 'archive', plain],
    ['the OCI manifest has another order: manifest.json is read', packed, [b, a, c], 'archive', packed],
    ['its layers are plain: manifest.json is read', plain, plain, 'archive', plain],
    ['its layers are plain, and manifest.json lists fewer', plain.slice(1), plain, 'archive', plain],
  ])('%s', async (_, inArchive, inManifest, kind, layers) => {
    const source = await open(listItems(inArchive, inManifest));
    const [found, ...others] = source.images;
    expect(others).toEqual([]);
    expect(found).toMatchObject({ kind, names: ['app:1'] });
    const names = found?.kind === 'archive' ? found.layers.map(({ ref }) => ref) : layers.map(nameOf);
    expect(names.map((name) => (typeof name === 'string' ? name : 'name' in name && name.name))).toEqual(
      layers.map(nameOf),
    );
    await source.close();
  });

  it('is refused if neither is complete', async () => {
    const error = await catchError(() => open(listItems([a, b], [a])));
    expect(error).toMatchObject({ code: 'INVALID_INPUT' });
    expect(error.message).toMatch(/it lists 3 layers, but manifest.json lists 2/);
  });

  it('may be different ones for two images', async () => {
    const other = await makeImage({ seed: 2, layers: [{}], names: ['app:2'] });
    const items = [
      ...listArchiveItems([image, other], 'hybrid-packed').filter(({ name }) => name !== 'index.json'),
      ...listLayoutItems([image], 'io.containerd.image.name').filter(({ name }) => name === 'index.json'),
    ];
    const source = await open(items);
    expect(source.images).toMatchObject([
      { kind: 'manifest', names: ['app:1'], root: { digest: image.descriptor.digest } },
      { kind: 'archive', names: ['app:2'] },
    ]);
    expect(source.format).toBe('docker-archive');
    await source.close();
  });
});

describe('a damaged image', () => {
  const styles = ['skopeo', 'crane', 'legacy-symlink', 'hybrid', 'hybrid-packed'] as const;
  const configName = /^(?:blobs\/sha256\/|sha256:)?([a-f0-9]{64})(?:\.json)?$/;
  const damages: readonly [string, (item: TarItem) => readonly TarItem[]][] = [
    ['lacks its config', () => []],
    ['has another config', (item) => [{ ...item, content: toJson({ rootfs: { diff_ids: [] } }) }]],
  ];

  it.each(styles.flatMap((style) => damages.map(([damage, apply]) => ({ style, damage, apply }))))(
    'keeps the others: $style, one $damage',
    async ({ style, apply }) => {
      const other = await makeImage({ seed: 2, layers: [{}], names: ['app:2'] });
      const id = digestOf(other.config);
      const isItsConfig = ({ name }: TarItem) => configName.exec(name)?.[1] === id.slice('sha256:'.length);
      const items = listArchiveItems([image, other], style);
      expect(items.filter(isItsConfig)).toHaveLength(1);
      const source = await open(items.flatMap((item) => (isItsConfig(item) ? apply(item) : [item])));
      expect(source.images).toMatchObject([
        { kind: style === 'hybrid-packed' ? 'manifest' : 'archive', names: ['app:1'] },
        { kind: 'damaged', names: ['app:2'], id, error: { code: 'INVALID_INPUT' } },
      ]);
      await source.close();
    },
  );

  it.each(['hybrid', 'hybrid-packed'] as const)(
    'keeps none when a manifest has other bytes: %s',
    async (style) => {
      const other = await makeImage({ seed: 2, layers: [{}], names: ['app:2'] });
      const items = listArchiveItems([image, other], style);
      const index = items.find(({ name }) => name === 'index.json')?.content;
      const name = nameOf(JSON.parse(String(index)).manifests[1]);
      const damaged = items.map((item) => (item.name === name ? { ...item, content: toJson({}) } : item));
      expect(await catchError(() => open(damaged))).toMatchObject({ code: 'INVALID_INPUT' });
    },
  );
});

describe('entries of a layout that belong together', () => {
  const openLayout = (manifests: readonly object[], blobs: readonly Buffer[]) =>
    open([
      ...blobs.map((content) => ({ name: nameOf({ digest: digestOf(content) }), content })),
      { name: 'index.json', content: toJson({ schemaVersion: 2, manifests }) },
      { name: 'oci-layout', content: toJson({ imageLayoutVersion: '1.0.0' }) },
    ]);
  const name = (text: string) => ({ annotations: { 'org.opencontainers.image.ref.name': text } });

  it('images of an index are not listed, unless they have a name', async () => {
    const [one, two] = await Promise.all([
      makeImage({ seed: 3, layers: [{}] }),
      makeImage({ seed: 4, layers: [{}], platform: { os: 'linux', architecture: 'arm64' } }),
    ]);
    const index = makeIndex([one, two]);
    const source = await openLayout(
      [one.descriptor, { ...two.descriptor, ...name('arm') }, { ...index.descriptor, ...name('1.0') }],
      [one.manifest, two.manifest, index.manifest],
    );
    expect(source.images.map(({ names }) => names)).toEqual([['arm'], ['1.0']]);
  });

  it('the number of manifests that list each other is limited', async () => {
    const children = Array.from({ length: 9_000 }, (_, position) =>
      describeBytes(OCI_INDEX, Buffer.from(String(position))),
    );
    const wide = toJson({ schemaVersion: 2, mediaType: OCI_INDEX, manifests: children });
    const roots = Array.from({ length: 20 }, (_, position) =>
      toJson({
        schemaVersion: 2,
        mediaType: OCI_INDEX,
        manifests: [describeBytes(OCI_INDEX, wide)],
        annotations: { position: String(position) },
      }),
    );
    const error = await catchError(() =>
      openLayout(
        roots.map((root) => describeBytes(OCI_INDEX, root)),
        [...roots, wide],
      ),
    );
    expect(error).toMatchObject({ code: 'INVALID_INPUT' });
    expect(error.message).toMatch(/its indexes list more than 100000 images/);
  });

  it('a damaged entry does not affect another', async () => {
    const good = await makeImage({ seed: 5, layers: [{}] });
    const bad = describeBytes(OCI_INDEX, Buffer.from('not there'));
    const source = await openLayout(
      [
        { ...good.descriptor, ...name('1.0') },
        { ...bad, ...name('2.0') },
      ],
      [good.manifest],
    );
    expect(source.images.map(({ names }) => names)).toEqual([['1.0'], ['2.0']]);
  });

  it('subjects that are missing in the layout, and names that only resemble those of cosign', async () => {
    const good = await makeImage({ seed: 6, layers: [{}] });
    const subject = describeBytes(OCI_INDEX, Buffer.from('elsewhere'));
    const artifact = Buffer.from(
      JSON.stringify({ ...JSON.parse(makeManifest(good.config, []).toString()), subject }),
    );
    const root = describeBytes('application/vnd.oci.image.manifest.v1+json', artifact);
    const source = await openLayout(
      [
        { ...good.descriptor, ...name('1.0') },
        { ...root, ...name(`sha256-${'0'.repeat(64)}.sig`) },
      ],
      [good.manifest, artifact],
    );
    expect(source.images).toHaveLength(2);
    expect(source.images.every((each) => !('companions' in each) && !('referrers' in each))).toBe(true);
  });
});
