import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { EcrpError } from '../../../src/errors.ts';
import { canDecode } from '../../../src/source/decoders.ts';
import { openSource } from '../../../src/source/open-source.ts';
import { catchError } from '../../support/catch-error.ts';
import { packTar } from '../../support/images.ts';
import { makePaxEntry, makeTarEntry } from '../../support/tar-blocks.ts';
import { useTemporaryDirectories } from '../../support/temporary-directory.ts';

const makeDirectory = useTemporaryDirectories();
const chart = await packTar([{ name: 'app/Chart.yaml' }, { name: 'app/values.yaml' }]);
const readme = await packTar([{ name: 'README' }]);
const fileSystem = await packTar([{ name: 'bin', symlink: 'usr/bin' }]);
const folder = await packTar([{ name: 'out/oci-layout' }]);
const old = await packTar([{ name: 'repositories' }]);

async function refuse(content: Buffer): Promise<EcrpError> {
  const directory = await makeDirectory();
  const path = join(directory, 'image.tar');
  await writeFile(path, content);
  const spoolLimit = { bytes: 1_000_000, factor: 10 };
  const error = await catchError(() => openSource(path, { temporaryDirectory: directory, spoolLimit }));
  expect(error.code).toBe('INVALID_INPUT');
  expect(error.message).toContain(path);
  expect(await readdir(directory)).toEqual(['image.tar']);
  return error;
}

describe('files that are no image', () => {
  it.each([
    ['an empty file', Buffer.alloc(0), /it is empty/],
    ['a file of zeros', Buffer.alloc(10_240), /empty tar, or a file of zeros/],
    ['a text', Buffer.from('hello'), /no tar, gzipped or plain/],
    ['zstd', Buffer.from('28b52ffd2004', 'hex'), /zstd-compressed|zstd stream is damaged/],
    ['xz', Buffer.from('fd377a585a000004', 'hex'), /xz-compressed/],
    ['bzip2', Buffer.from('425a683931415926', 'hex'), /bzip2-compressed/],
    ['a zip', Buffer.from('504b030414000000', 'hex'), /a zip file/],
    ['a gzipped text', gzipSync('hello'), /gzip-compressed, but what is inside is no tar/],
    ['a tar gzipped twice', gzipSync(gzipSync(makeTarEntry({ name: 'x' }, ''))), /what is inside is no tar/],
    ['a gzip cut short', gzipSync(Buffer.alloc(5000, 'x')).subarray(0, 20), /damaged or cut short/],
    [
      'a gzip with a wrong checksum',
      Buffer.concat([gzipSync('x').subarray(0, -8), Buffer.alloc(8)]),
      /damaged/,
    ],
    ['a gzip header alone', Buffer.from('1f8b0800', 'hex'), /damaged or cut short/],
    ['a decompression bomb', gzipSync(Buffer.alloc(3_000_000)), /unpack to more than 10\d{5} bytes/],
    ['a Helm chart', gzipSync(chart), /packaged Helm chart/],
    ['a tar without anything', readme, /without manifest.json or index.json.*"README"/],
    ['a file system', fileSystem, /tar of a file system/],
    ['an image in a folder', folder, /lies in a folder, "out"/],
    ['a very old docker save', old, /older than 1.10/],
    ['only extension headers', makePaxEntry({ path: 'x' }), /without manifest.json/],
  ])('%s', async (_, content, message) => {
    const error = await refuse(content);
    expect(error.message).toMatch(message);
    expect(error.hint).toMatch(/ecrp|Unpack|Load|Pack|Made|damaged|gunzip/);
  });

  it.runIf(!canDecode('zstd'))('names the command to unpack zstd, and the Node that can', async () => {
    const { hint } = await refuse(Buffer.from('28b52ffd2004', 'hex'));
    expect(hint).toContain('zstd -d');
    expect(hint).toContain('Node 22.15');
  });
});
