import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { computeBlobDigest, type StoredSettings } from '../../../../src/emulator/storage/model.ts';
import type { Store } from '../../../../src/emulator/storage/store.ts';
import {
  createRepository,
  makeDirectory,
  makeImage,
  openTestStore,
  pathOf,
  putLayer,
  readAll,
} from './opened-store.ts';

const part = Buffer.from('a part of a layer');

const settings: StoredSettings = {
  imageTagMutability: 'IMMUTABLE_WITH_EXCLUSION',
  exclusionFilters: ['dev-*'],
  scanOnPush: false,
  encryptionType: 'KMS',
  kmsKey: 'a key',
};

/** Makes a store with data of every kind. */
async function fill(store: Store) {
  createRepository(store, 'r');
  const layer = await putLayer(store, 'r', Buffer.from('layer'));
  const blobs = [{ digest: layer, mediaType: 'layer type' }];
  const image = store.putImage('r', { ...makeImage('image', { blobs, imageSizeInBytes: 5 }), tag: 'v1' });
  const index = store.putImage('r', makeImage('index', { manifests: [image.digest] }));
  store.putImage('r', { ...makeImage('image'), tag: 'v2' });
  store.createRepository({
    name: 'team/app',
    catalogData: { description: 'with ünïcode', architectures: ['x86'] },
    logo: Buffer.from('logo'),
    resourceTags: new Map([['key', 'value']]),
    settings,
  });
  store.setSettings('team/app', { ...settings, scanOnPush: true });
  store.setLifecyclePolicyText('team/app', '{"rules":[]}');
  store.setPolicyText('team/app', '{}');
  store.setRegistryCatalogData({ displayName: 'name' });
  store.setAccountSetting('BLOB_MOUNTING', 'ENABLED');
  store.setTemplates([{ ...settings, prefix: 'ROOT', appliedFor: ['CREATE_ON_PUSH'], createdAt: 1 }]);
  const { uploadId } = store.initiateUpload('r');
  await store.appendPart('r', uploadId, { firstByte: 0, bytes: part, maximumParts: 1000 });
  return { layer, image, index, uploadId };
}

function describeStore(store: Store) {
  return structuredClone({
    repositories: store.repositories,
    registry: store.registryCatalogData,
    settings: store.accountSettings,
    templates: store.templates,
  });
}

async function openFilled() {
  const directory = makeDirectory();
  const store = await openTestStore(directory);
  const made = await fill(store);
  const before = describeStore(store);
  return { directory, store, before, ...made };
}

describe('a store opened again', () => {
  test('has the same data in the same order', async () => {
    const { directory, store, before, layer, image, uploadId } = await openFilled();
    await store.close();
    const again = await openTestStore(directory);
    expect(describeStore(again)).toEqual(before);
    expect([...again.repositories.keys()]).toEqual(['r', 'team/app']);
    expect(again.findUpload('r', uploadId)).toMatchObject({ nextByte: part.length });
    expect(await again.readManifest('r', image.digest)).toEqual(Buffer.from('image'));
    const open = await again.openLayer('r', layer);
    expect(open && (await readAll(open.read(0, 5)))).toEqual(Buffer.from('layer'));
  });

  test('completes an earlier upload and computes its digest again', async () => {
    const { directory, store, uploadId } = await openFilled();
    await store.close();
    const again = await openTestStore(directory);
    const more = { firstByte: part.length, bytes: part, maximumParts: 1000 };
    expect((await again.appendPart('r', uploadId, more)).kind).toBe('appended');
    const digest = computeBlobDigest(Buffer.concat([part, part]));
    const layer = { digests: [digest], minimumPartBytes: 5 };
    const completed = { kind: 'completed', digest, size: 2 * part.length };
    expect(await again.completeUpload('r', uploadId, layer)).toEqual(completed);
  });

  test('is the same after its journal was rewritten because most records were dead', async () => {
    const { directory, store, uploadId } = await openFilled();
    for (let count = 0; count < 1200; count++) store.setPolicyText('r', `policy ${count}`);
    const before = describeStore(store);
    await store.close();
    const longJournal = readFileSync(join(directory, 'journal')).length;
    await (await openTestStore(directory)).close();
    expect(readFileSync(join(directory, 'journal')).length).toBeLessThan(longJournal / 10);
    const again = await openTestStore(directory);
    expect(describeStore(again)).toEqual(before);
    expect(again.findUpload('r', uploadId)).toMatchObject({ nextByte: part.length });
    createRepository(again, 'after');
    await again.close();
    expect((await openTestStore(directory)).repositories.has('after')).toBe(true);
  });
});

describe('after a crash', () => {
  test.each([1, 5, 30])(
    'the last line of the journal without its last %s bytes is cut off',
    async (missing) => {
      const { directory, store } = await openFilled();
      const before = describeStore(store);
      createRepository(store, 'the-last-line-of-the-journal');
      await store.close();
      const journal = join(directory, 'journal');
      truncateSync(journal, readFileSync(journal).length - missing);
      const again = await openTestStore(directory);
      expect(describeStore(again)).toEqual(before);
      createRepository(again, 'next');
      await again.close();
      expect((await openTestStore(directory)).repositories.has('next')).toBe(true);
    },
  );

  test('bytes that were written but not acknowledged are written again', async () => {
    const { directory, store, uploadId } = await openFilled();
    await store.close();
    appendFileSync(join(directory, 'uploads', uploadId), 'half of a part');
    const again = await openTestStore(directory);
    const layer = { digests: [computeBlobDigest(part)], minimumPartBytes: 5 };
    expect((await again.completeUpload('r', uploadId, layer)).kind).toBe('completed');
    const open = await again.openLayer('r', computeBlobDigest(part));
    expect(open && (await readAll(open.read(0, open.size)))).toEqual(part);
  });

  test('between the journal and the move of a completed upload, the file is moved', async () => {
    const { directory, store, uploadId } = await openFilled();
    const digest = computeBlobDigest(part);
    await store.completeUpload('r', uploadId, { digests: [digest], minimumPartBytes: 5 });
    await store.close();
    const blob = pathOf(directory, digest);
    writeFileSync(join(directory, 'uploads', uploadId), readFileSync(blob));
    rmSync(blob);
    const damage: string[] = [];
    const again = await openTestStore(directory, { onDamage: (message) => damage.push(message) });
    expect(await again.openLayer('r', digest)).toMatchObject({ size: part.length });
    expect([damage, existsSync(join(directory, 'uploads', uploadId))]).toEqual([[], false]);
  });

  test('unreferenced files are removed', async () => {
    const { directory, store, layer } = await openFilled();
    await store.close();
    const stray = pathOf(directory, computeBlobDigest('stray'));
    mkdirSync(join(stray, '..'), { recursive: true });
    writeFileSync(stray, 'stray');
    writeFileSync(join(directory, 'uploads', 'stray'), 'stray');
    await openTestStore(directory);
    expect([existsSync(stray), existsSync(pathOf(directory, layer))]).toEqual([false, true]);
    expect(readdirSync(join(directory, 'uploads')).length).toBe(1);
  });
});

describe('damage by hand', () => {
  async function reopen(directory: string) {
    const damage: string[] = [];
    const store = await openTestStore(directory, { onDamage: (message) => damage.push(message) });
    return { store, damage };
  }

  test.each([
    ['a changed byte', (lines: string[]) => lines.with(2, `${lines[2]?.replace('upload', 'uplOad')}`), 3],
    ['a missing line', (lines: string[]) => lines.toSpliced(2, 1), 3],
    ['a repeated line', (lines: string[]) => lines.toSpliced(3, 0, lines[2] ?? ''), 4],
    [
      'lines that changed places',
      (lines: string[]) => [...lines.slice(0, 3), ...lines.slice(3, -1).reverse(), ''],
      4,
    ],
    ['another header', (lines: string[]) => lines.with(0, 'hello'), 1],
    ['a long line of garbage', (lines: string[]) => lines.with(4, 'x'.repeat(3_000_000)), 5],
  ])('of the journal is refused with the number of the line: %s', async (_, edit, line) => {
    const { directory, store } = await openFilled();
    await store.close();
    const journal = join(directory, 'journal');
    const damaged = edit(readFileSync(journal, 'utf8').split('\n')).join('\n');
    writeFileSync(journal, damaged);
    await expect(openTestStore(directory)).rejects.toThrow(`damaged at line ${line} (byte `);
    // A damaged journal is left as it was for repair, and not locked.
    expect(readFileSync(journal, 'utf8')).toBe(damaged);
    await expect(openTestStore(directory)).rejects.toThrow('damaged');
  });

  test('a missing journal beside blobs is refused, and no blob is removed', async () => {
    const { directory, store, layer } = await openFilled();
    await store.close();
    rmSync(join(directory, 'journal'));
    await expect(openTestStore(directory)).rejects.toThrow('its journal is missing or empty');
    expect(existsSync(pathOf(directory, layer))).toBe(true);
  });

  test.each([
    ['missing', (path: string) => rmSync(path), 'its file is missing'],
    ['cut short', (path: string) => truncateSync(path, 3), 'moved to'],
    ['changed in one byte', (path: string) => writeFileSync(path, 'lAyer'), 'moved to'],
  ])('of a layer that is %s discards it, and it can be uploaded again', async (kind, harm, text) => {
    const { directory, store, layer } = await openFilled();
    await store.close();
    harm(pathOf(directory, layer));
    const { store: again, damage } = await reopen(directory);
    expect(await again.openLayer('r', layer)).toBeUndefined();
    expect(again.repositories.get('r')?.layers.has(layer)).toBe(false);
    expect(damage).toEqual([expect.stringContaining(text)]);
    expect(damage[0]).toContain(layer);
    expect(existsSync(join(directory, 'damaged', layer.slice(7)))).toBe(kind !== 'missing');
    await putLayer(again, 'r', Buffer.from('layer'));
    expect(await again.openLayer('r', layer)).toMatchObject({ size: 5 });
    await again.close();
    const { store: third, damage: none } = await reopen(directory);
    expect(await third.openLayer('r', layer)).toMatchObject({ size: 5 });
    expect(none).toEqual([]);
  });

  test('of a layer is noticed while the store is open', async () => {
    const { directory, store, layer } = await openFilled();
    expect(await store.openLayer('r', layer)).toMatchObject({ size: 5 });
    rmSync(pathOf(directory, layer));
    writeFileSync(pathOf(directory, layer), 'lAyer');
    // Some kernels give files that are written within a few ms the same time.
    utimesSync(pathOf(directory, layer), 1, 1);
    expect(await store.openLayer('r', layer)).toBeUndefined();
  });

  test('of a manifest discards its image and tags without serving it', async () => {
    const { directory, store, image, index } = await openFilled();
    await store.close();
    writeFileSync(pathOf(directory, image.digest), 'imagE');
    const { store: again, damage } = await reopen(directory);
    expect(again.repositories.get('r')?.imageTags.size).toBe(2);
    expect(await again.readManifest('r', image.digest)).toBeUndefined();
    const repository = again.repositories.get('r');
    expect([...(repository?.images.keys() ?? [])]).toEqual([index.digest]);
    expect(repository?.imageTags.size).toBe(0);
    expect(damage.length).toBe(1);
  });

  test('of an open upload discards it', async () => {
    const { directory, store, uploadId } = await openFilled();
    await store.close();
    truncateSync(join(directory, 'uploads', uploadId), 3);
    const { store: again, damage } = await reopen(directory);
    expect(again.findUpload('r', uploadId)).toBeUndefined();
    expect(damage).toEqual([expect.stringContaining(uploadId)]);
  });
});

describe('one directory', () => {
  test('belongs to one store at a time, by any path, until that closes', async () => {
    const { directory, store } = await openFilled();
    const link = join(makeDirectory(), 'link');
    symlinkSync(directory, link);
    for (const path of [directory, link]) {
      await expect(openTestStore(path)).rejects.toThrow(
        `Another emulator is using the data directory ${path}. Stop it, or choose another directory.`,
      );
    }
    await store.close();
    expect((await openTestStore(link)).repositories.size).toBe(2);
  });
});

test('added and deleted layers are the same after reopening', async () => {
  const { directory, store, layer } = await openFilled();
  const deleted = await putLayer(store, 'team/app', Buffer.from('deleted'));
  store.addLayer('team/app', layer, 5);
  store.deleteLayer('team/app', deleted);
  store.deleteRepository('r');
  expect(existsSync(pathOf(directory, deleted))).toBe(false);
  await store.close();
  const reopened = await openTestStore(directory);
  expect(await reopened.openLayer('team/app', deleted)).toBeUndefined();
  const opened = await reopened.openLayer('team/app', layer);
  expect((await readAll(opened?.read(0, 5) ?? Readable.from([]))).toString()).toBe('layer');
});
