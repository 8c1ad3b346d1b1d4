import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { recognizeLayer } from '../../../../src/source/arriving/receive-tar.ts';
import { packTar, storeAsZstd } from '../../../support/images.ts';

const hex = 'a1'.repeat(32);
const plain = await packTar([{ name: 'file', content: Buffer.from('x') }]);
const starts = {
  plain,
  gzip: gzipSync(plain),
  zstd: storeAsZstd(plain),
  json: Buffer.from('{"a":1}'.padEnd(600)),
};

it.each<[string, keyof typeof starts, boolean, boolean]>([
  [`blobs/sha256/${hex}`, 'plain', true, true],
  [`blobs/sha256/${hex}`, 'gzip', true, true],
  [`blobs/sha256/${hex}`, 'zstd', true, true],
  [`blobs/sha256/${hex}`, 'json', false, false],
  [`blobs/sha512/${hex}`, 'gzip', false, false],
  [`deeper/blobs/sha256/${hex}`, 'gzip', false, false],
  [`${hex}.tar`, 'plain', true, true],
  // Its name may be the diff ID or the digest.
  [`${hex}.tar`, 'gzip', true, false],
  [`${hex}.tar.gz`, 'gzip', true, true],
  [`${hex}.tar.gz`, 'plain', true, false],
  [`${hex}.json`, 'json', false, false],
  [`${hex}/layer.tar`, 'plain', true, false],
  [`${hex}/layer.tar`, 'gzip', true, false],
  ['layer.tar', 'plain', true, false],
  [`${hex}/layer.tar`, 'json', false, false],
  // Files of a file system must not be sent.
  ['usr/share/doc/changelog.gz', 'gzip', false, false],
  ['home/me/backup.tar', 'plain', false, false],
])('%s that begins like %s: a layer %s, named by its digest %s', (name, start, isLayer, isNamed) => {
  const entry = { name, kind: 'file', start: 0, size: 1000, target: '' } as const;
  const layer = recognizeLayer(entry, starts[start].subarray(0, 512));
  expect(layer !== undefined).toBe(isLayer);
  expect(layer?.named).toBe(isNamed ? `sha256:${hex}` : undefined);
  expect(layer?.compression).toBe(isLayer ? (start === 'plain' ? 'none' : start) : undefined);
});
