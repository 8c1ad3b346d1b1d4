import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import {
  chmod,
  link,
  lstat,
  mkdir,
  readdir,
  readFile,
  readlink,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { checkOutputFile, writeOutputFile } from '../../../src/files/output-file.ts';
import { useTemporaryDirectories } from '../../support/temporary-directory.ts';

const run = promisify(execFile);
const makeDirectory = useTemporaryDirectories();
const onUnix = process.platform !== 'win32';

async function writeChecked(path: string, text: string): Promise<void> {
  await checkOutputFile(path);
  await writeOutputFile(path, text);
}

describe('a regular file', () => {
  test('is made, and replaced with its mode', async () => {
    const directory = await makeDirectory();
    const path = join(directory, 'digest');
    await writeChecked(path, 'first');
    await chmod(path, 0o640);
    const other = join(directory, 'other');
    await link(path, other);
    await writeChecked(path, 'second');
    expect(await readFile(path, 'utf8')).toBe('second');
    expect((await stat(path)).mode & 0o777).toBe(0o640);
    // A reader that has the old file open can read all of it.
    expect(await readFile(other, 'utf8')).toBe('first');
    expect((await readdir(directory)).sort()).toEqual(['digest', 'other']);
  });

  test('is reached through links, even before it exists, and the links stay', async () => {
    const directory = await makeDirectory();
    await mkdir(join(directory, 'far'));
    await symlink('far/target', join(directory, 'near'));
    await symlink('near', join(directory, 'path'));
    for (const text of ['first', 'second']) {
      await writeChecked(join(directory, 'path'), text);
      expect(await readFile(join(directory, 'far', 'target'), 'utf8')).toBe(text);
      expect(await readlink(join(directory, 'path'))).toBe('near');
      expect(await readlink(join(directory, 'near'))).toBe('far/target');
    }
  });

  test('that is not writable is replaced if its directory is writable', async () => {
    const path = join(await makeDirectory(), 'digest');
    await writeFile(path, 'first', { mode: 0o400 });
    await writeChecked(path, 'second');
    expect(await readFile(path, 'utf8')).toBe('second');
  });

  test.each([
    [
      'in a directory that does not exist',
      (directory: string) => join(directory, 'none', 'digest'),
      'ENOENT',
    ],
    ['that is a directory', (directory: string) => directory, 'EISDIR'],
    ['below a file', (directory: string) => join(directory, 'file', 'digest'), 'ENOTDIR'],
    ['by links that go round', (directory: string) => join(directory, 'circle'), 'ELOOP'],
  ])('%s is detected before anything is written', async (_name, locate, code) => {
    const directory = await makeDirectory();
    await writeFile(join(directory, 'file'), '');
    await symlink('circle', join(directory, 'circle'));
    await expect(checkOutputFile(locate(directory))).rejects.toMatchObject({ code });
  });
});

/** Only root may mount. */
const canMount = spawnSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt']).status === 0;

describe.skipIf(!canMount)('a file on a disk that is full, or read-only', () => {
  let disk: string;
  beforeEach(async () => {
    disk = await makeDirectory();
    spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=16k', 'tmpfs', disk]);
    await writeFile(join(disk, 'digest'), 'old');
  });
  afterEach(() => spawnSync('umount', [disk]));

  test.each(['digest', 'new'])('is detected before anything is written: %s', async (name) => {
    await writeFile(join(disk, 'filler'), Buffer.alloc(16_384)).catch(() => undefined);
    await expect(checkOutputFile(join(disk, name))).rejects.toMatchObject({ code: 'ENOSPC' });
    spawnSync('mount', ['-o', 'remount,ro', disk]);
    await expect(checkOutputFile(join(disk, name))).rejects.toMatchObject({ code: 'EROFS' });
    expect(await readFile(join(disk, 'digest'), 'utf8')).toBe('old');
    expect((await readdir(disk)).sort()).toEqual(['digest', 'filler']);
  });
});

describe.skipIf(!onUnix)('anything but a regular file keeps its kind', () => {
  test('a device', async () => {
    await writeChecked('/dev/null', 'text');
    expect((await lstat('/dev/null')).isCharacterDevice()).toBe(true);
  });

  test('a FIFO, whose reader gets everything even if it comes late', async () => {
    const path = join(await makeDirectory(), 'fifo');
    await run('mkfifo', [path]);
    await checkOutputFile(path);
    let startReader = (_: ChildProcess): void => undefined;
    const started = new Promise<ChildProcess>((resolve) => {
      startReader = resolve;
    });
    const text = 'digest'.repeat(50_000);
    await Promise.all([
      writeOutputFile(path, text, {
        onWait: () => {
          startReader(spawn('cat', [path], { stdio: ['ignore', 'pipe', 'ignore'] }));
        },
      }),
      (async () => {
        const chunks: Buffer[] = [];
        for await (const chunk of (await started).stdout ?? []) chunks.push(chunk);
        expect(Buffer.concat(chunks).toString()).toBe(text);
      })(),
    ]);
    expect((await lstat(path)).isFIFO()).toBe(true);
  });

  test('a FIFO without a reader, until the command is interrupted', async () => {
    const path = join(await makeDirectory(), 'fifo');
    await run('mkfifo', [path]);
    const controller = new AbortController();
    const { signal } = controller;
    const writing = writeOutputFile(path, 'text', {
      signal,
      onWait: () => controller.abort(new Error('stop')),
    });
    await expect(writing).rejects.toThrow('stop');
  });

  test.runIf(process.platform === 'linux')('a descriptor: earlier output stays', async () => {
    const path = join(await makeDirectory(), 'output');
    await writeFile(path, 'before\n');
    const descriptor = openSync(path, 'a');
    try {
      for (const name of [`/dev/fd/${descriptor}`, `/proc/self/fd/${descriptor}`])
        await writeChecked(name, 'digest\n');
    } finally {
      closeSync(descriptor);
    }
    expect(await readFile(path, 'utf8')).toBe('before\ndigest\ndigest\n');
    await expect(checkOutputFile('/dev/fd/9999')).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('a socket, and a disk, are refused', async () => {
    const path = join(await makeDirectory(), 'socket');
    const server = createServer().listen(path);
    await once(server, 'listening');
    try {
      await expect(checkOutputFile(path)).rejects.toMatchObject({ code: 'ENXIO' });
      await expect(writeOutputFile(path, 'text')).rejects.toMatchObject({ code: 'ENXIO' });
    } finally {
      server.close();
    }
  });
});
