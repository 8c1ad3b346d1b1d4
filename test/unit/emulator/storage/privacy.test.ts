import { createHash } from 'node:crypto';
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { lockDirectory } from '../../../../src/emulator/storage/lock.ts';
import { openTokenKey } from '../../../../src/emulator/tokens.ts';
import { createRepository, makeDirectory, makeImage, openTestStore, putLayer } from './opened-store.ts';

const isPosix = process.platform !== 'win32';

describe.runIf(isPosix)('in a directory that others may read, under any umask', () => {
  test('only the owner has access to files and directories', async () => {
    const before = process.umask(0);
    onTestFinished(() => {
      process.umask(before);
    });
    const directory = makeDirectory();
    chmodSync(directory, 0o755);
    const store = await openTestStore(directory);
    openTokenKey(directory);
    createRepository(store, 'r');
    const damaged = await putLayer(store, 'r', Buffer.from('layer'));
    await putLayer(store, 'r', Buffer.from('another'));
    store.putImage('r', makeImage('{}'));
    store.setCatalogData('r', {}, Buffer.from('logo'));
    const { uploadId } = store.initiateUpload('r');
    await store.appendPart('r', uploadId, { firstByte: 0, bytes: Buffer.from('part'), maximumParts: 1 });
    const hex = damaged.slice('sha256:'.length);
    writeFileSync(join(directory, 'blobs', 'sha256', hex.slice(0, 2), hex), 'other');
    expect(await store.openLayer('r', damaged)).toBeUndefined();

    const entries = readdirSync(directory, { recursive: true, withFileTypes: true });
    const modes = entries.map((entry) => {
      const { mode } = statSync(join(entry.parentPath, entry.name));
      return `${entry.isDirectory() ? 'd' : '-'}${(mode & 0o777).toString(8)}`;
    });
    expect(new Set(modes)).toEqual(new Set(['d700', '-600']));
    for (const name of ['journal', 'token-key', 'blobs', 'uploads', 'damaged']) {
      expect(entries.map((entry) => entry.name)).toContain(name);
    }
  });
});

describe('the key of tokens', () => {
  test('is kept, and differs in another directory', () => {
    const directory = makeDirectory();
    const key = openTokenKey(directory);
    expect(key).toMatch(/^[0-9a-f]{64}$/);
    expect(openTokenKey(directory)).toBe(key);
    expect(openTokenKey(makeDirectory())).not.toBe(key);
  });

  test.runIf(isPosix)('is replaced where others could have read it, or it is none', () => {
    const directory = makeDirectory();
    const key = openTokenKey(directory);
    const path = join(directory, 'token-key');
    chmodSync(path, 0o644);
    const next = openTokenKey(directory);
    expect(next).not.toBe(key);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    writeFileSync(path, 'short');
    expect(openTokenKey(directory)).toMatch(/^[0-9a-f]{64}$/);
    expect(readFileSync(path, 'latin1').trim()).toHaveLength(64);
  });
});

describe.runIf(process.platform === 'linux')('the lock of a directory', () => {
  test('is only in the directory, where no other user can take it', async () => {
    const directory = makeDirectory();
    const { dev, ino } = statSync(directory, { bigint: true });
    // An earlier name of the lock, in a namespace where every user may take it.
    const name = createHash('sha256').update(`${dev}:${ino}`).digest('hex').slice(0, 32);
    const squatter = createServer();
    await new Promise<void>((resolve) => squatter.listen(`\0ecrp-emulator-${name}`, resolve));
    onTestFinished(() => {
      squatter.close();
    });
    const unlock = await lockDirectory(directory);
    await unlock();
    expect(readdirSync(directory)).toEqual([]);
  });

  test('excludes every other holder, by any path, until it is released', async () => {
    const directory = makeDirectory();
    const long = join(directory, ...Array<string>(20).fill('a-long-name'));
    mkdirSync(long, { recursive: true });
    const link = join(directory, 'link');
    symlinkSync(long, link);
    const unlock = await lockDirectory(long);
    for (const path of [long, link]) {
      await expect(lockDirectory(path)).rejects.toThrow(
        `Another emulator is using the data directory ${path}.`,
      );
    }
    await unlock();
    await (await lockDirectory(link))();
  });

  test('is held by at most one of two that start at once', async () => {
    const directory = makeDirectory();
    for (let round = 0; round < 20; round += 1) {
      const results = await Promise.allSettled([1, 2, 3].map(() => lockDirectory(directory)));
      const held = results.filter((result) => result.status === 'fulfilled');
      expect(held.length).toBeLessThanOrEqual(1);
      for (const { value: unlock } of held) await unlock();
    }
    await (await lockDirectory(directory))();
  });

  test('is free after its process was killed', async () => {
    const directory = makeDirectory();
    const { spawnSync } = await import('node:child_process');
    const program = `require('node:net').createServer().listen('lock.7', () => process.kill(process.pid, 'SIGKILL'))`;
    spawnSync(process.execPath, ['-e', program], { cwd: directory });
    expect(readdirSync(directory)).toEqual(['lock.7']);
    const unlock = await lockDirectory(directory);
    expect(readdirSync(directory)).toEqual(['lock.8']);
    await unlock();
  });
});
