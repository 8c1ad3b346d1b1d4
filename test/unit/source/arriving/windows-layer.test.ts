import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { isWindowsLayer } from '../../../../src/source/arriving/windows-layer.ts';
import { makeRandomBytes, packTar, storeAsZstd } from '../../../support/images.ts';

/** As the first 512 bytes of a layer arrive. */
const begin = async (name: string, compressed: boolean): Promise<Buffer> => {
  const tar = await packTar([{ name, content: makeRandomBytes(name, 5000) }]);
  return (compressed ? gzipSync(tar) : tar).subarray(0, 512);
};

it.each([
  ['Files', true],
  ['Files/Windows/notepad.exe', true],
  ['Hives/System_Base', true],
  ['UtilityVM/Files', true],
  ['PaxHeaders.0/Files', true],
  ['files', false],
  ['FilesOfMine', false],
  ['usr/share/Files', false],
  ['', false],
])('a layer whose first entry is %j: %s', async (name, expected) => {
  expect(isWindowsLayer(await begin(name, false), 'none')).toBe(expected);
  expect(isWindowsLayer(await begin(name, true), 'gzip')).toBe(expected);
});

it.each([
  ['no bytes', Buffer.alloc(0)],
  ['gzip that is damaged', Buffer.from(`1f8b0800${'ff'.repeat(100)}`, 'hex')],
  // A kilobyte of it would decompress to a megabyte.
  ['a bomb', gzipSync(Buffer.alloc(200_000_000, 'x')).subarray(0, 512)],
])('%s', (_, start) => {
  expect(isWindowsLayer(start, 'gzip')).toBe(false);
});

it('zstd, which no foreign layer is', () => {
  expect(isWindowsLayer(storeAsZstd(Buffer.from('Files/')), 'zstd')).toBe(false);
});
