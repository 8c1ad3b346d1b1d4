import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { beforeEach, expect, it } from 'vitest';
import {
  openTemporaryDirectory,
  sweepTemporaryDirectories,
} from '../../../../../src/cli/commands/emulator/temporary-directory.ts';
import { findPlace, tagOwnProcess } from '../../../../../src/files/process-tag.ts';
import { useTemporaryDirectories } from '../../../../support/temporary-directory.ts';

const makeDirectory = useTemporaryDirectories();
let parent: string;
beforeEach(async () => {
  parent = await makeDirectory();
});

function makeIo(onExit?: (cleanUp: () => void) => () => void) {
  return {
    stdin: Readable.from([]),
    stdout: new PassThrough(),
    stderr: new PassThrough(),
    env: { TMPDIR: parent },
    cwd: parent,
    signal: new AbortController().signal,
    ...(onExit && { onExit }),
  };
}

/** The name of a directory whose process has ended. */
async function nameOfDead(): Promise<string> {
  const own = await openTemporaryDirectory(makeIo());
  const { pid } = spawnSync(process.execPath, ['-e', '']);
  own.remove();
  const { host, space } = findPlace();
  return basename(own.path).replace(tagOwnProcess(findPlace()), `${pid}-1-${host}-${space}`);
}

it('is removed by its owner, and when the process ends', async () => {
  const cleanUps = new Set<() => void>();
  const io = makeIo((cleanUp) => {
    cleanUps.add(cleanUp);
    return () => cleanUps.delete(cleanUp);
  });
  const first = await openTemporaryDirectory(io);
  writeFileSync(join(first.path, 'journal'), '');
  for (const cleanUp of cleanUps) cleanUp();
  expect(existsSync(first.path)).toBe(false);
  const second = await openTemporaryDirectory(io);
  second.remove();
  expect(existsSync(second.path)).toBe(false);
});

it('is swept only after its process has ended', async () => {
  const dead = join(parent, await nameOfDead());
  const living = await openTemporaryDirectory(makeIo());
  const elsewhere = dead.replace(findPlace().space, '01234567');
  const others = [elsewhere, join(parent, 'ecrp-emulator-AbCdEf'), join(parent, 'mine')];
  for (const path of [dead, ...others]) {
    mkdirSync(path);
    writeFileSync(join(path, 'journal'), '');
  }
  sweepTemporaryDirectories(parent);
  expect(existsSync(dead)).toBe(false);
  for (const path of [living.path, ...others]) expect(existsSync(path)).toBe(true);
  living.remove();
});

it('sweeps neither a link nor its target', async () => {
  const target = join(parent, 'precious');
  mkdirSync(target);
  writeFileSync(join(target, 'file'), '');
  const link = join(parent, await nameOfDead());
  symlinkSync(target, link);
  sweepTemporaryDirectories(parent);
  expect(existsSync(join(target, 'file'))).toBe(true);
  renameSync(link, join(parent, 'moved'));
});

it('accepts a directory without anything to sweep', () => {
  sweepTemporaryDirectories(join(parent, 'missing'));
  expect(readdirSync(parent)).not.toContain('missing');
});
