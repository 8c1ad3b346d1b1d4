import { spawnSync } from 'node:child_process';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { replaceFile, replaceFileSync } from '../../../src/files/replace-file.ts';
import { useTemporaryDirectories } from '../../support/temporary-directory.ts';

const makeDirectory = useTemporaryDirectories();
/** Only root may mount. */
const canMount = spawnSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt']).status === 0;

describe.skipIf(!canMount)('a disk that has room for a part of the file', () => {
  let disk: string;
  beforeEach(async () => {
    disk = await makeDirectory();
    spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=32k', 'tmpfs', disk]);
  });
  afterEach(() => spawnSync('umount', [disk]));

  test.each([
    ['replaceFile', replaceFile],
    ['replaceFileSync', async (path: string, text: string) => replaceFileSync(path, text)],
  ])('keeps the old file, and no other file (%s)', async (_name, replace) => {
    const path = join(disk, 'file');
    await writeFile(path, 'a'.repeat(10_000));
    await expect(replace(path, 'b'.repeat(30_000))).rejects.toMatchObject({ code: 'ENOSPC' });
    expect(await readFile(path, 'utf8')).toBe('a'.repeat(10_000));
    expect(await readdir(disk)).toEqual(['file']);
    await replace(path, 'c'.repeat(11_000));
    expect(await readFile(path, 'utf8')).toBe('c'.repeat(11_000));
  });
});
