import { mkdir, readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { beforeAll, expect, it } from 'vitest';
import { patience, runCli, spawnCli } from '../support/cli.ts';
import { startWorkplace } from '../support/workplace.ts';

const one = join(import.meta.dirname, '..', '..', 'fixtures', 'archives', 'docker-20.10-one.tar');

const { home, emulator } = await startWorkplace();
let temporary: string;
beforeAll(async () => {
  temporary = join(home.directory, 'tmp');
  await mkdir(temporary);
});

function findEnv() {
  return { ...home.env, ...emulator.env, TMPDIR: temporary };
}

/** Node may keep things of its own there. */
async function listSpools(): Promise<readonly string[]> {
  return (await readdir(temporary)).filter((name) => name.startsWith('ecrp'));
}

it('a tar on standard input is pushed as the same file would be, and leaves nothing', async () => {
  const tar = await readFile(one);
  const argv = ['app:1.0', '--create-repo', '--json'];
  const file = await runCli(['push', one, ...argv], { env: findEnv() });
  for (const stdin of [tar, gzipSync(tar)]) {
    const piped = await runCli(['push', '-', ...argv], { env: findEnv(), stdin });
    expect(piped.json()).toMatchObject({
      imageDigest: file.json().imageDigest,
      tags: [{ status: 'unchanged' }],
    });
    expect(await listSpools()).toEqual([]);
  }
});

it('what is no archive is refused by its name', async () => {
  const result = await runCli(['push', '-', 'app:1.0'], { env: findEnv(), stdin: 'hello' });
  expect(result).toMatchObject({
    status: 3,
    stderr: expect.stringContaining('standard input: it is no tar'),
  });
  expect(await listSpools()).toEqual([]);
});

it.runIf(process.platform === 'linux')('a push that is killed leaves nothing', async () => {
  const stdin = (await readFile(one)).subarray(0, 4096);
  const settings = { env: findEnv(), stdin, keepStdinOpen: true };
  const { child, ended } = spawnCli(['push', '-', 'app:1.0'], settings);
  // The temporary file is open, and has no name any more.
  await expect.poll(() => listOpenFiles(child.pid), patience).toMatch(/ecrp-spool-.* \(deleted\)/);
  expect(await listSpools()).toEqual([]);
  child.kill('SIGKILL');
  await expect(ended).rejects.toThrow('SIGKILL');
});

async function listOpenFiles(pid: number | undefined): Promise<string> {
  const directory = `/proc/${pid}/fd`;
  const numbers = await readdir(directory).catch(() => []);
  const links = numbers.map((number) => readlink(join(directory, number)).catch(() => ''));
  return (await Promise.all(links)).join('\n');
}
