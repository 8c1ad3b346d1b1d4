import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { expect, it } from 'vitest';
import { isKeptName, keepDirectory } from '../../../src/files/kept-directory.ts';
import { findPlace, tagOwnProcess } from '../../../src/files/process-tag.ts';
import { useTemporaryDirectories } from '../../support/temporary-directory.ts';

const makeDirectory = useTemporaryDirectories();

it('gives what an earlier run left to the next, and to it alone', async () => {
  const parent = await makeDirectory();
  const first = keepDirectory(parent, 'work');
  writeFileSync(join(first.path, 'a'), 'first');
  expect(statSync(first.path).mode & 0o777).toBe(0o700);
  const second = keepDirectory(parent, 'work');
  expect(readdirSync(second.path)).toEqual([]);
  const left = first.release();
  expect(left && isKeptName(basename(left), 'work')).toBe(true);
  const third = keepDirectory(parent, 'work');
  expect(readFileSync(join(third.path, 'a'), 'utf8')).toBe('first');
  writeFileSync(join(second.path, 'empty'), '');
  expect(second.release()).toBeUndefined();
  expect(readdirSync(parent)).toEqual([basename(third.path)]);
  third.remove();
  expect(readdirSync(parent)).toEqual([]);
});

it('puts together what several runs left, the longer file of two', async () => {
  const parent = await makeDirectory();
  const runs = ['short', 'much longer', ''].map((text) => {
    const run = keepDirectory(parent, 'work');
    writeFileSync(join(run.path, 'same'), text);
    writeFileSync(join(run.path, `of ${text.length}`), text);
    return run;
  });
  for (const run of runs) run.release();
  const next = keepDirectory(parent, 'work');
  expect(readdirSync(next.path).sort()).toEqual(['of 11', 'of 5', 'same']);
  expect(readFileSync(join(next.path, 'same'), 'utf8')).toBe('much longer');
  expect(readdirSync(parent)).toEqual([basename(next.path)]);
});

it('takes over the directory of a process that has ended', async () => {
  const parent = await makeDirectory();
  const run = keepDirectory(parent, 'work');
  writeFileSync(join(run.path, 'a'), 'kept');
  const { pid } = spawnSync('true');
  const tag = tagOwnProcess(findPlace()).replace(/^\d+/, String(pid));
  renameSync(run.path, join(parent, `work.${tag}-0123456789ab`));
  const next = keepDirectory(parent, 'work');
  expect(readFileSync(join(next.path, 'a'), 'utf8')).toBe('kept');
});

it('leaves alone what others could have made', async () => {
  const parent = await makeDirectory();
  mkdirSync(join(parent, 'work.0123456789ab'));
  chmodSync(join(parent, 'work.0123456789ab'), 0o777);
  mkdirSync(join(parent, 'elsewhere'));
  symlinkSync(join(parent, 'elsewhere'), join(parent, 'work.ba9876543210'));
  mkdirSync(join(parent, 'work.notes'));
  const run = keepDirectory(parent, 'work');
  expect(existsSync(join(parent, 'work.0123456789ab'))).toBe(true);
  expect(existsSync(join(parent, 'work.ba9876543210'))).toBe(true);
  run.remove();
  expect(readdirSync(parent).sort()).toEqual([
    'elsewhere',
    'work.0123456789ab',
    'work.ba9876543210',
    'work.notes',
  ]);
});
