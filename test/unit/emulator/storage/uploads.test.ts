import { readdirSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { computeBlobDigest } from '../../../../src/emulator/storage/model.ts';
import { LayerTooLargeError, MOST_UPLOADS } from '../../../../src/emulator/storage/uploads.ts';
import { createRepository, makeDirectory, openTestStore, putLayer, readAll } from './opened-store.ts';

const maximumParts = 1000;
const first = Buffer.from('the first part, ');
const second = Buffer.from('the second part');
const whole = Buffer.concat([first, second]);

async function startUpload() {
  const directory = makeDirectory();
  const store = await openTestStore(directory);
  createRepository(store, 'r');
  const { uploadId } = store.initiateUpload('r');
  const append = (firstByte: number, bytes: Buffer | AsyncIterable<Buffer>) =>
    store.appendPart('r', uploadId, { firstByte, bytes, maximumParts });
  const complete = (digests: readonly string[], minimumPartBytes = 5) =>
    store.completeUpload('r', uploadId, { digests, minimumPartBytes });
  return { directory, store, uploadId, append, complete };
}

describe('a layer upload', () => {
  test('takes consecutive parts and becomes a layer with all their bytes', async () => {
    const { store, append, complete } = await startUpload();
    expect(await append(0, first)).toEqual({ kind: 'appended', nextByte: first.length });
    expect(await append(first.length, second)).toEqual({ kind: 'appended', nextByte: whole.length });
    const digest = computeBlobDigest(whole);
    expect(await complete([digest.toUpperCase(), 'sha512:00'])).toEqual({
      kind: 'completed',
      digest,
      size: whole.length,
    });
    expect(store.repositories.get('r')?.layers.get(digest)?.size).toBe(whole.length);
    const layer = await store.openLayer('r', digest);
    expect(await readAll(layer?.read(0, whole.length) ?? fail())).toEqual(whole);
    expect(await readAll(layer?.read(4, 9) ?? fail())).toEqual(whole.subarray(4, 9));
    expect((await readAll(layer?.read(4, 4) ?? fail())).length).toBe(0);
  });

  test.each([
    ['a hole', first.length + 1],
    ['a repeat', 0],
    ['an overlap', first.length - 1],
  ])('refuses %s and names the byte it expects', async (_, firstByte) => {
    const { append, complete } = await startUpload();
    await append(0, first);
    expect(await append(firstByte, second)).toEqual({ kind: 'not-consecutive', expected: first.length });
    await append(first.length, second);
    expect((await complete([computeBlobDigest(whole)])).kind).toBe('completed');
  });

  test('refuses bytes above the maximum and keeps its position', async () => {
    const { store, uploadId, append, complete } = await startUpload();
    await append(0, first);
    const grow = (bytes: Buffer | AsyncIterable<Buffer>, more: number) => {
      const maximumBytes = first.length + more;
      return store.appendPart('r', uploadId, { firstByte: first.length, bytes, maximumParts, maximumBytes });
    };
    async function* stream() {
      yield second.subarray(0, 4);
      yield second.subarray(4);
    }
    expect(await grow(second, second.length - 1)).toEqual({ kind: 'too-large' });
    await expect(grow(stream(), second.length - 1)).rejects.toThrow(LayerTooLargeError);
    expect(store.findUpload('r', uploadId)?.nextByte).toBe(first.length);
    expect((await grow(stream(), second.length)).kind).toBe('appended');
    expect((await complete([computeBlobDigest(whole)])).kind).toBe('completed');
  });

  test('is discarded when it is the oldest of too many', async () => {
    const { directory, store, uploadId, append } = await startUpload();
    await append(0, first);
    const second = store.initiateUpload('r').uploadId;
    for (let count = 2; count < MOST_UPLOADS; count += 1) store.initiateUpload('r');
    expect(store.findUpload('r', uploadId)).toBeDefined();
    store.initiateUpload('r');
    expect(store.findUpload('r', uploadId)).toBeUndefined();
    expect(store.findUpload('r', second)).toBeDefined();
    expect(readdirSync(join(directory, 'uploads'))).toEqual([]);
  });

  test('takes exactly one of several identical concurrent parts', async () => {
    const { store, uploadId, append } = await startUpload();
    const answers = await Promise.all([append(0, first), append(0, first), append(0, first)]);
    const refusal = { kind: 'not-consecutive', expected: first.length };
    expect(answers).toEqual([{ kind: 'appended', nextByte: first.length }, refusal, refusal]);
    expect(store.findUpload('r', uploadId)?.partSizes).toEqual([first.length]);
  });

  test('takes parts that arrive before their predecessor is written', async () => {
    const { append, complete } = await startUpload();
    const [, , result] = await Promise.all([
      append(0, first),
      append(first.length, second),
      complete([computeBlobDigest(whole)]),
    ]);
    expect(result.kind).toBe('completed');
  });

  test('refuses more parts than the limit', async () => {
    const { store, uploadId, append } = await startUpload();
    await append(0, first);
    const part = { firstByte: first.length, bytes: second, maximumParts: 1 };
    expect(await store.appendPart('r', uploadId, part)).toEqual({ kind: 'too-many-parts', received: 1 });
  });

  test('checks at its end: no part, a middle part that is too small, another digest, an existing layer', async () => {
    const { store, uploadId, append, complete } = await startUpload();
    const digest = computeBlobDigest(whole);
    expect(await complete([digest])).toEqual({ kind: 'empty' });
    await append(0, first);
    await append(first.length, second);
    const tooSmall = { kind: 'part-too-small', partSize: first.length };
    expect(await complete([digest], first.length + 1)).toEqual(tooSmall);
    expect(await complete([computeBlobDigest('other')])).toEqual({ kind: 'mismatch', actual: digest });
    await putLayer(store, 'r', whole);
    expect(await complete([digest])).toEqual({ kind: 'exists', digest });
    expect(store.findUpload('r', uploadId)?.nextByte).toBe(whole.length);
  });

  test('is known to its own repository only, and by its id in either case', async () => {
    const { store, uploadId, append } = await startUpload();
    createRepository(store, 'other');
    const part = { firstByte: 0, bytes: first, maximumParts };
    expect(await store.appendPart('other', uploadId, part)).toEqual({ kind: 'unknown-upload' });
    expect(store.findUpload('r', uploadId.toUpperCase())?.uploadId).toBe(uploadId);
    expect((await append(0, first)).kind).toBe('appended');
  });

  test('leaves no trace of a streamed part that fails', async () => {
    const { store, uploadId, append, complete } = await startUpload();
    async function* breakOff() {
      yield Buffer.alloc(100, 'x');
      throw new Error('gone');
    }
    await expect(append(0, breakOff())).rejects.toThrow('gone');
    expect(store.findUpload('r', uploadId)?.nextByte).toBe(0);
    async function* send() {
      yield first;
      yield second;
    }
    expect(await append(0, send())).toEqual({ kind: 'appended', nextByte: whole.length });
    expect(await complete([computeBlobDigest(whole)])).toMatchObject({
      kind: 'completed',
      size: whole.length,
    });
    const layer = await store.openLayer('r', computeBlobDigest(whole));
    expect(await readAll(layer?.read(0, whole.length) ?? fail())).toEqual(whole);
  });

  test('is discarded when its file has lost bytes', async () => {
    const { directory, store, uploadId, append, complete } = await startUpload();
    await append(0, whole);
    truncateSync(join(directory, 'uploads', uploadId), 3);
    expect(await complete([computeBlobDigest(whole)])).toEqual({ kind: 'unknown-upload' });
    expect(store.repositories.get('r')?.layers.size).toBe(0);
  });

  test('is discarded with its repository, even while a part is being written', async () => {
    const { directory, store, append } = await startUpload();
    const answer = append(0, first);
    await Promise.resolve();
    store.deleteRepository('r');
    expect(await answer).toEqual({ kind: 'unknown-upload' });
    expect(readdirSync(join(directory, 'uploads'))).toEqual([]);
  });

  test('can be discarded', async () => {
    const { directory, store, uploadId, append } = await startUpload();
    await append(0, first);
    store.dropUpload('r', uploadId);
    expect(store.findUpload('r', uploadId)).toBeUndefined();
    expect(readdirSync(join(directory, 'uploads'))).toEqual([]);
  });
});

function fail(): never {
  throw new Error('The layer is not there');
}
