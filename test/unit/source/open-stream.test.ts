import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import * as zlib from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { digestOf } from '../../../src/oci/digest.ts';
import type { OpenSourceOptions } from '../../../src/source/open-source.ts';
import { openStreamSource } from '../../../src/source/open-stream.ts';
import { collectBytes } from '../../../src/source/source-store.ts';
import { catchError } from '../../support/catch-error.ts';
import { listArchiveItems } from '../../support/image-writers.ts';
import { makeImage, packTar } from '../../support/images.ts';
import { useTemporaryDirectories } from '../../support/temporary-directory.ts';

const makeDirectory = useTemporaryDirectories();
const image = await makeImage({ seed: 1, layers: [{ size: 300_000 }, {}], names: ['app:1.0'] });
const tar = await packTar(listArchiveItems([image], 'legacy-symlink'));
const zstdCompressSync: unknown = Reflect.get(zlib, 'zstdCompressSync');

function* cut(bytes: Buffer, size: number): Generator<Buffer> {
  for (let start = 0; start < bytes.length; start += size) yield bytes.subarray(start, start + size);
}

async function open(bytes: Buffer, options: Partial<OpenSourceOptions> & { size?: number } = {}) {
  const temporaryDirectory = await makeDirectory();
  const stream = Readable.from(cut(bytes, options.size ?? 65_536));
  try {
    return await openStreamSource(stream, 'standard input', { temporaryDirectory, ...options });
  } finally {
    expect(stream.destroyed).toBe(true);
    // The temporary file has no name any more; this is checked on platforms that allow it.
    expect(await readdir(temporaryDirectory)).toEqual([]);
  }
}

describe('a stream', () => {
  const forms: readonly [string, Buffer, number][] = [
    ['a tar', tar, 65_536],
    ['a tar in small pieces', tar, 100],
    ['gzip', zlib.gzipSync(tar), 65_536],
    ['gzip in small pieces', zlib.gzipSync(tar), 7_000],
    ...(typeof zstdCompressSync === 'function'
      ? ([['zstd', zstdCompressSync(tar), 1000]] as [string, Buffer, number][])
      : []),
  ];

  it.each(forms)('of %s is the image in it', async (_form, bytes, size) => {
    const source = await open(bytes, { size });
    expect(source.path).toBe('standard input');
    const [found] = source.images;
    if (found?.kind !== 'archive') throw new Error('not an archive');
    expect(found.names).toEqual(['app:1.0']);
    expect(found.config).toEqual(image.config);
    for (const [position, { ref, diffId }] of found.layers.entries()) {
      expect(diffId).toBe(image.layers[position]?.diffId);
      const bytes = await collectBytes(source.open(ref, 0));
      expect(digestOf(bytes)).toBe(diffId);
    }
    await source.close();
  });

  it.each<[string, Buffer, RegExp]>([
    ['nothing', Buffer.alloc(0), /standard input: it is empty/],
    ['a text', Buffer.from('hello'), /not a tar archive/],
    ['xz', Buffer.from('fd377a585a000004', 'hex'), /compressed with xz/],
    ['a tar cut short', tar.subarray(0, 200_000), /cut short/],
    ['a gzip cut short', zlib.gzipSync(tar).subarray(0, 100_000), /gzip stream is damaged or cut short/],
  ])('of %s is refused', async (_what, bytes, message) => {
    const error = await catchError(() => open(bytes));
    expect(error.code).toBe('INVALID_INPUT');
    expect(error.message).toMatch(message);
  });

  it('that decompresses to too much is refused', async () => {
    const spoolLimit = { bytes: 100_000, factor: 10 };
    const header = tar.subarray(0, 512);
    const bomb = zlib.gzipSync(Buffer.concat([header, Buffer.alloc(5_000_000)]));
    const error = await catchError(() => open(bomb, { spoolLimit }));
    expect(error.message).toMatch(/decompresses to more than \d+ bytes/);
  });

  it('that is silent ends with an interruption', async () => {
    const temporaryDirectory = await makeDirectory();
    for (const said of [Buffer.alloc(0), tar.subarray(0, 1024)]) {
      const controller = new AbortController();
      const stream = new PassThrough();
      stream.write(said);
      const options = { temporaryDirectory, signal: controller.signal };
      const opening = openStreamSource(stream, 'standard input', options);
      const reason = new Error('by you');
      setImmediate(() => controller.abort(reason));
      await expect(opening).rejects.toBe(reason);
      expect(await readdir(temporaryDirectory)).toEqual([]);
    }
  });

  it('that fails is a read error', async () => {
    const temporaryDirectory = await makeDirectory();
    async function* broken() {
      yield tar.subarray(0, 4096);
      throw Object.assign(new Error('read failed'), { code: 'EIO' });
    }
    const stream = Readable.from(broken());
    const error = await catchError(() => openStreamSource(stream, 'standard input', { temporaryDirectory }));
    expect(error).toMatchObject({ code: 'INVALID_INPUT', message: expect.stringContaining('EIO') });
  });

  it('names the directory if it cannot be written', async () => {
    const temporaryDirectory = join(await makeDirectory(), 'none');
    const stream = Readable.from(cut(tar, 4096));
    const error = await catchError(() => openStreamSource(stream, 'standard input', { temporaryDirectory }));
    expect(error.message).toMatch(/standard input: it cannot be written into .*none \(ENOENT\)/);
  });
});
