import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { locateArchive } from '../../support/archives.ts';
import { endWithTests } from '../../support/end-with-tests.ts';
import { startWorkplace } from '../../support/workplace.ts';

// The built program with streams that a shell may give it. `commands.test.ts` runs every command, but in its own process.

const { home, emulator } = await startWorkplace();
const program = join(import.meta.dirname, '../../../bin/ecrp.js');
const push = ['push', locateArchive('skopeo-oci.tar'), 'streams:1', '--create-repo', '--json'];

/** Runs a line of a shell that starts the program with `"$@"`. */
async function runInShell(
  line: string,
  argv: readonly string[],
  closesStdout = false,
): Promise<{ readonly status: number | null; readonly stdout: string; readonly stderr: string }> {
  const child = spawn('sh', ['-c', line, 'sh', process.execPath, program, ...argv], {
    cwd: home.directory,
    env: { PATH: process.env.PATH, ...home.env, ...emulator.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  endWithTests(child);
  const texts = { stdout: '', stderr: '' };
  child.stderr.on('data', (chunk) => (texts.stderr += chunk));
  if (closesStdout) child.stdout.destroy();
  else child.stdout.on('data', (chunk) => (texts.stdout += chunk));
  await once(child, 'close');
  return { status: child.exitCode, ...texts };
}

it.each([[['version']], [['--help']], [['repo', 'list', '--json']], [push]])(
  'ends quietly with 0 when the reader of its output is gone: %j',
  async (argv) => {
    const { status, stderr } = await runInShell('exec "$@"', argv, true);
    expect({ status, stderr }).toEqual({ status: 0, stderr: expect.not.stringMatching(/^error: /m) });
  },
);

it('gives the first line of a list to head', async () => {
  for (const name of ['one', 'two', 'three']) await runInShell('exec "$@"', ['repo', 'create', name]);
  const result = await runInShell('"$@" | head -1', ['repo', 'list', '--quiet']);
  expect(result).toMatchObject({ status: 0, stderr: '' });
  expect(result.stdout).toMatch(/^REPOSITORY +URI +CREATED\n$/);
});

it('needs no standard input, and works without standard error', async () => {
  const result = await runInShell('exec "$@" <&- 2>&-', push);
  expect(result).toMatchObject({ status: 0, stderr: '' });
  expect(JSON.parse(result.stdout)).toMatchObject({ schemaVersion: 1, repositoryName: 'streams' });
});

it('works without standard output', async () => {
  expect(await runInShell('exec "$@" >&-', ['repo', 'list', '--json', '--quiet'])).toMatchObject({
    status: 0,
    stdout: '',
    stderr: '',
  });
});

it('reads a source from a standard input that is closed as an empty one', async () => {
  const result = await runInShell('exec "$@" <&-', ['push', '-', 'streams:1', '--json']);
  expect(result).toMatchObject({ status: 3 });
  expect(JSON.parse(result.stdout)).toMatchObject({ error: { code: 'INVALID_INPUT' }, exitStatus: 3 });
});
