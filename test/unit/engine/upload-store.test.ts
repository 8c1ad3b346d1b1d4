import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile, rename, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { clearUploads, listUploads } from '../../../src/engine/resume/upload-files.ts';
import type { UploadTarget } from '../../../src/engine/resume/upload-record.ts';
import { openUploadStore } from '../../../src/engine/resume/upload-store.ts';
import { findPlace, isRunning, type ProcessPlace, tagOwnProcess } from '../../../src/files/process-tag.ts';
import { digestOf } from '../../../src/oci/digest.ts';
import { useTemporaryDirectories } from '../../support/temporary-directory.ts';

const makeDirectory = useTemporaryDirectories();
const target = { endpoint: 'https://127.0.0.1:1', repositoryName: 'team/app' };
const subject = { id: digestOf('layer') };
const upload = { uploadId: 'u-1', partSize: 10, nextByte: 30 };
const here = findPlace();
/** A process that was never there: ids end at 2^22 on Linux. */
const dead = `99999999-1-${here.host}-${here.space}` as const;

function open(directory: string, change: Partial<UploadTarget> = {}) {
  return openUploadStore(directory, { ...target, ...change }, (problem) => {
    throw problem;
  });
}

async function findFile(directory: string): Promise<string> {
  const [name = ''] = await readdir(directory);
  return join(directory, name);
}

describe('what a push leaves', () => {
  test('the next push finds, and no other one meanwhile', async () => {
    const directory = join(await makeDirectory(), 'not', 'there', 'yet');
    const first = open(directory).claim(subject);
    expect(first.found).toBeUndefined();
    first.save({ ...upload, nextByte: 20 });
    first.save(upload);
    expect(open(directory).claim(subject).found).toBeUndefined();
    first.release();
    const second = open(directory).claim(subject);
    expect(second.found).toEqual(upload);
    expect(open(directory).claim(subject).found).toBeUndefined();
    second.discard();
    second.release();
    expect(await readdir(directory)).toEqual([]);
  });

  test.each([
    ['endpoint', { endpoint: 'https://127.0.0.1:2' }, subject],
    ['registry', { registryAlias: 'a1b2c3d4' }, subject],
    ['repository', { repositoryName: 'team/other' }, subject],
    ['digest', {}, { id: digestOf('other') }],
    ['compressorId', {}, { ...subject, compressorId: 'gzip-5-v1' }],
  ])('is not resumed for another %s', async (_name, change, other) => {
    const directory = await makeDirectory();
    const claim = open(directory).claim(subject);
    claim.save(upload);
    claim.release();
    expect(open(directory, change).claim(other).found).toBeUndefined();
    expect(open(directory).claim(subject).found).toEqual(upload);
  });

  test('is not shown when an earlier version kept a password in it', async () => {
    const directory = await makeDirectory();
    const claim = open(directory, { endpoint: 'http://user:hunter2@127.0.0.1:1' }).claim(subject);
    claim.save(upload);
    claim.release();
    expect(JSON.stringify(await listUploads(directory))).not.toContain('hunter2');
  });

  test('after killed pushes the record with the most bytes is taken, and the others are removed', async () => {
    const directory = await makeDirectory();
    for (const nextByte of [10, 40, 20])
      open(directory)
        .claim(subject)
        .save({ ...upload, nextByte });
    for (const [position, path] of (await readdir(directory)).entries()) {
      const [name] = path.split('.');
      // Some were killed while they wrote.
      const end = position === 1 ? '.json.tmp' : '.json';
      await rename(join(directory, path), join(directory, `${name}.${dead}-${position}${end}`));
    }
    const claim = open(directory).claim(subject);
    expect(claim.found).toEqual({ ...upload, nextByte: 40 });
    expect(await readdir(directory)).toHaveLength(1);
  });

  test.each([
    ['nothing', () => ''],
    ['half of it', (text: string) => text.slice(0, text.length / 2)],
    ['another number', (text: string) => text.replace('"nextByte":30', '"nextByte":31')],
    ['another upload', (text: string) => text.replace('u-1', 'u-2')],
    ['another repository', (text: string) => text.replace('team/app', 'team/oth')],
    ['an earlier version', (text: string) => text.replace('"version":1', '"version":0')],
    ['no date', (text: string) => text.replace(/"updatedAt":"[^"]*"/, '"updatedAt":"soon"')],
    ['no object', () => 'null'],
    ['no text', () => Buffer.from([0, 255, 254])],
  ])('is ignored when it holds %s', async (_name, change) => {
    const directory = await makeDirectory();
    const claim = open(directory).claim(subject);
    claim.save(upload);
    claim.release();
    const path = await findFile(directory);
    await writeFile(path, change(await readFile(path, 'utf8')));
    expect(listUploads(directory)).toEqual([]);
    expect(open(directory).claim(subject).found).toBeUndefined();
    expect(await readdir(directory)).toEqual([]);
  });

  test('stays when a later version of this program has written it', async () => {
    const directory = await makeDirectory();
    const claim = open(directory).claim(subject);
    claim.save(upload);
    claim.release();
    const path = await findFile(directory);
    const text = (await readFile(path, 'utf8')).replace('"version":1', '"version":2');
    await writeFile(path, text);
    const next = open(directory).claim(subject);
    expect(next.found).toBeUndefined();
    next.save(upload);
    next.discard();
    expect(listUploads(directory)).toEqual([]);
    expect(await readFile(path, 'utf8')).toBe(text);
    // Until the layer is stored, or claimed.
    expect(clearUploads(directory)).toEqual({ removed: 1, inUse: 0 });
  });

  test('a record under the name of another one is not used', async () => {
    const directory = await makeDirectory();
    const claim = open(directory).claim(subject);
    claim.save(upload);
    claim.release();
    const other = open(directory).claim({ id: digestOf('other') });
    other.save({ ...upload, uploadId: 'u-2' });
    other.release();
    const [a = '', b = ''] = await readdir(directory);
    await rename(join(directory, a), join(directory, b));
    const found = [subject, { id: digestOf('other') }].map((each) => open(directory).claim(each).found);
    expect(found.filter(Boolean)).toEqual([]);
  });
});

describe('an upload of another container', () => {
  /** Gives the records of a directory an owner in another PID namespace, who touched them `ageMs` ago. */
  async function moveElsewhere(directory: string, ageMs: number): Promise<void> {
    for (const fileName of await readdir(directory)) {
      const path = join(directory, fileName.replace(here.space, 'ffffffff'));
      await rename(join(directory, fileName), path);
      await utimes(path, new Date(), new Date(Date.now() - ageMs));
    }
  }

  test('stays while its owner touches it, and is taken afterwards', async () => {
    const directory = await makeDirectory();
    open(directory).claim(subject).save(upload);
    await moveElsewhere(directory, 60_000);
    const other = open(directory).claim(subject);
    expect(other.found).toBeUndefined();
    expect(listUploads(directory)).toMatchObject([{ inUse: true }]);
    expect(clearUploads(directory)).toEqual({ removed: 0, inUse: 1 });
    await moveElsewhere(directory, 180_000);
    const claim = open(directory).claim(subject);
    expect(claim.found).toEqual(upload);
    // From now on it belongs to this push.
    await moveElsewhere(directory, 0);
    expect(open(directory).claim(subject).found).toBeUndefined();
  });

  test('does not count as idle right after it was taken over', async () => {
    const directory = await makeDirectory();
    open(directory).claim(subject).save(upload);
    await moveElsewhere(directory, 180_000);
    expect(open(directory).claim(subject).found).toEqual(upload);
    const [path = ''] = await readdir(directory);
    expect(Date.now() - (await stat(join(directory, path))).mtimeMs).toBeLessThan(60_000);
  });
});

describe('records', () => {
  test('are discarded after 30 days, without those of running pushes and foreign files', async () => {
    const directory = await makeDirectory();
    const idle = open(directory).claim(subject);
    idle.save(upload);
    idle.release();
    open(directory)
      .claim({ id: digestOf('other') })
      .save(upload);
    await writeFile(join(directory, 'notes.txt'), 'mine');
    const old = new Date(Date.now() - 31 * 24 * 3_600_000);
    for (const name of await readdir(directory)) await utimes(join(directory, name), old, old);
    expect(open(directory).claim(subject).found).toBeUndefined();
    expect(listUploads(directory)).toMatchObject([{ inUse: true }]);
    expect(await readdir(directory)).toContain('notes.txt');
  });

  test('are neither read nor written through links', async () => {
    const directory = await makeDirectory();
    const elsewhere = join(directory, 'elsewhere');
    await mkdir(elsewhere);
    await symlink(elsewhere, join(directory, 'uploads'));
    const problems: unknown[] = [];
    const store = openUploadStore(join(directory, 'uploads'), target, (problem) => problems.push(problem));
    store.claim(subject).save(upload);
    expect(problems).toEqual([expect.objectContaining({ code: 'ELOOP' })]);
    expect(await readdir(elsewhere)).toEqual([]);
    expect(() => listUploads(join(directory, 'uploads'))).toThrow('ELOOP');
  });
});

test('without a place to write, it reports that once and continues', async () => {
  const directory = await makeDirectory();
  await writeFile(join(directory, 'file'), '');
  const problems: unknown[] = [];
  const store = openUploadStore(join(directory, 'file', 'uploads'), target, (problem) =>
    problems.push(problem),
  );
  for (const id of [digestOf('a'), digestOf('b')]) {
    const claim = store.claim({ id });
    claim.save(upload);
    claim.save(upload);
    claim.release();
    claim.discard();
  }
  expect(problems).toHaveLength(1);
  // As after a full disk: it saves again as soon as it can.
  await rm(join(directory, 'file'));
  const claim = store.claim(subject);
  claim.save(upload);
  claim.release();
  expect(store.claim(subject).found).toEqual(upload);
  expect(problems).toHaveLength(1);
});

test('the list shows what is saved and what is in use; clear leaves what is in use', async () => {
  const directory = join(await makeDirectory(), 'uploads');
  expect(listUploads(directory)).toEqual([]);
  expect(clearUploads(directory)).toEqual({ removed: 0, inUse: 0 });
  const idle = open(directory).claim(subject);
  idle.save(upload);
  idle.release();
  open(directory, { registryAlias: 'a1b2c3d4' })
    .claim({ id: digestOf('other'), compressorId: 'gzip' })
    .save(upload);
  await writeFile(join(directory, 'notes.txt'), 'mine');
  await writeFile(join(directory, `${'0'.repeat(64)}.json`), 'damaged');
  expect(listUploads(directory)).toHaveLength(2);
  expect(listUploads(directory)).toContainEqual(
    expect.objectContaining({ ...target, ...subject, ...upload, inUse: false }),
  );
  expect(listUploads(directory)).toContainEqual(
    expect.objectContaining({ registryAlias: 'a1b2c3d4', compressorId: 'gzip', inUse: true }),
  );
  expect(clearUploads(directory)).toEqual({ removed: 2, inUse: 1 });
  expect(listUploads(directory)).toHaveLength(1);
  expect(await readdir(directory)).toContain('notes.txt');
});

test('a directory that cannot be read is an error of the list', async () => {
  const file = join(await makeDirectory(), 'file');
  await writeFile(file, '');
  expect(() => listUploads(file)).toThrow('ENOTDIR');
});

describe('a process', () => {
  const nowMs = Date.now();

  test('differs from earlier ones with the same id, however old its record is', () => {
    const own = tagOwnProcess(here);
    expect(isRunning(own, 0, here)).toBe(true);
    expect(isRunning(own.replace(/-[^-]+/, '-0') as typeof own, nowMs, here)).toBe(false); // Of the same form.
    expect(isRunning(dead, nowMs, here)).toBe(false);
  });

  const MINUTE_MS = 60_000;
  const elsewhere = { container: { space: 'ffffffff' }, machine: { host: 'ffffffff', space: 'ffffffff' } };
  test.each<[string, Partial<ProcessPlace>, number, boolean]>([
    ['another container', elsewhere.container, MINUTE_MS, true],
    ['another container', elsewhere.container, 3 * MINUTE_MS, false],
    ['another machine', elsewhere.machine, MINUTE_MS, true],
    ['another machine', elsewhere.machine, 3 * MINUTE_MS, false],
    [
      'the same machine before it was started again',
      { ...elsewhere.container, bootedMs: 1 },
      MINUTE_MS,
      false,
    ],
    ['a machine whose clock is ahead', elsewhere.machine, -3 * MINUTE_MS, true],
  ])('of %s is judged by when it touched its record', (_name, { bootedMs, ...place }, ageMs, running) => {
    const tag = tagOwnProcess({ ...here, ...place });
    const judge = bootedMs === undefined ? here : { ...here, bootedMs: nowMs - MINUTE_MS / 2 };
    expect(isRunning(tag, nowMs - ageMs, judge, nowMs)).toBe(running);
  });

  test('of an earlier version, which wrote no place, is judged too', () => {
    const [pid, start] = tagOwnProcess(here).split('-');
    const tag = `${Number(pid)}-${start}` as const;
    expect(isRunning(tag, nowMs, here, nowMs)).toBe(true);
    expect(isRunning(tag, nowMs - 3 * MINUTE_MS, here, nowMs)).toBe(false);
  });

  test.skipIf(process.platform !== 'linux')(
    'that was killed and not yet taken notice of is none',
    async () => {
      // `sleep` never waits for the child that it takes over from the shell, so the child stays a zombie. The shell itself might wait for it.
      const parent = spawn('sh', ['-c', 'sleep 100 & echo $!; exec sleep 100'], {
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      const [line] = await once(parent.stdout, 'data');
      const pid = Number(String(line));
      try {
        await expect.poll(() => readFile(`/proc/${parent.pid}/comm`, 'utf8')).toBe('sleep\n');
        process.kill(pid, 'SIGKILL');
        await expect.poll(() => readFile(`/proc/${pid}/stat`, 'utf8')).toContain(') Z ');
        const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ')[1]?.split(' ') ?? [];
        expect(isRunning(`${pid}-${fields[19]}-${here.host}-${here.space}`, nowMs, here)).toBe(false);
      } finally {
        parent.kill('SIGKILL');
      }
    },
  );
});
