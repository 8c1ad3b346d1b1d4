import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { listCommandPages } from '../../.build/reference/reference.ts';
import { readIdentities } from '../../src/emulator/identity-file.ts';
import { runCli } from '../support/cli.ts';
import { endWithTests } from '../support/end-with-tests.ts';
import { startWorkplace } from '../support/workplace.ts';

// The commands and the policy of README.md are used here. `docker` is a stand-in that makes an archive.

const root = join(import.meta.dirname, '..', '..');
const archive = join(root, 'fixtures', 'archives', 'docker-20.10-one.tar');
const readme = await readFile(join(root, 'README.md'), 'utf8');

/** The code blocks of a language under a heading, in order. */
function readBlocks(heading: string, language: string): readonly string[] {
  const section = readme.split(/^## /m).find((text) => text.startsWith(`${heading}\n`)) ?? '';
  return [...section.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'gms'))].map(
    ([, code = '']) => code,
  );
}

const [policy = ''] = readBlocks('Permissions', 'json');
const allowedActions: readonly string[] = JSON.parse(policy).Statement.flatMap(
  ({ Action }: { Action: string | readonly string[] }) => Action,
);
const { home, emulator } = await startWorkplace({
  identities: readIdentities(
    JSON.stringify([
      { accessKeyId: 'AKIAALL', secretAccessKey: 'all' },
      { accessKeyId: 'AKIAREADME', secretAccessKey: 'readme', allowedActions },
    ]),
  ),
});
const programs = join(home.directory, 'bin');
await mkdir(programs);
await symlink(join(root, 'bin', 'ecrp.js'), join(programs, 'ecrp'));
// `docker save NAME --output FILE`
await writeFile(join(programs, 'docker'), `#!/bin/sh\ncp '${archive}' "$4"\n`, { mode: 0o755 });

/** Runs a script in a directory of its own. Returns its output. It must succeed. */
async function runScript(script: string): Promise<string> {
  const cwd = await mkdtemp(join(home.directory, 'job-'));
  await writeFile(join(cwd, 'release.sh'), '#!/bin/sh\necrp repo create rehearsed\n', { mode: 0o755 });
  const child = spawn('sh', ['-ec', script], {
    cwd,
    env: { ...home.env, ...emulator.env, PATH: `${programs}:${process.env.PATH}` },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  endWithTests(child);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += chunk;
    });
  }
  const status = await new Promise<number | null>((resolve) => child.on('close', resolve));
  expect(status, `${script}\n${output}`).toBe(0);
  return output;
}

describe('README.md', () => {
  test('is at most 200 lines long', () => {
    expect(readme.split('\n').length - 1).toBeLessThanOrEqual(200);
  });

  test('has a row for each command', () => {
    const names = new Set(listCommandPages().flatMap(({ name }) => name.split(' ').slice(1, 2)));
    const missing = [...names].filter((name) => !readme.includes(`(bin/README.md#ecrp-${name})`));
    expect(missing).toEqual(['version']);
  });

  test('has a first push that works', async () => {
    const [first = ''] = readBlocks('Your first push', 'sh').filter((block) => block.includes('--dry-run'));
    await mkdir(join(home.directory, '.aws'));
    const keys = ['aws_access_key_id = AKIAALL', 'aws_secret_access_key = all'];
    await writeFile(join(home.directory, '.aws', 'credentials'), ['[publisher]', ...keys, ''].join('\n'));
    const output = await runScript(first);
    expect(output).toMatch(/^127\.0\.0\.1:\d+\/\w+\/app:1\.0@sha256:[0-9a-f]{64}$/m);
    expect(output).toContain('Unchanged: everything was there already');
  });

  test('has commands of the emulator that work', async () => {
    const [block = ''] = readBlocks('A local ECR Public', 'sh');
    const rehearsals = block.split('\n').filter((line) => line.includes('release.sh'));
    expect(rehearsals.length).toBeGreaterThan(1);
    const output = await runScript(rehearsals.join('\n'));
    expect(output).toContain('Created repository rehearsed.');
  });

  test('has a policy that is enough for a push', async () => {
    const all = { ...home.env, ...emulator.env };
    const limited = { ...all, AWS_ACCESS_KEY_ID: 'AKIAREADME', AWS_SECRET_ACCESS_KEY: 'readme' };
    await runCli(['repo', 'create', 'app', '--if-missing'], { env: all });
    const { status, stderr } = await runCli(['push', archive, 'app:limited', '-t', 'further'], {
      env: limited,
    });
    expect(status, stderr).toBe(0);
    expect(stderr).not.toMatch(/^warning/m);
  });
});
