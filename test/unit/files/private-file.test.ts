import { spawnSync } from 'node:child_process';
import { lstatSync } from 'node:fs';
import { chmod, lstat, mkdir, readdir, readFile, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { isOwnDirectory, pruneDirectory } from '../../../src/files/private-directory.ts';
import { readPrivateFile, writePrivateFile } from '../../../src/files/private-file.ts';
import { useTemporaryDirectories } from '../../support/temporary-directory.ts';

const makeDirectory = useTemporaryDirectories();
const modeOf = async (path: string) => (await stat(path)).mode & 0o777;
const makeOpen = async (path: string) => {
  await mkdir(path);
  await chmod(path, 0o755);
};
const DAY_MS = 24 * 3_600_000;

describe('a private file', () => {
  test.each([0o000, 0o022, 0o077, 0o277, 0o777])(
    'and its directories are for their owner alone under umask %o',
    async (mask) => {
      const directory = await makeDirectory();
      const before = process.umask(mask);
      try {
        writePrivateFile(join(directory, 'a', 'b'), 'c/file', 'text');
      } finally {
        process.umask(before);
      }
      for (const path of ['a', 'a/b', 'a/b/c']) expect(await modeOf(join(directory, path))).toBe(0o700);
      expect(await modeOf(join(directory, 'a/b/c/file'))).toBe(0o600);
      expect(readPrivateFile(join(directory, 'a/b'), 'c/file')).toBe('text');
    },
  );

  test('takes the rights of others to directory and file away', async () => {
    const directory = join(await makeDirectory(), 'cache');
    await mkdir(join(directory, 'aa'), { recursive: true });
    await writeFile(join(directory, 'aa', 'file'), 'old');
    for (const [path, mode] of [
      ['', 0o755],
      ['aa', 0o755],
      ['aa/file', 0o644],
    ] as const)
      await chmod(join(directory, path), mode);
    writePrivateFile(directory, 'aa/file', 'new');
    expect(await modeOf(directory)).toBe(0o700);
    expect(await modeOf(join(directory, 'aa'))).toBe(0o700);
    expect(await modeOf(join(directory, 'aa/file'))).toBe(0o600);
    expect(isOwnDirectory(directory)).toBe(true);
  });

  test.each([
    ['an earlier version’s', 0o755, async () => {}, 0o700],
    ['one that holds something else', 0o755, (root: string) => writeFile(join(root, 'other'), ''), 0o755],
    ['one that others use too', 0o755, (root: string) => makeOpen(join(root, 'other')), 0o755],
    ['one that is shared on purpose', 0o777, async () => {}, 0o777],
    ['one like /tmp', 0o1755, async () => {}, 0o1755],
  ])('sets the mode of the directory above: %s', async (_name, before, fill, after) => {
    const root = join(await makeDirectory(), 'ecrp');
    await mkdir(join(root, 'layers'), { recursive: true });
    await fill(root);
    await chmod(root, before);
    writePrivateFile(join(root, 'layers'), 'file', 'text');
    expect((await stat(root)).mode & 0o7777).toBe(after);
    expect(await modeOf(join(root, 'layers'))).toBe(0o700);
  });

  test('replaces a link and keeps its target', async () => {
    const directory = await makeDirectory();
    await writeFile(join(directory, 'precious'), 'precious');
    await mkdir(join(directory, 'cache'));
    await symlink('../precious', join(directory, 'cache', 'file'));
    expect(readPrivateFile(join(directory, 'cache'), 'file')).toBeUndefined();
    writePrivateFile(join(directory, 'cache'), 'file', 'text');
    expect(await readFile(join(directory, 'precious'), 'utf8')).toBe('precious');
    expect((await lstat(join(directory, 'cache', 'file'))).isFile()).toBe(true);
    expect(readPrivateFile(join(directory, 'cache'), 'file')).toBe('text');
  });

  test.each([
    ['cache', 'file'],
    ['cache/aa', 'aa/file'],
  ])('is neither written nor read where %s is a link', async (linked, name) => {
    const directory = await makeDirectory();
    await mkdir(join(directory, 'elsewhere'));
    await writeFile(join(directory, 'elsewhere', 'file'), 'planted');
    if (linked !== 'cache') await mkdir(join(directory, 'cache'));
    await symlink(join(directory, 'elsewhere'), join(directory, linked));
    expect(readPrivateFile(join(directory, 'cache'), name)).toBeUndefined();
    expect(() => writePrivateFile(join(directory, 'cache'), name, 'text')).toThrow('ELOOP');
    expect(await readFile(join(directory, 'elsewhere', 'file'), 'utf8')).toBe('planted');
    expect(isOwnDirectory(join(directory, linked))).toBe(false);
  });

  test('is not read if it is not a regular file, or far too long', async () => {
    const directory = await makeDirectory();
    spawnSync('mkfifo', [join(directory, 'fifo')]);
    await mkdir(join(directory, 'directory'));
    await writeFile(join(directory, 'long'), Buffer.alloc(2 * 1024 * 1024));
    for (const name of ['fifo', 'directory', 'long', 'missing'])
      expect(readPrivateFile(directory, name)).toBeUndefined();
  });
});

describe('pruning', () => {
  async function fill(files: Readonly<Record<string, { readonly bytes?: number; readonly days: number }>>) {
    const directory = await makeDirectory();
    const nowMs = Date.now();
    for (const [name, { bytes = 1, days }] of Object.entries(files)) {
      const path = join(directory, name);
      await mkdir(join(path, '..'), { recursive: true });
      await writeFile(path, Buffer.alloc(bytes));
      await utimes(path, new Date(nowMs), new Date(nowMs - days * DAY_MS));
    }
    return directory;
  }
  const isOurs = (name: string) => name.endsWith('.json');
  const list = async (directory: string) =>
    (await readdir(directory, { recursive: true, withFileTypes: true }))
      .filter((entry) => !entry.isDirectory())
      .map(({ name }) => name)
      .sort();

  test('removes our files after 30 days, in directories below as well, and no others', async () => {
    const directory = await fill({
      'new.json': { days: 0 },
      'aa/kept.json': { days: 29 },
      'aa/old.json': { days: 31 },
      'old.json': { days: 31 },
      'notes.txt': { days: 400 },
    });
    pruneDirectory(directory, { isOurs });
    expect(await list(directory)).toEqual(['kept.json', 'new.json', 'notes.txt']);
  });

  test('removes the oldest until the rest is within 64 MB', async () => {
    const bytes = 20 * 1024 * 1024;
    const directory = await fill({
      'a.json': { bytes, days: 1 },
      'b.json': { bytes, days: 2 },
      'c.json': { bytes, days: 3 },
      'd.json': { bytes, days: 4 },
      'e.json': { days: 5 },
    });
    pruneDirectory(directory, { isOurs });
    expect(await list(directory)).toEqual(['a.json', 'b.json', 'c.json']);
  });

  test('makes the rest private', async () => {
    const directory = await fill({ 'aa/kept.json': { days: 1 } });
    await chmod(join(directory, 'aa'), 0o755);
    await chmod(join(directory, 'aa/kept.json'), 0o644);
    pruneDirectory(directory, { isOurs });
    expect(await modeOf(join(directory, 'aa'))).toBe(0o700);
    expect(await modeOf(join(directory, 'aa/kept.json'))).toBe(0o600);
  });

  test('follows no link and never throws', async () => {
    const precious = await fill({ 'old.json': { days: 400 } });
    const directory = await makeDirectory();
    await symlink(precious, join(directory, 'link'));
    await symlink(join(precious, 'old.json'), join(directory, 'old.json'));
    for (const path of [directory, join(directory, 'link'), join(directory, 'missing')])
      pruneDirectory(path, { isOurs });
    expect(await list(precious)).toEqual(['old.json']);
    expect(lstatSync(join(directory, 'old.json')).isSymbolicLink()).toBe(true);
  });
});
