import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import type { ImageSource } from '../../../../src/ends/image-source.ts';
import { digestOf } from '../../../../src/oci/digest.ts';
import { KeptFile } from '../../../../src/source/arriving/kept-file.ts';
import { receiveTar } from '../../../../src/source/arriving/receive-tar.ts';
import { openSource, openTarSource } from '../../../../src/source/open-source.ts';
import { collectBytes } from '../../../../src/source/source-store.ts';
import { locateArchive } from '../../../support/archives.ts';
import { catchError } from '../../../support/catch-error.ts';
import { makePaxEntry, makeSparseHeader, makeTarEntry, TAR_END } from '../../../support/tar-blocks.ts';
import { useTemporaryDirectories } from '../../../support/temporary-directory.ts';
import { memoryIntake } from '../arriving/memory-intake.ts';

const makeDirectory = useTemporaryDirectories();
const nowhere = '/no/such/directory';

async function* cut(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let start = 0; start < bytes.length; start += size) yield bytes.subarray(start, start + size);
}

function holdFile(bytes: Buffer, memoryBytes: number): KeptFile {
  return new KeptFile('image.tar', { temporaryDirectory: nowhere, memoryBytes, maxSpoolBytes: bytes.length });
}

async function openBytes(bytes: Buffer): Promise<ImageSource> {
  const file = holdFile(bytes, bytes.length);
  await file.keep(0, bytes);
  file.end(bytes.length);
  return openTarSource(file, { temporaryDirectory: nowhere });
}

describe.each(['gnu', 'pax-0.0', 'pax-0.1', 'pax-1.0'])(
  'a layer with holes, as GNU tar stores it (%s)',
  (form) => {
    const path = locateArchive(`sparse-${form}.tar`);

    it('is read with its holes, from any byte', async () => {
      const source = await openSource(path, { temporaryDirectory: await makeDirectory() });
      const [image] = source.images;
      if (image?.kind !== 'archive') throw new Error('no docker-archive');
      const [layer] = image.layers;
      if (layer === undefined) throw new Error('no layer');
      expect(layer).toMatchObject({ compression: 'none', ref: { size: 133_120 } });
      const whole = await collectBytes(source.open(layer.ref, 0));
      expect(digestOf(whole)).toBe(layer.diffId);
      for (const start of [1, 511, 1023, 1024, 2559, 2560, 3071, 3072, 70_000, 133_119, 133_120]) {
        const rest = await collectBytes(source.open(layer.ref, start, { transient: false }));
        expect(rest.equals(whole.subarray(start))).toBe(true);
      }
      await source.close();
    });

    it.each([1000, 65_536])('is sent with its holes while it arrives in chunks of %i bytes', async (size) => {
      const tar = await readFile(path);
      const intake = memoryIntake();
      // So little memory that the layer does not count as small.
      const kept = holdFile(tar, 12_000);
      await receiveTar(cut(tar, size), kept, intake);
      expect(intake.begun).toMatchObject([{ size: 133_120, compression: 'none' }]);
      const [bytes] = intake.taken.values();
      const source = await openTarSource(kept, { temporaryDirectory: nowhere }, intake.sent);
      const [image] = source.images;
      if (image?.kind !== 'archive') throw new Error('no docker-archive');
      expect(image.layers.map(({ diffId }) => diffId)).toEqual([bytes && digestOf(bytes)]);
      await source.close();
    });
  },
);

describe('a sparse file', () => {
  const records = (map: string, size: string, more = {}) =>
    makePaxEntry({ 'GNU.sparse.map': map, 'GNU.sparse.size': size, ...more });
  const version1 = (map: string, data: string, size = '2048') =>
    Buffer.concat([
      makePaxEntry({
        'GNU.sparse.major': '1',
        'GNU.sparse.minor': '0',
        'GNU.sparse.name': 'manifest.json',
        'GNU.sparse.realsize': size,
      }),
      makeTarEntry({ name: 'GNUSparseFile.1/manifest.json' }, map.padEnd(512, '\0') + data),
    ]);
  const entry = makeTarEntry({ name: 'manifest.json' }, 'x'.repeat(512));

  it('that begins or ends with a hole, or is nothing else', async () => {
    const files = [version1('1\n512\n3\n', 'abc'), version1('0\n', ''), version1('1\n0\n3\n', 'abc')];
    for (const file of files) {
      const error = await catchError(() => openBytes(Buffer.concat([file, TAR_END])));
      expect(error.message).toMatch(/manifest.json: it is not valid JSON/);
    }
  });

  it('that repeats is the same only if its content is', async () => {
    const plain = makeTarEntry(
      { name: 'manifest.json' },
      Buffer.concat([Buffer.from('[]'), Buffer.alloc(510)]),
    );
    const same = await catchError(() =>
      openBytes(Buffer.concat([version1('1\n0\n2\n', '[]', '512'), plain])),
    );
    expect(same.message).toMatch(/not valid JSON/);
    const other = await catchError(() =>
      openBytes(Buffer.concat([version1('1\n1\n2\n', '[]', '512'), plain])),
    );
    expect(other.message).toMatch(/more than once, with different content/);
  });

  const absurd: readonly (readonly [string, Buffer, RegExp])[] = [
    ['ranges that overlap', Buffer.concat([records('0,300,200,212', '4096'), entry]), /overlap/],
    ['ranges out of order', Buffer.concat([records('1024,256,0,256', '4096'), entry]), /out of order/],
    ['a range behind the end', Buffer.concat([records('4000,512', '4096'), entry]), /after the file's 4096/],
    [
      'more than is stored',
      Buffer.concat([records('0,1024', '4096'), entry]),
      /1024 bytes, but 512 are stored/,
    ],
    ['less than is stored', Buffer.concat([records('0,12', '4096'), entry]), /12 bytes, but 512 are stored/],
    ['half a pair', Buffer.concat([records('0,512,600', '4096'), entry]), /within a pair/],
    ['words', Buffer.concat([records('0,many', '4096'), entry]), /"many" is not a number/],
    ['negative numbers', Buffer.concat([records('-1,512', '4096'), entry]), /"-1" is not a number/],
    [
      'no size',
      Buffer.concat([makePaxEntry({ 'GNU.sparse.map': '0,512' }), entry]),
      /the size of the file is missing/,
    ],
    ['a size beyond belief', Buffer.concat([records('0,512', '9007199254740991'), entry]), /more than the/],
    [
      'holes beyond belief',
      Buffer.concat([records('0,512', '10485811201'), entry]),
      /more than the 10485811200/,
    ],
    [
      'another version',
      Buffer.concat([records('0,512', '512', { 'GNU.sparse.major': '2' }), entry]),
      /"2\."/,
    ],
    ['a map without end', version1('9\n'.padEnd(512, '1'), ''), /cut short|too long/],
    ['a map that is missing', version1('3\n0\n512\n', ''), /cut short/],
    ['a billion ranges', version1('1000000000\n', 'x'.repeat(512)), /more than 1000000 ranges/],
    ['noise for a map', version1('\u0001\u0002\n', ''), /is not a number/],
    ['a global map', makePaxEntry({ 'GNU.sparse.map': '0,512' }, 'g'), /global PAX header/],
    [
      'an old map that continues behind the end',
      makeSparseHeader({
        name: 'manifest.json',
        realSize: 4096,
        extents: [[0, 1024]],
        size: 1024,
        continues: true,
      }),
      /cut short/,
    ],
    [
      'an old map that overlaps',
      Buffer.concat([
        makeSparseHeader({
          name: 'manifest.json',
          realSize: 4096,
          extents: [
            [0, 300],
            [200, 212],
          ],
          size: 512,
        }),
        Buffer.alloc(512),
      ]),
      /overlap/,
    ],
    [
      "star's format",
      makeTarEntry({ name: 'manifest.json', type: 'S' }, 'x'),
      /only the formats of GNU tar are supported/,
    ],
  ];

  it.each(absurd)('with %s is refused, by seeking and forwards', async (_, bytes, message) => {
    const tar = Buffer.concat([bytes, TAR_END]);
    const error = await catchError(() => openBytes(tar));
    expect(error).toMatchObject({ code: 'INVALID_INPUT', hint: expect.any(String) });
    expect(error.message).toMatch(message);
    const forwards = await catchError(() =>
      receiveTar(cut(tar, 700), holdFile(tar, tar.length), memoryIntake()),
    );
    expect(forwards.code).toBe('INVALID_INPUT');
    expect(forwards.message).toMatch(message);
  });
});
