import { spawn } from 'node:child_process';
import { chmod, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { CliResult } from '../support/cli.ts';
import { canRunAsOther, OTHER_ID } from '../support/other-user.ts';
import { startWorkplace } from '../support/workplace.ts';

const root = join(import.meta.dirname, '..', '..');
const source = join(root, 'fixtures', 'archives', 'skopeo-oci-dir');

const { home, emulator } = await startWorkplace();
const { HOME: _, ...homeless } = home.env;

async function runAsNobody(
  argv: readonly string[],
  env: Readonly<Record<string, string>> = {},
  program = 'ecrp.js',
): Promise<Pick<CliResult, 'status' | 'stdout' | 'stderr'>> {
  const child = spawn(process.execPath, [join(root, 'bin', program), ...argv], {
    uid: OTHER_ID,
    gid: OTHER_ID,
    cwd: '/',
    env: { PATH: process.env.PATH, ...homeless, ...emulator.env, ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  child.stdin.end(emulator.registryHost);
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text) => {
    stderr += text;
  });
  const status = await new Promise<number>((resolve) => child.on('close', resolve));
  return { status, stdout, stderr };
}

describe.runIf(canRunAsOther())('without a home directory', () => {
  test('a push continues, and says once what it cannot do', async () => {
    const { status, stdout, stderr } = await runAsNobody(['push', source, 'homeless:1', '--create-repo']);
    expect(status, stderr).toBe(0);
    expect(stdout).toContain('homeless:1@sha256:');
    expect(stderr.match(/^warning: .*/gm)).toEqual([expect.stringContaining('ECRP_STATE_DIR')]);
  });

  test.each([
    [['repo', 'list']],
    [['uploads', 'list']],
    [['uploads', 'clear']],
    [['token']],
    [['login', '--password-stdout']],
    [['logout', '--help']],
  ])('%j continues', async (argv) => {
    const { status, stderr } = await runAsNobody(argv);
    expect(status, stderr).toBe(0);
    expect(stderr).not.toContain('warning');
  });

  test('the credential helper has a login', async () => {
    const { status, stdout, stderr } = await runAsNobody(['get'], {}, 'docker-credential-ecrp.js');
    expect(status, stderr).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ Username: 'AWS' });
  });

  test.each([[['login']], [['logout']]])('%j asks for DOCKER_CONFIG', async (argv) => {
    const { status, stderr } = await runAsNobody(argv);
    expect(status).toBe(2);
    expect(stderr).toMatch(/^error: .*no home directory\nhint: Set DOCKER_CONFIG/);
  });

  test('login stores the token where DOCKER_CONFIG says', async () => {
    const directory = join(home.directory, 'docker');
    await mkdir(directory);
    await chmod(home.directory, 0o711);
    await chmod(directory, 0o777);
    const { status, stderr } = await runAsNobody(['login'], { DOCKER_CONFIG: directory });
    expect(status, stderr).toBe(0);
    expect(await readFile(join(directory, 'config.json'), 'utf8')).toContain(emulator.registryHost);
  });

  test.each([
    [
      'a profile that is not there',
      { AWS_PROFILE: 'missing', AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '' },
    ],
    ['no credentials', { AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '' }],
  ])('%s is no bug', async (_name, env) => {
    const { status, stderr } = await runAsNobody(['repo', 'list'], env);
    expect(status, stderr).toBe(4);
  });
});
