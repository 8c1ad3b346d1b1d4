import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { type ByteFile, openByteFile } from '../../../src/source/byte-file.ts';
import { refuseSpool, spoolCompressed } from '../../../src/source/spool.ts';
import { catchError } from '../../support/catch-error.ts';
import { makeRandomBytes } from '../../support/images.ts';
import { useTemporaryDirectories } from '../../support/temporary-directory.ts';

const makeDirectory = useTemporaryDirectories();
const content = makeRandomBytes('spool', 3_000_000);
const limit = { bytes: content.length, factor: 0 };

async function openPacked(directory: string): Promise<ByteFile> {
  const path = join(directory, 'image.tar.gz');
  await writeFile(path, gzipSync(content));
  return openByteFile(path, { followLinks: true });
}

it('that may take no byte says how little is free, and no number', async () => {
  const { message, hint } = refuseSpool({ path: 'image.tar.gz', compression: 'gzip' }, '/tmp', 0);
  expect(message).toBe('image.tar.gz: its decompressed content needs space in /tmp, but may use none there');
  expect(hint).toContain('Free more than 1 GiB there');
});

describe('spoolCompressed', () => {
  it('gives the same bytes, up to the limit', async () => {
    const directory = await makeDirectory();
    const file = await openPacked(directory);
    const spool = await spoolCompressed(file, 'gzip', { temporaryDirectory: directory }, limit);
    expect(spool.size).toBe(content.length);
    expect((await spool.read(0, spool.size)).equals(content)).toBe(true);
    expect(spool.path).toBe(file.path);
    spool.close();
    spool.close();
    const error = await catchError(() =>
      spoolCompressed(file, 'gzip', { temporaryDirectory: directory }, { ...limit, bytes: limit.bytes - 1 }),
    );
    expect(error.message).toMatch(/decompresses to more than 2999999 bytes/);
    expect(await readdir(directory)).toEqual(['image.tar.gz']);
    file.close();
  });

  it('obeys a limit in bytes, which replaces the limit for archives', async () => {
    const directory = await makeDirectory();
    const file = await openPacked(directory);
    const none = { bytes: 0, factor: 0 };
    const room = { temporaryDirectory: directory, maxSpoolBytes: content.length };
    (await spoolCompressed(file, 'gzip', room, none)).close();
    const less = { ...room, maxSpoolBytes: content.length - 1 };
    const error = await catchError(() => spoolCompressed(file, 'gzip', less, limit));
    expect(error.message).toContain(`needs more than ${content.length - 1} bytes in ${directory}`);
    expect(await readdir(directory)).toEqual(['image.tar.gz']);
    file.close();
  });

  it('stops on an interruption, and leaves nothing', async () => {
    const directory = await makeDirectory();
    const file = await openPacked(directory);
    const controller = new AbortController();
    const reason = new Error('interrupted');
    const read: ByteFile['read'] = (position, length) => {
      if (position > 0) controller.abort(reason);
      return file.read(position, length);
    };
    const spooling = spoolCompressed(
      { ...file, read },
      'gzip',
      { temporaryDirectory: directory },
      limit,
      controller.signal,
    );
    await expect(spooling).rejects.toBe(reason);
    expect(await readdir(directory)).toEqual(['image.tar.gz']);
    file.close();
  });

  it('names the directory if it cannot be written', async () => {
    const directory = await makeDirectory();
    const file = await openPacked(directory);
    const error = await catchError(() =>
      spoolCompressed(file, 'gzip', { temporaryDirectory: join(directory, 'none') }, limit),
    );
    expect(error.code).toBe('INVALID_INPUT');
    expect(error.message).toMatch(/cannot be decompressed into .*none \(ENOENT\)/);
    expect(error.hint).toMatch(/TMPDIR/);
    file.close();
  });
});
