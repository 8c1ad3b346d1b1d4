import { readdirSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';
import { extract } from 'tar-stream';
import { describe, expect, it } from 'vitest';
import { locateArchive, locateFound } from '../../../support/archives.ts';
import { makeRandom } from '../../../support/images.ts';
import { makePaxEntry, makeTarBlock, makeTarEntry, TAR_END } from '../../../support/tar-blocks.ts';
import { type Reading, readBySeeking, readByTarStream, readForwards } from './readers.ts';

// Our reader reads files by seeking and pipes forwards. tar-stream, which reads forwards, is the judge of both. `DEPARTURES` has
// the inputs that it reads wrongly or refuses: they are why src/ does not read with it.

const BLOCK = 512;

const archives = [locateArchive, locateFound].flatMap((locate) =>
  readdirSync(locate(''))
    .filter((name) => /\.tar(\.gz)?$/.test(name))
    .map((name) => {
      const bytes = readFileSync(locate(name));
      return { name, tar: name.endsWith('.gz') ? gunzipSync(bytes) : bytes };
    }),
);

/** Sparse files of GNU tar: tar-stream ignores their maps. */
const isSparse = (name: string) => name.includes('sparse');

/** The archive up to the end of the entries of `reading`, with an end marker. */
function trimEnd(tar: Buffer, { entries }: Reading): Buffer {
  const last = entries.at(-1);
  const end = last === undefined ? 0 : last.start + Math.ceil(last.bytes / BLOCK) * BLOCK;
  return Buffer.concat([tar.subarray(0, end), Buffer.alloc(Math.max(0, end - tar.length)), TAR_END]);
}

describe.each(archives.filter(({ name }) => !isSparse(name)))('$name', ({ tar }) => {
  it('is the same read by tar-stream, or refused by both', async () => {
    const [ours, theirs] = [await readBySeeking(tar), await readByTarStream(tar)];
    expect(theirs.entries).toEqual(ours.entries);
    expect(theirs.error === undefined).toBe(ours.error === undefined);
  });
});

describe.each(archives)('$name', ({ tar }) => {
  it.each([511, 512, 65_536])(
    'is the same read by seeking, and forwards in chunks of %i bytes',
    async (chunkBytes) => {
      const seeking = await readBySeeking(tar);
      expect(await readForwards(tar, chunkBytes)).toEqual(seeking);
      expect(seeking.entries.length === 0).toBe(seeking.error !== undefined);
    },
  );
});

/** The errors of checks that tar-stream does not make. */
const STRICTER = /PAX header is malformed|size in its tar header is (not a number|negative)/;

function fixChecksum(tar: Buffer, at: number): void {
  tar.fill(' ', at + 148, at + 156);
  const sum = tar.subarray(at, at + BLOCK).reduce((total, byte) => total + byte, 0);
  tar.write(`${sum.toString(8).padStart(6, '0')}\0 `, at + 148, 'latin1');
}

/** Ways to damage a tar; `at` is where one of its headers begins, `pick(n)` gives a number below n. */
const MUTATIONS: Readonly<
  Record<string, (tar: Buffer, at: number, pick: (most: number) => number) => Buffer>
> = {
  'a byte of a header': (tar, at, pick) => {
    // Not the type flag: ours ignores the size of some types, tar-stream does not.
    const place = at + pick(BLOCK);
    if (place !== at + 156) tar[place] = pick(256);
    fixChecksum(tar, at);
    return tar;
  },
  'the type of an entry without data': (tar, at, pick) => {
    if (!/^0*$/.test(tar.toString('latin1', at + 124, at + 135))) return tar;
    tar.write('123456Z'[pick(7)] ?? '1', at + 156, 'latin1');
    fixChecksum(tar, at);
    return tar;
  },
  'a size': (tar, at, pick) => {
    if (/[1-6]/.test(tar.toString('latin1', at + 156, at + 157))) return tar;
    tar.write(`${pick(100_000).toString(8).padStart(11, '0')}\0`, at + 124, 'latin1');
    fixChecksum(tar, at);
    return tar;
  },
  'any byte': (tar, _, pick) => {
    // Not of a checksum: tar-stream ignores the bytes after its digits.
    const place = pick(tar.length);
    if (place % BLOCK < 148 || place % BLOCK >= 156) tar[place] = pick(256);
    return tar;
  },
  'zeros before a header': (tar, at, pick) =>
    Buffer.concat([tar.subarray(0, at), Buffer.alloc(BLOCK * (1 + pick(2))), tar.subarray(at)]),
  'a missing header': (tar, at) => Buffer.concat([tar.subarray(0, at), tar.subarray(at + BLOCK)]),
  'a header twice': (tar, at) => Buffer.concat([tar.subarray(0, at + BLOCK), tar.subarray(at)]),
  'an early end': (tar, _, pick) => tar.subarray(0, pick(tar.length)),
  'rubbish at the end': (tar, _, pick) => Buffer.concat([tar, Buffer.alloc(1 + pick(2000), 'rubbish')]),
};

describe.each(Object.entries(MUTATIONS))('archives with %s', (_what, mutate) => {
  const rounds = 100;
  // Mutations of the large archives would take long.
  const small = archives.filter(({ tar }) => tar.length < 500_000);

  it('are read the same by all, or refused by all', async () => {
    for (let seed = 1; seed <= rounds; seed += 1) {
      const random = makeRandom(seed);
      const pick = (most: number) => Math.floor(random() * most);
      const { name, tar: whole } = small[pick(small.length)] ?? { name: '', tar: TAR_END };
      const headers = (await readBySeeking(whole)).entries.map(({ start }) => start - BLOCK);
      const found = headers[pick(headers.length)];
      if (found === undefined || !whole.toString('latin1', found + 257, found + 262).startsWith('ustar'))
        continue;
      const tar = mutate(Buffer.from(whole), found, pick);
      const subject = `${name}, seed ${seed}`;
      const ours = await readBySeeking(tar);
      const forwards = await readForwards(tar, 1 + pick(5000));
      expect(forwards.entries, subject).toEqual(ours.error === undefined ? ours.entries : forwards.entries);
      expect(forwards.error === undefined, subject).toBe(ours.error === undefined);
      if (isSparse(name) || STRICTER.test(ours.error ?? '')) continue;
      const theirs = await readByTarStream(ours.error === undefined ? trimEnd(tar, ours) : tar);
      expect(theirs.error === undefined, subject).toBe(ours.error === undefined);
      if (ours.error === undefined) expect(theirs.entries, subject).toEqual(ours.entries);
    }
  });
});

const file = makeTarEntry({ name: 'a' }, 'abc');
const next = makeTarEntry({ name: 'b' }, 'xyz');
const wordy = { name: 'a', sizeField: Buffer.from('7 many\0\0\0\0\0\0') };

/** The names of the entries that a reader finds, or its error. */
type Outcome = readonly string[] | RegExp;

/** Inputs that tar-stream 3.2.2 reads differently. Ours follows POSIX and GNU tar. */
const DEPARTURES: readonly (readonly [
  what: string,
  tar: readonly Buffer[],
  ours: Outcome,
  theirs: Outcome,
])[] = [
  ['an archive after the end of the first', [file, TAR_END, next], ['a'], ['a', 'b']],
  ['rubbish after the end', [file, TAR_END, Buffer.alloc(BLOCK, 'x')], ['a'], /Invalid tar header/],
  ['an entry without padding', [file.subarray(0, BLOCK + 3)], ['a'], /Unexpected end of data/],
  ['a signed checksum', [makeTarEntry({ name: 'ä', signedChecksum: true }, '')], ['ä'], /Invalid tar header/],
  [
    'a hard link with a size',
    [makeTarBlock({ name: 'l', type: '1', size: 700 }), file, TAR_END],
    ['l', 'a'],
    ['l'],
  ],
  ['an empty PAX header', [makePaxEntry({}), file, next], ['a', 'b'], /Invalid tar header/],
  [
    'a PAX record of a wrong length',
    [makeTarEntry({ name: 'x', type: 'x' }, '99 path=y\n'), file],
    /PAX/,
    ['y\n'],
  ],
  ['a size in words', [makeTarBlock(wordy), Buffer.alloc(BLOCK)], /not a number/, ['a']],
];

function judge({ entries, error }: Reading, outcome: Outcome): void {
  if (outcome instanceof RegExp) expect(error).toMatch(outcome);
  else expect([error, ...entries.map(({ name }) => name)]).toEqual([undefined, ...outcome]);
}

describe('tar-stream reads differently', () => {
  it.each(DEPARTURES)('%s', async (_what, pieces, ours, theirs) => {
    const tar = Buffer.concat(pieces);
    judge(await readBySeeking(tar), ours);
    judge(await readForwards(tar, 100), ours);
    judge(await readByTarStream(tar), theirs);
  });

  it('a directory as before POSIX: a file whose name ends in a slash', async () => {
    const tar = makeTarEntry({ name: 'folder/', format: 'v7' }, '');
    expect((await readBySeeking(tar)).entries).toMatchObject([{ kind: 'directory' }]);
    expect((await readByTarStream(tar)).entries).toMatchObject([{ kind: 'file' }]);
  });

  it('sparse files of GNU tar: it parses their map as a header, or takes a placeholder for the name', async () => {
    const read = async (name: string) => readByTarStream(await readFile(locateArchive(name)));
    expect(await read('sparse-gnu.tar')).toMatchObject({
      error: expect.stringMatching(/Invalid tar header/),
    });
    for (const version of ['0.1', '1.0']) {
      const { entries } = await read(`sparse-pax-${version}.tar`);
      expect(entries.map(({ name }) => name).find((name) => name.endsWith('layer.tar'))).toMatch(
        /GNUSparseFile/,
      );
    }
  });

  it('sparse files of PAX 0.0: it keeps only the last range of the map', async () => {
    const reader = extract();
    reader.end(await readFile(locateArchive('sparse-pax-0.0.tar')));
    const maps: unknown[] = [];
    for await (const entry of reader) {
      entry.resume();
      if ('pax' in entry.header && entry.header.pax !== null) maps.push(entry.header.pax);
    }
    expect(maps).toEqual([
      expect.objectContaining({ 'GNU.sparse.numblocks': '31', 'GNU.sparse.offset': '133120' }),
    ]);
  });
});
