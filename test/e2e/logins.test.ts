import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { main as runCredentialHelper } from '../../src/cli/credential-helper.ts';
import { type CliResult, runCli } from '../support/cli.ts';
import { startWorkplace } from '../support/workplace.ts';

const { home, emulator } = await startWorkplace();

/** Runs the CLI with a docker configuration of its own. */
async function ecrp(configuration: string, ...argv: string[]): Promise<CliResult> {
  const directory = join(home.directory, configuration);
  await mkdir(directory, { recursive: true });
  return runCli(argv, { env: { ...home.env, ...emulator.env, DOCKER_CONFIG: directory } });
}

async function readConfig(configuration: string): Promise<Record<string, Record<string, unknown>>> {
  return JSON.parse(await readFile(join(home.directory, configuration, 'config.json'), 'utf8'));
}

function decode(token: string): string {
  return Buffer.from(token, 'base64').toString();
}

it('token prints the token, --password the password in it, and JSON when it ends', async () => {
  const { stdout } = await ecrp('token', 'token');
  expect(decode(stdout.trim())).toMatch(/^AWS:\S+$/);
  const password = (await ecrp('token', 'token', '--password')).stdout.trim();
  expect(password).not.toContain(':');
  const document = (await ecrp('token', 'token', '--json')).json();
  expect(document).toEqual({
    schemaVersion: 1,
    authorizationToken: expect.any(String),
    expiresAt: expect.stringMatching(/Z$/),
    username: 'AWS',
    registryHost: emulator.registryHost,
  });
  const { password: secret, ...rest } = (await ecrp('token', 'token', '--json', '--password')).json();
  expect(secret).toEqual(expect.any(String));
  expect(rest).not.toHaveProperty('authorizationToken');
});

it('login stores what docker looks for, says no secret, and logout removes just that', async () => {
  const other = { auths: { 'example.com': { auth: 'eA==' } }, HttpHeaders: { 'User-Agent': 'x' } };
  await mkdir(join(home.directory, 'store'), { recursive: true });
  await writeFile(join(home.directory, 'store', 'config.json'), JSON.stringify(other));
  const { status, stdout, stderr } = await ecrp('store', 'login');
  expect({ status, stdout }).toEqual({ status: 0, stdout: '' });
  const stored = (await readConfig('store')).auths?.[emulator.registryHost];
  expect(stored).toEqual({ auth: expect.any(String) });
  // Just checked.
  const [username, password = ''] = decode((stored as { auth: string }).auth).split(':');
  expect(username).toBe('AWS');
  expect(stderr).toContain(`Logged in to ${emulator.registryHost} as AWS until `);
  expect(stderr).not.toContain(password);

  const { json } = await ecrp('store', 'logout', '--json');
  const configFile = join(home.directory, 'store', 'config.json');
  expect(json()).toEqual({
    schemaVersion: 1,
    registryHost: emulator.registryHost,
    configFile,
    removed: true,
  });
  expect(await readConfig('store')).toEqual(other);
  const again = await ecrp('store', 'logout');
  expect(again.status).toBe(0);
  expect(again.stderr).toContain('There was no login');
});

it('login makes a file that nobody else reads, and JSON without a secret', async () => {
  const result = await ecrp('new', 'login', '--json');
  const configFile = join(home.directory, 'new', 'config.json');
  expect(result.json()).toEqual({
    schemaVersion: 1,
    expiresAt: expect.stringMatching(/Z$/),
    username: 'AWS',
    registryHost: emulator.registryHost,
    configFile,
  });
  expect((await stat(configFile)).mode & 0o777).toBe(0o600);
});

it('login --password-stdout prints the password alone and stores nothing', async () => {
  const { stdout, stderr } = await ecrp('password', 'login', '--password-stdout');
  expect(stderr).toBe('');
  expect(stdout).toMatch(/^\S+\n$/);
  await expect(readConfig('password')).rejects.toThrow('ENOENT');
  const asked = await ecrp('password', 'login', '--password-stdout', '--json');
  expect(asked).toMatchObject({ status: 2 });
  expect(asked.json()).toMatchObject({ error: { code: 'USAGE' } });
});

it('login --credential-helper registers the helper and gets no token', async () => {
  const before = emulator.count('GetAuthorizationToken');
  const { status } = await ecrp('helper', 'login', '--credential-helper');
  expect(status).toBe(0);
  expect(await readConfig('helper')).toEqual({ credHelpers: { [emulator.registryHost]: 'ecrp' } });
  expect(emulator.count('GetAuthorizationToken')).toBe(before);
});

it('a config that is no JSON is refused untouched', async () => {
  await mkdir(join(home.directory, 'broken'), { recursive: true });
  const file = join(home.directory, 'broken', 'config.json');
  await writeFile(file, '{"auths": ');
  const { status, stderr } = await ecrp('broken', 'login');
  expect(status).toBe(3);
  expect(stderr).toContain(file);
  expect(await readFile(file, 'utf8')).toBe('{"auths": ');
});

it.each([
  [['get'], 0, (host: string) => host, /^\{"ServerURL":".*","Username":"AWS","Secret":".+"\}\n$/],
  [['get'], 1, () => 'example.com', /^credentials not found in native keychain\n$/],
  [['get'], 1, () => '', /^no credentials server URL\n$/],
  [['list'], 0, () => '', /^\{".*":"AWS"\}\n$/],
  [['erase'], 0, (host: string) => host, /^$/],
  [['version'], 0, () => '', /^docker-credential-ecrp \d/],
  [['frobnicate'], 1, () => '', /unknown action/],
  [[], 1, () => '', /^Usage: /],
])('docker-credential-ecrp %j ends with %d', async (argv, status, makeInput, output) => {
  const env = { ...home.env, ...emulator.env };
  const stdin = makeInput(emulator.registryHost);
  const result = await runCli(argv, { env, stdin, main: runCredentialHelper });
  expect(result).toMatchObject({ status, stderr: '' });
  expect(result.stdout).toMatch(output);
});

it('docker-credential-ecrp tells failures on stdout, as the protocol wants it', async () => {
  const env = { ...home.env, ...emulator.env, ECRP_REGISTRY_HOST: 'http://x/' };
  const result = await runCli(['list'], { env, main: runCredentialHelper });
  expect(result).toMatchObject({
    status: 1,
    stdout: expect.stringContaining('ECRP_REGISTRY_HOST'),
    stderr: '',
  });
});
