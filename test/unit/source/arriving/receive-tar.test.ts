import { readdir } from 'node:fs/promises';
import { PassThrough, Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { digestOf } from '../../../../src/oci/digest.ts';
import { KeptFile } from '../../../../src/source/arriving/kept-file.ts';
import { openArrivingSource } from '../../../../src/source/arriving/open-arriving.ts';
import { receiveTar } from '../../../../src/source/arriving/receive-tar.ts';
import { openTarSource } from '../../../../src/source/open-source.ts';
import { collectBytes } from '../../../../src/source/source-store.ts';
import { catchError } from '../../../support/catch-error.ts';
import { type ArchiveStyle, listArchiveItems, listLayoutItems } from '../../../support/image-writers.ts';
import { makeImage, makeRandom, makeRandomBytes, packTar, type TarItem } from '../../../support/images.ts';
import { makePaxEntry, makeTarBlock, makeTarEntry, TAR_END } from '../../../support/tar-blocks.ts';
import { useTemporaryDirectories } from '../../../support/temporary-directory.ts';
import { type MemoryIntake, memoryIntake } from './memory-intake.ts';

const MIB = 1024 * 1024;
const makeDirectory = useTemporaryDirectories();
const nowhere = '/no/such/directory';

async function* cut(bytes: Buffer, findSize: () => number): AsyncGenerator<Buffer> {
  for (let start = 0; start < bytes.length; ) {
    const size = findSize();
    yield bytes.subarray(start, start + size);
    start += size;
  }
}

function isContent(items: readonly TarItem[], name: string, bytes: Buffer): boolean {
  return items.find((item) => item.name === name)?.content?.equals(bytes) ?? false;
}

interface Received {
  readonly kept: KeptFile;
  readonly intake: MemoryIntake;
}

/** Has so little memory that soon nothing counts as small. */
async function receive(
  tar: Buffer,
  {
    chunkBytes = (): number => 65_536,
    memoryBytes = 20_000,
    temporaryDirectory = nowhere,
    intake = memoryIntake(),
  } = {},
): Promise<Received> {
  const kept = new KeptFile('piped', { temporaryDirectory, memoryBytes, maxSpoolBytes: 10 * MIB });
  await receiveTar(cut(tar, chunkBytes), kept, intake);
  return { kept, intake };
}

async function holdTar(tar: Buffer): Promise<KeptFile> {
  const kept = new KeptFile('file', { temporaryDirectory: nowhere, maxSpoolBytes: 0 });
  await kept.keep(0, tar);
  kept.end(tar.length);
  return kept;
}

const image = await makeImage({
  seed: 3,
  layers: [{ size: 40_000 }, { size: 30_000 }, { duplicateOf: 0 }, { size: 700 }],
  names: ['app:1.0'],
});
const styles: readonly ArchiveStyle[] = [
  'legacy-symlink',
  'legacy-hardlink',
  'skopeo',
  'crane',
  'hybrid',
  'hybrid-packed',
];
const forms: readonly (readonly [string, readonly TarItem[]])[] = [
  ...styles.map((style) => [style, listArchiveItems([image], style)] as const),
  ['oci', listLayoutItems([image], 'org.opencontainers.image.ref.name')],
];

describe.each(forms)('an archive that arrives: %s', (_style, items) => {
  it.each([1, 2, 3, 511, 512, 513, 65_536, 'any number of'])('in chunks of %s bytes', async (chunk) => {
    const tar = await packTar(items);
    const random = makeRandom(1);
    const chunkBytes = () => (typeof chunk === 'number' ? chunk : 1 + Math.floor(random() * 5000));
    const { kept, intake } = await receive(tar, { chunkBytes, memoryBytes: 16_000 });
    expect(intake.ended).toEqual(intake.begun.map(({ name }) => name));
    expect(intake.ended).toHaveLength(2);
    for (const { named, name, size } of intake.begun) {
      const bytes = intake.taken.get(name) ?? Buffer.alloc(0);
      expect(isContent(items, name, bytes)).toBe(true);
      expect(size).toBe(bytes.length);
      if (named !== undefined) expect(digestOf(bytes)).toBe(named);
    }
    const options = { temporaryDirectory: nowhere };
    const whole = await openTarSource(await holdTar(tar), options);
    const source = await openTarSource(kept, options, intake.sent);
    expect(source.format).toBe(whole.format);
    expect(source.images).toEqual(whole.images);
    const [found] = source.images;
    if (found?.kind !== 'archive') return;
    for (const { ref } of found.layers) {
      const sent = source.findSent?.(ref);
      const bytes = await collectBytes(whole.open(ref, 0));
      if (sent !== undefined) expect(sent.entryDigest).toBe(digestOf(bytes));
      else expect(digestOf(await collectBytes(source.open(ref, 0)))).toBe(digestOf(bytes));
    }
    expect(found.layers.filter(({ ref }) => source.findSent?.(ref) !== undefined)).toHaveLength(3);
  });

  it('cut short anywhere is an error, and no layer counts as complete', async () => {
    const tar = await packTar(items);
    const random = makeRandom(2);
    for (let round = 0; round < 30; round += 1) {
      const length = Math.floor(random() * 60_000);
      const intake = memoryIntake();
      const error = await catchError(() => receive(tar.subarray(0, length), { intake })).catch(
        () => undefined,
      );
      for (const [name, bytes] of intake.taken) {
        expect(isContent(items, name, bytes)).toBe(true);
      }
      // A tar may end between two entries.
      if (error !== undefined) expect(error.message).toMatch(/cut short/);
    }
  });
});

const layer = image.layers[0]?.tar ?? Buffer.alloc(0);

describe('what is kept', () => {
  const big = makeRandomBytes('big', 300_000);

  it('goes into a temporary file without a name if it is too long', async () => {
    const temporaryDirectory = await makeDirectory();
    const tar = await packTar([
      { name: 'some.bin', content: big },
      { name: 'oci-layout', content: Buffer.from('{}') },
    ]);
    const { kept, intake } = await receive(tar, { temporaryDirectory, memoryBytes: 1000 });
    expect(await readdir(temporaryDirectory)).toEqual([]);
    expect(intake.begun).toEqual([]);
    expect((await kept.read(512, big.length)).equals(big)).toBe(true);
    expect((await kept.read(512 + 1000, 100_000)).equals(big.subarray(1000, 101_000))).toBe(true);
    kept.close();
  });

  it('is an error if the directory cannot be written', async () => {
    const tar = await packTar([{ name: 'some.bin', content: big }]);
    const error = await catchError(() => receive(tar));
    expect(error.message).toMatch(/piped: it cannot be written into .* \(ENOENT\)/);
  });

  it('is limited', async () => {
    const temporaryDirectory = await makeDirectory();
    const kept = new KeptFile('piped', { temporaryDirectory, memoryBytes: 1000, maxSpoolBytes: 200_000 });
    const tar = await packTar([{ name: 'some.bin', content: big }]);
    const error = await catchError(() =>
      receiveTar(
        cut(tar, () => 65_536),
        kept,
        memoryIntake(),
      ),
    );
    expect(error.message).toMatch(/needs more than 200000 bytes in .*, the most that it may use there/);
    kept.close();
  });

  it('does not include the bytes of a layer', async () => {
    const { kept } = await receive(await packTar([{ name: 'a/layer.tar', content: layer }]), {
      memoryBytes: 2000,
    });
    expect(await kept.read(512, 512)).toEqual(layer.subarray(0, 512));
    const error = await catchError(() => kept.read(512, 513));
    expect(error).toMatchObject({ code: 'UNAVAILABLE', hint: expect.stringContaining('file') });
  });
});

describe('repeated entries', () => {
  const other = Buffer.from(layer);
  other[other.length - 2000] = (other[other.length - 2000] ?? 0) ^ 1;
  const findLayer = (items: readonly TarItem[]) => items.find(({ content }) => content === layer);

  it.each([
    ['the same', layer, undefined],
    ['other', other, /the archive has it more than once, with different content/],
  ])('with %s bytes', async (_what, second, message) => {
    const items = listArchiveItems([image], 'skopeo');
    const first = findLayer(items);
    if (first === undefined) throw new Error('no such layer');
    const tar = await packTar([
      first,
      { ...first, content: second },
      ...items.filter((item) => item !== first),
    ]);
    const { kept, intake } = await receive(tar, { memoryBytes: 16_000 });
    expect(intake.begun.filter(({ name }) => name === first.name)).toHaveLength(1);
    const opening = () => openTarSource(kept, { temporaryDirectory: nowhere }, intake.sent);
    if (message === undefined) expect((await opening()).images).toHaveLength(1);
    else expect((await catchError(opening)).message).toMatch(message);
  });

  it('are also compared if one was kept and the other was not', async () => {
    const items = listArchiveItems([image], 'skopeo');
    const first = findLayer(items);
    if (first === undefined) throw new Error('no such layer');
    const tar = await packTar([...items, first]);
    const { kept, intake } = await receive(tar, { memoryBytes: layer.length + 50_000 });
    expect(intake.begun.map(({ name }) => name)).toContain(first.name);
    expect(await openTarSource(kept, { temporaryDirectory: nowhere }, intake.sent)).toBeDefined();
  });
});

describe('a hostile stream', () => {
  it.each<[string, Buffer, RegExp]>([
    [
      'an extension without end',
      Buffer.concat([makeTarBlock({ name: 'x', type: 'x', size: 2 ** 33 - 1 }), TAR_END]),
      /extension header is too long: \d+ bytes/,
    ],
    [
      'an extension that is cut short',
      Buffer.concat([makeTarBlock({ name: 'x', type: 'L', size: 5000 }), Buffer.alloc(512)]),
      /cut short/,
    ],
    [
      'a layer longer than all there is',
      Buffer.concat([makeTarBlock({ name: 'a/layer.tar', size: 2 ** 33 - 1 }), layer]),
      /cut short: the archive ends after \d+ of its 8589934591 bytes/,
    ],
    [
      'a size that is given anew',
      Buffer.concat([makePaxEntry({ size: '99999999' }), makeTarEntry({ name: 'a/layer.tar' }, layer)]),
      /cut short/,
    ],
    [
      'a header that is none',
      Buffer.concat([makeTarEntry({ name: 'a' }, 'a'), Buffer.alloc(512, 7)]),
      /checksum/,
    ],
  ])('%s', async (_what, tar, message) => {
    const error = await catchError(() => receive(tar));
    expect(error.code).toBe('INVALID_INPUT');
    expect(error.message).toMatch(message);
  });

  it('is read to its end, so that its writer does not fail', async () => {
    let given = 0;
    const tar = await packTar(listArchiveItems([image], 'skopeo'));
    async function* chunks() {
      for (const chunk of [tar, Buffer.alloc(100_000), Buffer.from('whatever comes after the end')]) {
        given += chunk.length;
        yield chunk;
      }
    }
    await receiveTar(
      chunks(),
      new KeptFile('piped', { temporaryDirectory: nowhere, maxSpoolBytes: 0 }),
      memoryIntake(),
    );
    expect(given).toBeGreaterThan(tar.length + 100_000);
  });
});

describe('openArrivingSource', () => {
  const options = { temporaryDirectory: nowhere };
  const items = listArchiveItems([image], 'skopeo');

  it('takes a compressed stream', async () => {
    const tar = await packTar(items);
    for (const bytes of [tar, gzipSync(tar)]) {
      const stream = Readable.from(cut(bytes, () => 7000));
      const source = await openArrivingSource(stream, 'standard input', memoryIntake(), options);
      expect(source.images).toHaveLength(1);
      expect(stream.destroyed).toBe(true);
    }
  });

  it('refuses a compressed stream that is no tar', async () => {
    const stream = Readable.from(cut(gzipSync('hello'), () => 7000));
    const error = await catchError(() =>
      openArrivingSource(stream, 'standard input', memoryIntake(), options),
    );
    expect(error.message).toBe('standard input: it is gzip-compressed, but there is no tar archive inside');
    expect(error.hint).toMatch(/docker save/);
  });

  it('aborts the intake if the stream is damaged', async () => {
    const bytes = gzipSync(await packTar(items)).subarray(0, 50_000);
    const intake = memoryIntake();
    const error = await catchError(() =>
      openArrivingSource(Readable.from(cut(bytes, () => 7000)), 'standard input', intake, options),
    );
    expect(error.message).toMatch(/standard input: its gzip stream is damaged or cut short/);
    expect(intake.aborted).toEqual([error]);
  });

  it('throws the error of a layer', async () => {
    const [first] = items.filter(({ content }) => content === layer);
    const large = { name: `${first?.name ?? ''}`, content: Buffer.concat([layer, Buffer.alloc(2 * MIB)]) };
    const reason = new Error('the service said no');
    const intake = memoryIntake({ after: 100_000, error: reason });
    const stream = Readable.from(cut(await packTar([large]), () => 7000));
    await expect(openArrivingSource(stream, 'standard input', intake, options)).rejects.toBe(reason);
    expect(intake.aborted).toEqual([reason]);
    expect(stream.destroyed).toBe(true);
  });

  it('stops on an interruption while the stream is silent', async () => {
    const controller = new AbortController();
    const stream = new PassThrough();
    stream.write((await packTar(items)).subarray(0, 5000));
    const opening = openArrivingSource(
      stream,
      'x',
      { ...memoryIntake(), signal: controller.signal },
      options,
    );
    const reason = new Error('by you');
    setImmediate(() => controller.abort(reason));
    await expect(opening).rejects.toBe(reason);
  });

  it('throws a read error if the stream fails', async () => {
    async function* broken() {
      yield (await packTar(items)).subarray(0, 4096);
      throw Object.assign(new Error('read failed'), { code: 'EIO' });
    }
    const error = await catchError(() =>
      openArrivingSource(Readable.from(broken()), 'standard input', memoryIntake(), options),
    );
    expect(error).toMatchObject({ code: 'INVALID_INPUT', message: expect.stringContaining('EIO') });
  });
});
