import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { computeBlobDigest } from '../../../../src/emulator/storage/model.ts';
import type { Store } from '../../../../src/emulator/storage/store.ts';
import {
  createRepository,
  makeDirectory,
  makeImage,
  openTestStore,
  pathOf,
  putLayer,
} from './opened-store.ts';

async function openWithClock() {
  const clock = { now: 1000 };
  const directory = makeDirectory();
  const store = await openTestStore(directory, { now: () => clock.now });
  createRepository(store, 'r');
  return { clock, directory, store };
}

function repositoryOf(store: Store, name = 'r') {
  const repository = store.repositories.get(name);
  if (repository === undefined) throw new Error(`Repository '${name}' not found`);
  return repository;
}

/** The digests that have a file. */
function listBlobs(directory: string): string[] {
  const entries = readdirSync(join(directory, 'blobs/sha256'), { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => `sha256:${entry.name}`);
}

describe('images and tags', () => {
  test('a tag that moves leaves its image, which keeps its push time', async () => {
    const { clock, store } = await openWithClock();
    const [older, newer] = [makeImage('older'), makeImage('newer')];
    store.putImage('r', { ...older, tag: 'latest' });
    clock.now = 2000;
    store.putImage('r', { ...newer, tag: 'latest' });
    clock.now = 3000;
    store.putImage('r', { ...older, tag: 'again' });
    const { images, imageTags } = repositoryOf(store);
    expect([...images.values()].map(({ pushedAt, tags }) => [pushedAt, [...tags]])).toEqual([
      [1000, ['again']],
      [2000, ['latest']],
    ]);
    expect([...imageTags]).toEqual([
      ['latest', { digest: computeBlobDigest('newer'), createdAt: 2000 }],
      ['again', { digest: computeBlobDigest('older'), createdAt: 3000 }],
    ]);
  });

  test('a tag that is put on the same image keeps its time', async () => {
    const { clock, store } = await openWithClock();
    store.putImage('r', { ...makeImage('image'), tag: 'v1' });
    clock.now = 2000;
    store.putImage('r', { ...makeImage('image'), tag: 'v1' });
    expect(repositoryOf(store).imageTags.get('v1')?.createdAt).toBe(1000);
  });

  test('a tag can be removed; its image stays', async () => {
    const { store } = await openWithClock();
    store.putImage('r', { ...makeImage('image'), tag: 'v1' });
    store.deleteTag('r', 'v1');
    const { images, imageTags } = repositoryOf(store);
    expect([images.get(computeBlobDigest('image'))?.tags.size, imageTags.size]).toEqual([0, 0]);
  });

  test('an index is a parent of its manifests until it is deleted', async () => {
    const { store } = await openWithClock();
    const { digest: child } = store.putImage('r', makeImage('child'));
    const index = store.putImage('r', makeImage('index', { manifests: [child] }));
    expect(repositoryOf(store).parents).toEqual(new Map([[child, new Set([index.digest])]]));
    store.deleteImage('r', index.digest);
    expect(repositoryOf(store).parents.size).toBe(0);
    expect([...repositoryOf(store).images.keys()]).toEqual([child]);
  });

  test('deleting an image deletes its tags and the layers that no other image needs', async () => {
    const { directory, store } = await openWithClock();
    const shared = await putLayer(store, 'r', Buffer.from('shared'));
    const own = await putLayer(store, 'r', Buffer.from('own layer'));
    const unused = await putLayer(store, 'r', Buffer.from('no image has this yet'));
    const reference = (digest: typeof own) => ({ digest, mediaType: 'x' });
    const first = store.putImage('r', {
      ...makeImage('first', { blobs: [reference(shared), reference(own)] }),
      tag: 'v1',
    });
    const second = store.putImage('r', makeImage('second', { blobs: [reference(shared)] }));
    store.deleteImage('r', first.digest);
    expect([...repositoryOf(store).layers.keys()]).toEqual([shared, unused]);
    expect(repositoryOf(store).imageTags.size).toBe(0);
    expect(listBlobs(directory).sort()).toEqual([shared, unused, second.digest].sort());
    expect(await store.openLayer('r', own)).toBeUndefined();
  });

  test('a layer gets its media type from the first image that refers to it', async () => {
    const { store } = await openWithClock();
    const digest = await putLayer(store, 'r', Buffer.from('layer'));
    expect(repositoryOf(store).layers.get(digest)?.mediaType).toBeUndefined();
    store.putImage('r', makeImage('first', { blobs: [{ digest, mediaType: 'first' }] }));
    store.putImage('r', makeImage('second', { blobs: [{ digest, mediaType: 'second' }] }));
    expect(repositoryOf(store).layers.get(digest)).toEqual({ size: 5, mediaType: 'first' });
  });
});

describe('repositories', () => {
  test('share the file of a blob, which is removed with the last of them', async () => {
    const { directory, store } = await openWithClock();
    createRepository(store, 'other');
    const digest = await putLayer(store, 'r', Buffer.from('layer'));
    await putLayer(store, 'other', Buffer.from('layer'));
    store.deleteRepository('r');
    expect(listBlobs(directory)).toEqual([digest]);
    expect(await store.openLayer('other', digest)).toMatchObject({ size: 5 });
    expect(await store.openLayer('r', digest)).toBeUndefined();
    store.deleteRepository('other');
    expect(listBlobs(directory)).toEqual([]);
  });

  test('keep the file of a blob that another one puts, and replace it if it was changed', async () => {
    const { directory, store } = await openWithClock();
    createRepository(store, 'second');
    createRepository(store, 'third');
    const paths = ['layer', 'image'].map((text) => pathOf(directory, computeBlobDigest(text)));
    const put = async (repositoryName: string) => {
      await putLayer(store, repositoryName, Buffer.from('layer'));
      store.putImage(repositoryName, makeImage('image'));
      expect(readdirSync(join(directory, 'uploads'))).toEqual([]);
      return paths.map((path) => statSync(path).ino);
    };
    const inodes = await put('r');
    expect(await put('second')).toEqual(inodes);
    for (const path of paths) writeFileSync(path, 'changed');
    await put('third');
    expect(paths.map((path) => readFileSync(path, 'utf8'))).toEqual(['layer', 'image']);
  });

  test('do not see the blobs of each other', async () => {
    const { store } = await openWithClock();
    createRepository(store, 'other');
    const layer = await putLayer(store, 'r', Buffer.from('layer'));
    const { digest } = store.putImage('r', makeImage('image'));
    expect(await store.openLayer('other', layer)).toBeUndefined();
    expect(await store.readManifest('other', digest)).toBeUndefined();
    expect(await store.readManifest('r', digest)).toEqual(Buffer.from('image'));
  });

  test('replace a logo and remove its old file', async () => {
    const { directory, store } = await openWithClock();
    store.setCatalogData('r', { description: 'a' }, Buffer.from('old'));
    store.setCatalogData('r', { description: 'b' }, Buffer.from('new'));
    expect(repositoryOf(store).catalogData).toEqual({ description: 'b', logo: computeBlobDigest('new') });
    expect(listBlobs(directory)).toEqual([computeBlobDigest('new')]);
    expect(await store.readLogo(computeBlobDigest('new'))).toEqual(Buffer.from('new'));
    expect(await store.readLogo(computeBlobDigest('old'))).toBeUndefined();
    store.setCatalogData('r', {});
    expect(listBlobs(directory)).toEqual([]);
  });

  test('refuse changes that do not fit, and change nothing', async () => {
    const { store } = await openWithClock();
    expect(() => createRepository(store, 'r')).toThrow("Repository 'r' exists");
    expect(() => store.setPolicyText('none', '{}')).toThrow("Repository 'none' not found");
    expect(() => store.deleteTag('r', 'v1')).toThrow("Image tag 'v1' not found");
    expect(() => store.deleteImage('r', computeBlobDigest('x'))).toThrow(
      `Image '${computeBlobDigest('x')}' not found`,
    );
    expect(() => store.initiateUpload('none')).toThrow("Repository 'none' not found");
    expect([...store.repositories.keys()]).toEqual(['r']);
  });
});
