import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { canDecode } from '../../../src/compress/decoder.ts';
import type { EcrpError } from '../../../src/errors.ts';
import { KeptFile } from '../../../src/source/arriving/kept-file.ts';
import { receiveTar } from '../../../src/source/arriving/receive-tar.ts';
import { openSource } from '../../../src/source/open-source.ts';
import { locateFound } from '../../support/archives.ts';
import { catchError } from '../../support/catch-error.ts';
import { makeRandomBytes, packTar } from '../../support/images.ts';
import { makePaxEntry, makeTarBlock, makeTarEntry } from '../../support/tar-blocks.ts';
import { useTemporaryDirectories } from '../../support/temporary-directory.ts';
import { memoryIntake } from './arriving/memory-intake.ts';

const makeDirectory = useTemporaryDirectories();
const chart = await packTar([{ name: 'app/Chart.yaml' }, { name: 'app/values.yaml' }]);
const skopeoDirectory = await packTar([
  { name: 'manifest.json', content: Buffer.from('{"schemaVersion":2,"layers":[]}') },
  { name: 'version', content: Buffer.from('Directory Transport Version: 1.1\n') },
]);
const readme = await packTar([{ name: 'README' }]);
const fileSystem = await packTar([{ name: 'bin', symlink: 'usr/bin' }]);
const folder = await packTar([{ name: 'out/oci-layout' }]);
const old = await packTar([{ name: 'repositories' }]);

const powershell = await readFile(locateFound('powershell-utf16.tar'));

/** What newer PowerShells make of an archive: each line is decoded, and written as UTF-8 with another line end. */
function mangle(encoding: 'utf8' | 'latin1', archive?: Buffer): Buffer {
  const layer = gzipSync(makeRandomBytes(1, 3000));
  const bytes =
    archive ??
    Buffer.concat([
      makeTarEntry({ name: 'blobs/sha256/' }, ''),
      makeTarEntry({ name: 'blobs/sha256/x' }, layer),
      makeTarEntry({ name: 'manifest.json' }, '[]'),
    ]);
  return Buffer.from(bytes.toString(encoding).replaceAll('\n', '\r\n'));
}

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

describe('files that are not images', () => {
  it.each([
    ['an empty file', Buffer.alloc(0), /it is empty/],
    ['a file of zeros', Buffer.alloc(10_240), /an empty tar archive, or a file of zeros/],
    ['a text', Buffer.from('hello'), /: not a tar archive \(plain or compressed\)$/],
    // Node 20 has no zstd, and Node 22 does not notice that this is cut short.
    [
      'zstd',
      Buffer.from('28b52ffd2004', 'hex'),
      /compressed with zstd|zstd stream is damaged|nothing is inside/,
    ],
    ['xz', Buffer.from('fd377a585a000004', 'hex'), /compressed with xz/],
    ['bzip2', Buffer.from('425a683931415926', 'hex'), /compressed with bzip2/],
    ['a zip', Buffer.from('504b030414000000', 'hex'), /a zip file/],
    ['a gzipped text', gzipSync('hello'), /gzip-compressed, but there is no tar archive inside/],
    ['a tar gzipped twice', gzipSync(gzipSync(makeTarEntry({ name: 'x' }, ''))), /no tar archive inside/],
    ['a gzip cut short', gzipSync(Buffer.alloc(5000, 'x')).subarray(0, 20), /damaged or cut short/],
    [
      'a gzip with a wrong checksum',
      Buffer.concat([gzipSync('x').subarray(0, -8), Buffer.alloc(8)]),
      /damaged/,
    ],
    ['a gzip of nothing', gzipSync(''), /gzip-compressed, but nothing is inside/],
    ['a gzip header alone', Buffer.from('1f8b0800', 'hex'), /damaged or cut short/],
    ['a decompression bomb', gzipSync(Buffer.alloc(3_000_000)), /decompresses to more than 10\d{5} bytes/],
    ['a Helm chart', gzipSync(chart), /a Helm chart, not an image/],
    ['a tar without anything', readme, /without manifest.json or index.json.*"README"/],
    [
      'a packed folder',
      Buffer.concat([makeTarEntry({ name: './', type: '5' }, ''), readme]),
      /begins with "README"/,
    ],
    ['a file system', fileSystem, /tar of a file system/],
    ['an image in a folder', folder, /is in a folder, "out"/],
    ['a packed `dir:` of skopeo', skopeoDirectory, /form of skopeo, `dir:`/],
    ['a very old docker save', old, /older than 1.10/],
    ["PowerShell's >, of old", powershell, /PowerShell's `>`/],
    ["PowerShell's >, big-endian", Buffer.from(powershell).swap16(), /PowerShell's `>`/],
    ["PowerShell's >, as UTF-8", mangle('utf8'), /PowerShell's `>`/],
    ["PowerShell's >, as UTF-8 of Latin characters", mangle('latin1'), /PowerShell's `>`/],
    [
      "PowerShell's Out-File, as UTF-8 with a byte order mark",
      Buffer.from(`\ufeff${'manifest.json'.padEnd(600, '\0')}`),
      /PowerShell's `>`/,
    ],
    ["PowerShell's >, of a gzipped archive", mangle('utf8', gzipSync(readme)), /PowerShell's `>`/],
    ['a text beyond ASCII', Buffer.from('f\u00fcr \u001b[1malle\u001b[0m\r\n'), /: not a tar archive/],
    [
      'a damaged tar with a name beyond ASCII',
      makeTarBlock({ name: '\u00e4', checksumError: 1 }),
      /: not a tar/,
    ],
    ['only extension headers', makePaxEntry({ path: 'x' }), /without manifest.json/],
  ])('%s', async (_, content, message) => {
    const error = await refuse(content);
    expect(error.message).toMatch(message);
    expect(error.hint).toMatch(
      /^(Give|Unpack|Load|Pack|Push|Save|If the archive is genuine, decompress)|docker save/,
    );
  });

  it.each([
    ['skopeo', ['manifest.json', 'version'], /form of skopeo/, 'skopeo copy --all'],
    [
      'an unpacked archive',
      ['manifest.json', 'repositories'],
      /unpacked `docker save`/,
      'tar -cf image.tar -C',
    ],
  ])('a directory of %s', async (_, names, message, hint) => {
    const { refuseDirectory } = await import('../../../src/source/refusals.ts');
    const find = (name: string) => names.find((each) => each === name);
    const error = refuseDirectory({ path: 'some where', find });
    expect(error.message).toMatch(message);
    expect(error.hint).toContain(hint);
    expect(error.hint).toContain("some where'");
  });

  it('names the command that packs the content of a folder, whatever its name', async () => {
    const { hint } = await refuse(await packTar([{ name: "it's out/image/manifest.json" }]));
    expect(hint).toBe(
      "Unpack it, then pack the content of the folder: `tar -cf image.tar -C 'it'\\''s out/image' .`",
    );
  });

  it.runIf(!canDecode('zstd'))('names the command to decompress zstd, and the Node that can', async () => {
    const { hint } = await refuse(Buffer.from('28b52ffd2004', 'hex'));
    expect(hint).toContain('zstd -d');
    expect(hint).toContain('Node 22.15');
  });
});

describe('a tar of many entries', () => {
  const foreign = Array.from({ length: 1000 }, (_, position) =>
    makeTarBlock({ name: `usr/share/file-${position}` }),
  );
  const end = Buffer.from('no tar header'.padEnd(512));

  it.each([0, 600])('is refused after a thousand entries without an image (from %i on)', async (start) => {
    const error = await refuse(Buffer.concat([...foreign.slice(start), ...foreign.slice(0, start), end]));
    expect(error.message).toMatch(/the tar of a file system/);
    const file = new KeptFile('piped', { temporaryDirectory: '/no', maxSpoolBytes: 0 });
    const stream = Readable.from([Buffer.concat([...foreign, end])]);
    const forwards = await catchError(() => receiveTar(stream, file, memoryIntake()));
    expect(forwards.message).toBe('piped: the tar of a file system, not of an image');
  });

  it.each([
    'manifest.json',
    'oci-layout',
    'index.json',
    'blobs/sha256/',
    `${'a'.repeat(64)}.json`,
    `sha256:${'a'.repeat(64)}`,
    `${'a'.repeat(64)}/VERSION`,
    `${'a'.repeat(64)}.tar.gz`,
    'base/layer.tar',
  ])('is read to its end if %s is among the first thousand', async (name) => {
    const marker = makeTarBlock({ name });
    const before = foreign.slice(0, 999);
    const error = await refuse(Buffer.concat([...before, marker, ...foreign, ...foreign, end]));
    expect(error.message).toMatch(/tar header at byte \d+: the checksum/);
  });
});
