import { deflateRawSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { checkLayerEnd, findLayerCompression, verifyGzip } from '../../../src/engine/plan/layer-end.ts';
import { collectBytes } from '../../../src/source/source-store.ts';
import { catchError } from '../../support/catch-error.ts';
import { makeRandomBytes, storeAsZstd } from '../../support/images.ts';

async function* cut(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let start = 0; start < bytes.length; start += size) yield bytes.subarray(start, start + size);
}

const random = makeRandomBytes(1, 3_000);
const gzip = gzipSync(random);
/** The empty member at the end of an eStargz layer (stargz-snapshotter, docs/estargz.md). */
const footer = Buffer.concat([
  Buffer.from('1f8b0804000000000' + '0ff', 'hex'),
  Buffer.from([26, 0, 0x53, 0x47, 22, 0]),
  Buffer.from('0000000000000000STARGZ'),
  Buffer.from('010000ffff', 'hex'),
  Buffer.alloc(8),
]);
const SIZES = [1, 7, 100, 65_536];

const sound: readonly (readonly [string, Buffer])[] = [
  ['one member', gzip],
  ['several members', Buffer.concat([gzip, gzipSync('b'), gzipSync(Buffer.alloc(10_240))])],
  ['an empty member at the end', Buffer.concat([gzip, gzipSync('')])],
  ['the footer of eStargz', Buffer.concat([gzip, footer])],
  ['zeros, stored', gzipSync(Buffer.alloc(2048), { level: 0 })],
];

describe('gzip', () => {
  it.each(sound)('of %s is passed through', async (_, bytes) => {
    for (const size of SIZES) {
      expect((await collectBytes(checkLayerEnd(cut(bytes, size), 'gzip', 0, 'x'))).equals(bytes)).toBe(true);
      expect((await collectBytes(verifyGzip(cut(bytes, size), 'x', () => undefined))).equals(bytes)).toBe(
        true,
      );
    }
  });

  it.each([16, 512, 7_000])('followed by %i NULs is refused, decompressed or not', async (count) => {
    const bytes = Buffer.concat([gzip, Buffer.alloc(count)]);
    for (const size of SIZES) {
      for (const checked of [
        checkLayerEnd(cut(bytes, size), 'gzip', 0, 'a layer'),
        checkLayerEnd(cut(bytes.subarray(500), size), 'gzip', 500, 'a layer'),
        verifyGzip(cut(bytes, size), 'a layer', () => undefined),
      ]) {
        const error = await catchError(() => collectBytes(checked));
        expect(error).toMatchObject({ code: 'INVALID_INPUT', hint: expect.stringContaining('bsdtar') });
        expect(error.message).toMatch(/^a layer: bytes follow the end of its gzip data/);
      }
    }
  });

  it.each([1, 3, 15])('that is decompressed is refused with %i NULs already', async (count) => {
    for (const size of [gzip.length, 100]) {
      const bytes = Buffer.concat([gzip, Buffer.alloc(count)]);
      const error = await catchError(() =>
        collectBytes(verifyGzip(cut(bytes, size), 'a layer', () => undefined)),
      );
      expect(error.message).toMatch(/^a layer: bytes follow/);
    }
  });

  it.each([
    ['garbage', Buffer.from('garbage after the end')],
    ['one byte', Buffer.from('x')],
    ['half a member', gzip.subarray(0, 1000)],
    ['raw deflate', deflateRawSync('x')],
  ])('that is decompressed is refused with %s behind it', async (_, rest) => {
    for (const size of SIZES) {
      const bytes = Buffer.concat([gzip, rest]);
      const error = await catchError(() =>
        collectBytes(verifyGzip(cut(bytes, size), 'a layer', () => undefined)),
      );
      expect(error).toMatchObject({ code: 'INVALID_INPUT', hint: expect.any(String) });
      expect(error.message).toMatch(/^a layer/);
    }
  });
});

describe('zstd', () => {
  const frame = storeAsZstd(random);
  const small = Buffer.from('28b52ffd2401090000' + '61' + '00010203', 'hex');
  const skippable = Buffer.concat([Buffer.from('5a2a4d1805000000', 'hex'), Buffer.alloc(5)]);
  const runLength = Buffer.from('28b52ffd' + '6000' + '00' + '234e00' + '61', 'hex');

  it.each([
    ['a frame', frame],
    ['frames', Buffer.concat([frame, frame, small])],
    ['skippable frames', Buffer.concat([skippable, frame, skippable])],
    ['a block of one byte many times', Buffer.concat([runLength, frame])],
    ['what is not zstd at all', random],
  ])('of %s is passed through', async (_, bytes) => {
    for (const size of SIZES) {
      expect((await collectBytes(checkLayerEnd(cut(bytes, size), 'zstd', 0, 'x'))).equals(bytes)).toBe(true);
    }
  });

  it.each([
    ['NULs', Buffer.concat([frame, Buffer.alloc(512)]), /bytes follow the end of its zstd data/],
    ['garbage', Buffer.concat([frame, random]), /bytes follow/],
    ['one byte', Buffer.concat([frame, Buffer.from('x')]), /bytes follow/],
    ['gzip', Buffer.concat([frame, gzip]), /bytes follow/],
    ['half a frame', Buffer.concat([frame, frame.subarray(0, 1000)]), /cut short/],
    ['its last byte missing', frame.subarray(0, -1), /cut short/],
  ])('with %s behind it is refused', async (_, bytes, message) => {
    for (const size of SIZES) {
      const error = await catchError(() =>
        collectBytes(checkLayerEnd(cut(bytes, size), 'zstd', 0, 'a layer')),
      );
      expect(error).toMatchObject({ code: 'INVALID_INPUT', hint: expect.any(String) });
      expect(error.message).toMatch(message);
    }
  });
});

it.each([
  ['application/vnd.oci.image.layer.v1.tar+gzip', 'gzip'],
  ['application/vnd.oci.image.layer.v1.tar+zstd', 'zstd'],
  ['application/vnd.docker.image.rootfs.diff.tar.gzip', 'gzip'],
  ['application/vnd.docker.image.rootfs.foreign.diff.tar.gzip', 'gzip'],
  ['application/vnd.oci.image.layer.v1.tar', undefined],
  ['application/vnd.cncf.helm.chart.content.v1.tar+gzip', undefined],
])('a layer of type %s is compressed with %s', (mediaType, compression) => {
  expect(findLayerCompression(mediaType)).toBe(compression);
});
