import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ImageTarget } from '../../../src/ends/image-target.ts';
import type { Digest } from '../../../src/oci/digest.ts';
import { nameBlob } from '../../../src/oci/image-layout.ts';
import { openSource } from '../../../src/source/open-source.ts';
import { openLayoutDirectory } from '../../../src/target/layout-directory.ts';
import { checkLayoutDirectory, openLayout } from '../../../src/target/layout-place.ts';
import { catchError } from '../../support/catch-error.ts';
import { makeImage, makeIndex } from '../../support/images.ts';
import { layoutSource } from '../../support/memory-source.ts';
import { pullWith } from '../../support/pull-with.ts';
import { useTemporaryDirectories } from '../../support/temporary-directory.ts';

const makeDirectory = useTemporaryDirectories();
const { signal } = new AbortController();
const image = await makeImage({ seed: 71, layers: [{ size: 2_500_000 }, { size: 20 }, { duplicateOf: 0 }] });
const other = await makeImage({
  seed: 72,
  layers: [{ size: 5_000, compression: 'none' }],
  platform: { os: 'linux', architecture: 'arm64' },
});
const index = makeIndex([image, other]);

interface Opened {
  readonly target: ImageTarget;
  /** Leaves the layout as the command does. Returns where unfinished work is kept. */
  close(): string | undefined;
}

async function open(path: string, root: Digest, imageTag?: string): Promise<Opened> {
  const { staging } = await openLayout(path, signal);
  const name =
    imageTag === undefined ? undefined : { imageTag, fullName: `registry.example/app:${imageTag}` };
  const target = openLayoutDirectory({ path, staging: staging.path, root, name });
  return { target, close: () => staging.release() };
}

async function pullInto(path: string, from: typeof image | typeof index, tag?: string) {
  const source = layoutSource([from]);
  const { target, close } = await open(path, from.descriptor.digest, tag);
  const result = await pullWith(source, from.descriptor, target, tag === undefined ? {} : { tag });
  return { result, kept: close(), reads: source.reads };
}

async function readIndex(path: string) {
  return JSON.parse(await readFile(join(path, 'index.json'), 'utf8'));
}

/** The names of the images of a layout, by digest, as our own reader sees them. */
async function listImages(path: string): Promise<Record<string, readonly string[]>> {
  const source = await openSource(path, { temporaryDirectory: path });
  const listed = source.images.flatMap((each) => (each.kind === 'manifest' ? [each] : []));
  await source.close();
  return Object.fromEntries(listed.map(({ root, names }) => [root.digest, names]));
}

describe('a layout directory', () => {
  it('gets an index with all that is below it, and lists the index alone', async () => {
    const path = join(await makeDirectory(), 'new', 'layout');
    const { result, kept } = await pullInto(path, index, '1.0');
    expect(kept).toBeUndefined();
    expect(result.imageDigest).toBe(index.descriptor.digest);
    expect(await readIndex(path)).toMatchObject({
      schemaVersion: 2,
      manifests: [
        {
          digest: index.descriptor.digest,
          annotations: {
            'org.opencontainers.image.ref.name': '1.0',
            'io.containerd.image.name': 'registry.example/app:1.0',
          },
        },
      ],
    });
    expect(readdirSync(path).sort()).toEqual(['blobs', 'index.json', 'oci-layout']);
    for (const { descriptor, bytes } of [...image.layers, ...other.layers]) {
      expect(readFileSync(join(path, nameBlob(descriptor.digest))).equals(bytes)).toBe(true);
    }
    expect(readFileSync(join(path, nameBlob(image.descriptor.digest)))).toEqual(image.manifest);
  });

  it('fetches nothing again that is there and whole', async () => {
    const path = await makeDirectory();
    await pullInto(path, image, '1.0');
    const [layer] = image.layers;
    if (layer === undefined) throw new Error('no layer');
    const damaged = join(path, nameBlob(layer.descriptor.digest));
    writeFileSync(damaged, layer.bytes.subarray(0, 1000));
    const again = await pullInto(path, image, '1.0');
    expect(
      again.reads.filter((name) => image.layers.some((each) => each.descriptor.digest === name)),
    ).toEqual([layer.descriptor.digest]);
    expect(readFileSync(damaged).equals(layer.bytes)).toBe(true);
    const third = await pullInto(path, image, '1.0');
    expect(third.result.layers).toMatchObject({ uploaded: 0, existing: 3 });
    expect(third.result.tags).toEqual([{ imageTag: '1.0', status: 'unchanged' }]);
  });

  it('keeps other images, annotations and unknown members, and moves a tag', async () => {
    const path = await makeDirectory();
    await pullInto(path, image, '1.0');
    await pullInto(path, image, 'latest');
    const before = await readIndex(path);
    const extended = { ...before, annotations: { kept: 'yes' }, 'x-unknown': [1] };
    await writeFile(join(path, 'index.json'), JSON.stringify(extended));
    const moved = await pullInto(path, other, 'latest');
    expect(moved.result.tags).toEqual([
      { imageTag: 'latest', status: 'moved', previousDigest: image.descriptor.digest },
    ]);
    const after = await readIndex(path);
    expect(after).toMatchObject({ annotations: { kept: 'yes' }, 'x-unknown': [1] });
    expect(after.manifests[0]).toEqual(before.manifests[0]);
    expect(await listImages(path)).toEqual({
      [image.descriptor.digest]: ['registry.example/app:1.0'],
      [other.descriptor.digest]: ['registry.example/app:latest'],
    });
  });

  it('lists an image without a tag once, and names it when it gets one', async () => {
    const path = await makeDirectory();
    await pullInto(path, image);
    await pullInto(path, image);
    expect(await listImages(path)).toEqual({ [image.descriptor.digest]: [] });
    await pullInto(path, image, '1.0');
    await pullInto(path, image);
    expect((await readIndex(path)).manifests).toHaveLength(1);
    expect(await listImages(path)).toEqual({ [image.descriptor.digest]: ['registry.example/app:1.0'] });
  });

  it('takes several runs at once', async () => {
    const path = join(await makeDirectory(), 'layout');
    const tags = ['a', 'b', 'c', 'd'];
    await Promise.all(tags.map((tag, at) => pullInto(path, at % 2 === 0 ? index : other, tag)));
    const found = await listImages(path);
    expect(found[index.descriptor.digest]?.toSorted()).toEqual(
      ['a', 'c'].map((tag) => `registry.example/app:${tag}`),
    );
    expect(found[other.descriptor.digest]?.toSorted()).toEqual(
      ['b', 'd'].map((tag) => `registry.example/app:${tag}`),
    );
    expect(readdirSync(path).sort()).toEqual(['blobs', 'index.json', 'oci-layout']);
  });

  it('refuses a directory with something else, and a layout of another version', async () => {
    const path = await makeDirectory();
    await mkdir(join(path, 'photos'));
    expect(await catchError(() => checkLayoutDirectory(path))).toMatchObject({ code: 'CONFLICT' });
    expect(await catchError(() => openLayout(path, signal))).toMatchObject({ code: 'CONFLICT' });
    expect(readdirSync(path)).toEqual(['photos']);
    const later = await makeDirectory();
    await writeFile(join(later, 'oci-layout'), '{"imageLayoutVersion":"2.0.0"}');
    expect(await catchError(() => openLayout(later, signal))).toMatchObject({ code: 'INVALID_INPUT' });
  });

  it('does not change an index that it cannot read', async () => {
    const path = await makeDirectory();
    await pullInto(path, image, '1.0');
    await writeFile(join(path, 'index.json'), '{"manifests": [');
    const error = await catchError(() => pullInto(path, other, '2.0'));
    expect(error).toMatchObject({ code: 'INVALID_INPUT' });
    expect(readFileSync(join(path, 'index.json'), 'utf8')).toBe('{"manifests": [');
  });

  it('disappears if nothing came into it', async () => {
    const parent = await makeDirectory();
    const made = await openLayout(join(parent, 'layout'), signal);
    expect(made.staging.release()).toBeUndefined();
    await made.removeEmpty();
    expect(existsSync(join(parent, 'layout'))).toBe(false);
    await pullInto(join(parent, 'layout'), image, '1.0');
    const filled = await openLayout(join(parent, 'layout'), signal);
    filled.staging.release();
    await filled.removeEmpty();
    expect(await listImages(join(parent, 'layout'))).toHaveProperty([image.descriptor.digest]);
  });
});
