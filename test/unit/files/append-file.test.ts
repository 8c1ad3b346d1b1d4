import { execFileSync } from 'node:child_process';
import { mkdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { appendToFile } from '../../../src/files/append-file.ts';
import { useTemporaryDirectories } from '../../support/temporary-directory.ts';

const makeDirectory = useTemporaryDirectories();

it('appends, through links too, and makes a missing file', async () => {
  const directory = await makeDirectory();
  const [file, link] = [join(directory, 'file'), join(directory, 'link')];
  await symlink('file', link);
  await appendToFile(link, 'one\n');
  await appendToFile(file, 'two\n');
  expect(await readFile(file, 'utf8')).toBe('one\ntwo\n');
});

it('leaves a file as it was that would become too long', async () => {
  const file = join(await makeDirectory(), 'file');
  await writeFile(file, 'before\n');
  await expect(appendToFile(file, 'ü', 8)).rejects.toMatchObject({ code: 'EFBIG' });
  expect(await readFile(file, 'utf8')).toBe('before\n');
  await appendToFile(file, 'ü', 9);
  expect(await readFile(file, 'utf8')).toBe('before\nü');
});

it('does not wait for a reader, and never for room', async () => {
  const directory = await makeDirectory();
  const fifo = join(directory, 'fifo');
  execFileSync('mkfifo', [fifo]);
  await expect(appendToFile(fifo, 'x')).rejects.toMatchObject({ code: 'ENXIO' });
  await expect(appendToFile('/dev/full', 'x')).rejects.toMatchObject({ code: 'ENOSPC' });
  await appendToFile('/dev/null', 'x');
  await mkdir(join(directory, 'directory'));
  await expect(appendToFile(join(directory, 'directory'), 'x')).rejects.toMatchObject({ code: 'EISDIR' });
  expect((await stat(fifo)).isFIFO()).toBe(true);
});
