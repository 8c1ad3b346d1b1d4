import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type ByteFile, openByteFile } from '../../../../src/source/byte-file.ts';
import { openTarSource } from '../../../../src/source/open-source.ts';
import { indexTar, MAX_ENTRIES, type TarEntry } from '../../../../src/source/tar/tar-entries.ts';
import { catchError } from '../../../support/catch-error.ts';
import { type ArchiveStyle, writeDockerArchive, writeOciTar } from '../../../support/image-writers.ts';
import { makeImage, packTar } from '../../../support/images.ts';
import {
  encodeBase256,
  makePaxEntry,
  makeTarBlock,
  makeTarEntry,
  TAR_END,
} from '../../../support/tar-blocks.ts';
import { useTemporaryDirectories } from '../../../support/temporary-directory.ts';

const makeDirectory = useTemporaryDirectories();

/** A file in memory. */
function holdBytes(bytes: Buffer): ByteFile {
  return {
    path: 'image.tar',
    size: bytes.length,
    read: async (position, length) => bytes.subarray(position, position + length),
    assertUnchanged: () => {},
    close: () => {},
  };
}

/** Records which bytes reads cover. */
function watchReads(file: ByteFile): { file: ByteFile; ranges: [start: number, end: number][] } {
  const ranges: [number, number][] = [];
  const read: ByteFile['read'] = (position, length) => {
    ranges.push([position, position + length]);
    return file.read(position, length);
  };
  return { file: { ...file, read }, ranges };
}

async function indexBytes(...pieces: Buffer[]): Promise<readonly TarEntry[]> {
  return indexTar(holdBytes(Buffer.concat(pieces)));
}

describe('the bytes that are read', () => {
  const styles: ArchiveStyle[] = ['legacy-symlink', 'legacy-hardlink', 'skopeo', 'crane', 'hybrid'];

  it.each([...styles, 'oci'] as const)('are only the first six of a layer (%s)', async (style) => {
    const directory = await makeDirectory();
    const path = join(directory, 'image.tar');
    const image = await makeImage({
      seed: 5,
      layers: [{ size: 2_000_000 }, { duplicateOf: 0 }, { size: 70_000 }],
    });
    if (style === 'oci') await writeOciTar(path, [image]);
    else await writeDockerArchive(path, [image], { style });
    const plain = openByteFile(path, { followLinks: true });
    const isLayer = ({ kind, size }: TarEntry): boolean => kind === 'file' && size >= 70_000;
    const layers = (await indexTar(plain)).filter(isLayer);
    expect(layers.length).toBe(2);
    const { file, ranges } = watchReads(plain);
    const source = await openTarSource(file, { temporaryDirectory: directory });
    for (const { start, size } of layers) {
      const within = ranges.map(([from, to]) => Math.min(to, start + size) - Math.max(from, start));
      const read = within.filter((bytes) => bytes > 0);
      expect(read).toEqual(style === 'oci' ? [] : [6]);
    }
    await source.close();
  });

  it('are one block per header, however long the data is', async () => {
    const path = join(await makeDirectory(), 'huge.tar');
    const size = 20 * 1024 ** 3;
    const handle = await open(path, 'w');
    await handle.write(makeTarBlock({ name: 'huge', sizeField: encodeBase256(BigInt(size)) }), 0, 512, 0);
    await handle.write(makeTarEntry({ name: 'after' }, 'x'), 0, 1024, 512 + size);
    await handle.close();
    const { file, ranges } = watchReads(openByteFile(path, { followLinks: true }));
    expect(await indexTar(file)).toMatchObject([
      { name: 'huge', start: 512, size },
      { name: 'after', start: size + 1024, size: 1 },
    ]);
    expect(ranges).toEqual([
      [0, 512],
      [512 + size, 1024 + size],
    ]);
    file.close();
  });
});

describe('forms of tar', () => {
  const long = `${'d'.repeat(90)}/${'e'.repeat(90)}/${'f'.repeat(200)}`;

  it.each([
    [
      'ustar with a prefix',
      [makeTarEntry({ name: 'name', prefix: 'some/folder' }, 'abc')],
      'some/folder/name',
    ],
    [
      'gnu, whose prefix is none',
      [makeTarEntry({ name: 'name', prefix: 'x', format: 'gnu' }, 'abc')],
      'name',
    ],
    ['v7', [makeTarEntry({ name: './/a/../name', format: 'v7', type: '\0' }, 'abc')], 'name'],
    ['a contiguous file', [makeTarEntry({ name: 'name', type: '7' }, 'abc')], 'name'],
    ['an absolute name', [makeTarEntry({ name: '/name' }, 'abc')], 'name'],
    ['a signed checksum', [makeTarEntry({ name: 'näme', signedChecksum: true }, 'abc')], 'näme'],
    [
      'a GNU long name',
      [
        makeTarEntry({ name: '././@LongLink', type: 'L' }, `${long}\0`),
        makeTarEntry({ name: 'short' }, 'abc'),
      ],
      long,
    ],
    [
      'a PAX path',
      [makePaxEntry({ mtime: '1.5', path: long }), makeTarEntry({ name: 'short' }, 'abc')],
      long,
    ],
    [
      'a global PAX header',
      [makePaxEntry({ comment: 'c' }, 'g'), makeTarEntry({ name: 'name' }, 'abc')],
      'name',
    ],
    [
      'a PAX size',
      [makePaxEntry({ size: '3' }), makeTarBlock({ name: 'name' }), Buffer.alloc(512, 'abc')],
      'name',
    ],
    [
      'a base-256 size',
      [makeTarBlock({ name: 'name', sizeField: encodeBase256(3n) }), Buffer.alloc(512, 'abc')],
      'name',
    ],
  ])('reads %s', async (_, pieces, name) => {
    const entries = await indexBytes(...pieces, makeTarEntry({ name: 'next' }, ''), TAR_END);
    const start = Buffer.concat(pieces).length - 512;
    expect(entries).toEqual([
      expect.objectContaining({ name, kind: 'file', start, storedBytes: 3, size: 3, target: '' }),
      expect.objectContaining({ name: 'next', size: 0 }),
    ]);
  });

  it('reads links with long targets, and ignores the size of links', async () => {
    const entries = await indexBytes(
      makeTarEntry({ name: '././@LongLink', type: 'K' }, `${long}\0`),
      makeTarBlock({ name: 'hard', type: '1', size: 4096 }),
      makePaxEntry({ linkpath: long }),
      makeTarBlock({ name: 'symbolic', type: '2' }),
      makeTarBlock({ name: 'folder/', type: '5', size: 77 }),
      makeTarBlock({ name: 'old-folder/' }),
      makeTarBlock({ name: 'pipe', type: '6' }),
      TAR_END,
    );
    expect(entries.map(({ name, kind, target }) => [name, kind, target])).toEqual([
      ['hard', 'hardlink', long],
      ['symbolic', 'symlink', long],
      ['folder', 'directory', ''],
      ['old-folder', 'directory', ''],
      ['pipe', 'other', ''],
    ]);
  });

  it('ends at a block of zeros, and at the end of the file', async () => {
    const entry = makeTarEntry({ name: 'name' }, 'abc');
    expect(await indexBytes(entry, TAR_END, entry)).toHaveLength(1);
    expect(await indexBytes(entry)).toHaveLength(1);
    expect(await indexBytes()).toEqual([]);
  });

  it('skips entries whose name leads outside', async () => {
    expect(
      await indexBytes(makeTarEntry({ name: '../name' }, 'abc'), makeTarEntry({ name: 'a/../..' }, '')),
    ).toEqual([]);
  });

  it('agrees with tar-stream on long and foreign names', async () => {
    const names = ['plain', `${'ä'.repeat(80)}/b`, `${'x'.repeat(300)}`, 'a b/c\nd'];
    const tar = await packTar(names.map((name) => ({ name, content: Buffer.from(name) })));
    const entries = await indexBytes(tar);
    expect(entries.map((entry) => entry.name)).toEqual(names);
    for (const { name, start, size } of entries) expect(tar.toString('utf8', start, start + size)).toBe(name);
  });
});

describe('malformed tars', () => {
  const cases: readonly (readonly [string, Buffer[], RegExp])[] = [
    ['a wrong checksum', [makeTarBlock({ name: 'x', checksumError: 1 })], /byte 0: the checksum/],
    [
      'noise after an entry',
      [makeTarEntry({ name: 'x' }, 'abc'), Buffer.alloc(512, 7)],
      /header at byte 1024/,
    ],
    ['half a header', [makeTarBlock({ name: 'x' }).subarray(0, 300)], /cut short within a tar header/],
    [
      'an entry cut short',
      [makeTarBlock({ name: 'x', size: 1000 }), Buffer.alloc(999)],
      /"x".* after 999 of its 1000/,
    ],
    [
      'a size in words',
      [makeTarBlock({ name: 'x', sizeField: Buffer.from('many bytes\0\0') })],
      /not a number/,
    ],
    [
      'a negative size',
      [makeTarBlock({ name: 'x', sizeField: encodeBase256(-1n) })],
      /negative or too large/,
    ],
    [
      'a size beyond 2^53',
      [makeTarBlock({ name: 'x', sizeField: encodeBase256(2n ** 53n) })],
      /negative or too large/,
    ],
    [
      'a size near 2^53',
      [makeTarBlock({ name: 'x', sizeField: encodeBase256(2n ** 53n - 1n) })],
      /"x".*cut short/,
    ],
    ['a PAX size in words', [makePaxEntry({ size: 'many' })], /size in its PAX header is "many"/],
    ['a negative PAX size', [makePaxEntry({ size: '-1' })], /size in its PAX header is "-1"/],
    ['a PAX size beyond 2^53', [makePaxEntry({ size: '9007199254740992' })], /size in its PAX header/],
    [
      'PAX records without length',
      [makeTarEntry({ name: 'x', type: 'x' }, 'path=y\n')],
      /PAX header is malformed/,
    ],
    [
      'PAX records too long',
      [makeTarEntry({ name: 'x', type: 'x' }, '99 path=y\n')],
      /PAX header is malformed/,
    ],
    [
      'PAX records of no length',
      [makeTarEntry({ name: 'x', type: 'x' }, '0 path=y\n')],
      /PAX header is malformed/,
    ],
    ['a PAX path for all', [makePaxEntry({ path: 'x' }, 'g')], /global PAX header/],
    [
      'a name longer than any path',
      [makeTarEntry({ name: 'x', type: 'L' }, 'x'.repeat(5000))],
      /longer than 4096 bytes/,
    ],
    ['a PAX path longer than any path', [makePaxEntry({ path: 'x'.repeat(5000) })], /longer than 4096 bytes/],
    [
      'a huge extension header',
      [makeTarEntry({ name: 'x', type: 'L' }, Buffer.alloc(1024 * 1024 + 1, 'x'))],
      /extension header is too long: 1048577 bytes/,
    ],
  ];

  it.each(cases)('refuses %s', async (_, pieces, message) => {
    const error = await catchError(() => indexBytes(...pieces));
    expect(error.code).toBe('INVALID_INPUT');
    expect(error.message).toMatch(message);
    expect(error.message).toContain('image.tar: ');
  });

  it('refuses a tar with more entries than an image has', async () => {
    const block = makeTarBlock({ name: 'manifest.json' });
    const size = (MAX_ENTRIES + 1) * 512;
    const endless: ByteFile = { ...holdBytes(Buffer.alloc(0)), size, read: async () => block };
    const error = await catchError(() => indexTar(endless));
    expect(error.message).toMatch(/more than 100000 entries/);
  });

  it('stops on an interruption', async () => {
    const reason = new Error('interrupted');
    await expect(indexTar(holdBytes(TAR_END), AbortSignal.abort(reason))).rejects.toBe(reason);
  });
});
