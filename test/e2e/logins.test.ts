import { once } from 'node:events';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { runHelperProgram } from '../../src/cli/credential-helper.ts';
import { type CliResult, runCli, spawnCli } from '../support/cli.ts';
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
    registryHost: emulator.registryHost,
  });
  expect((await ecrp('token', 'token', '--json', '--password')).json()).toEqual({
    schemaVersion: 1,
    username: 'AWS',
    password: expect.any(String),
    expiresAt: expect.stringMatching(/Z$/),
    registryHost: emulator.registryHost,
  });
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
    removed: [emulator.registryHost],
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
    storedIn: 'file',
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

/** With more in the environment, and perhaps a credential helper on the PATH. */
async function ecrpWith(
  env: Readonly<Record<string, string>>,
  configuration: string,
  ...argv: string[]
): Promise<CliResult> {
  const directory = join(home.directory, configuration);
  await mkdir(directory, { recursive: true });
  return runCli(argv, { env: { ...home.env, ...emulator.env, DOCKER_CONFIG: directory, ...env } });
}

async function makeProgram(name: string, script: string): Promise<string> {
  const directory = join(home.directory, 'programs');
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return `${directory}:/usr/bin:/bin`;
}

it('login --credential-helper registers the helper and gets no token', async () => {
  const before = emulator.count('GetAuthorizationToken');
  const PATH = await makeProgram('docker-credential-ecrp', '');
  const { status, stderr, json } = await ecrpWith(
    { PATH },
    'helper',
    'login',
    '--credential-helper',
    '--json',
  );
  expect(status).toBe(0);
  expect(stderr).not.toContain('warning');
  expect(json()).toEqual({
    schemaVersion: 1,
    registryHost: emulator.registryHost,
    username: 'AWS',
    configFile: join(home.directory, 'helper', 'config.json'),
    storedIn: 'helper',
  });
  expect(await readConfig('helper')).toEqual({ credHelpers: { [emulator.registryHost]: 'ecrp' } });
  expect(emulator.count('GetAuthorizationToken')).toBe(before);

  const again = await ecrpWith({ PATH }, 'helper', 'login', '--json');
  expect(again.json()).toMatchObject({ storedIn: 'helper', username: 'AWS' });
  expect(again.json()).not.toHaveProperty('expiresAt');
  expect(again.stderr).not.toContain('stored in');
  expect((await ecrpWith({ PATH }, 'helper', 'logout', '--json')).json()).toMatchObject({
    removed: [emulator.registryHost],
  });
});

it('login --credential-helper warns of what will not work when docker asks', async () => {
  const PATH = '/usr/bin:/bin';
  const missing = await ecrpWith({ PATH }, 'warned', 'login', '--credential-helper');
  expect(missing).toMatchObject({ status: 0 });
  expect(missing.stderr.match(/^warning: .*/gm)).toEqual([
    expect.stringMatching(/^warning: docker-credential-ecrp is not on PATH, so docker will not find it: /),
  ]);
  const argv = [
    'login',
    '--credential-helper',
    '--profile',
    'release',
    '--registry-host',
    emulator.registryHost,
  ];
  const options = await ecrpWith(
    { PATH: await makeProgram('docker-credential-ecrp', '') },
    'warned',
    ...argv,
  );
  expect(options.stderr.match(/^warning: .*/gm)).toEqual([
    'warning: docker-credential-ecrp does not know --profile release: set AWS_PROFILE=release where docker runs',
    `warning: docker-credential-ecrp does not know --registry-host: set ECRP_REGISTRY_HOST=${emulator.registryHost} where docker runs`,
  ]);
});

it('login says in JSON and to a person when a store has the token', async () => {
  const PATH = await makeProgram('docker-credential-kept', 'cat >/dev/null');
  await mkdir(join(home.directory, 'kept'), { recursive: true });
  await writeFile(join(home.directory, 'kept', 'config.json'), '{"credsStore":"kept"}');
  const { json, stderr } = await ecrpWith({ PATH }, 'kept', 'login', '--json');
  expect(json()).toMatchObject({ storedIn: 'store', expiresAt: expect.stringMatching(/Z$/) });
  expect(stderr).toContain('stored in docker-credential-kept.');
  expect(stderr).not.toContain('plain text');
});

it('login says that it waits for a credential store', async () => {
  const directory = join(home.directory, 'slow');
  await mkdir(directory);
  const fifo = join(directory, 'fifo');
  const PATH = await makeProgram('docker-credential-slow', `mkfifo ${fifo}; read -r line <${fifo}`);
  await writeFile(join(directory, 'config.json'), '{"credsStore":"slow"}');
  const { child, ended } = spawnCli(['login'], {
    env: { ...home.env, ...emulator.env, DOCKER_CONFIG: directory, PATH },
  });
  let stderr = '';
  await new Promise<void>((resolve) => {
    child.stderr?.on('data', (text) => {
      stderr += text;
      if (stderr.includes("docker's config or its credential store")) resolve();
    });
    child.on('close', () => resolve());
  });
  await writeFile(fifo, 'go on\n');
  expect(await ended).toMatchObject({
    status: 0,
    stderr: expect.stringContaining("for docker's config or its credential store"),
  });
});

it('docker-credential-ecrp says what it waited for when that is not the service', async () => {
  const config = join(home.directory, 'aws-config');
  await writeFile(config, '[profile slow]\ncredential_process = sleep 300\n');
  const { HOME } = home.env;
  const env = {
    HOME: HOME ?? '',
    PATH: '/usr/bin:/bin',
    AWS_CONFIG_FILE: config,
    AWS_PROFILE: 'slow',
    AWS_ENDPOINT_URL_ECR_PUBLIC: emulator.url,
    ECRP_REGISTRY_HOST: emulator.registryHost,
    ECRP_CACHE_DIR: join(home.directory, 'slow-cache'),
  };
  const result = await runCli(['get'], {
    env,
    stdin: emulator.registryHost,
    main: (argv, io) => runHelperProgram(argv, io, 10_000),
  });
  expect(result).toMatchObject({ status: 1, stdout: 'credentials not found in native keychain\n' });
  expect(result.stderr).toContain('credential process');
});

it('login warns when others can read the file that gets the token', async () => {
  await mkdir(join(home.directory, 'open'), { recursive: true });
  const file = join(home.directory, 'open', 'config.json');
  await writeFile(file, '{}', { mode: 0o644 });
  const { stderr } = await ecrp('open', 'login');
  expect(stderr).toContain(
    `warning: ${file}: other users can read the token (mode 0644); run: chmod 600 ${file}`,
  );
  expect((await stat(file)).mode & 0o777).toBe(0o644);
});

it.each(['login', 'logout'])('%s warns of a login in DOCKER_AUTH_CONFIG', async (command) => {
  const auths = (host: string) => JSON.stringify({ auths: { [host]: { auth: 'QVdTOng=' } } });
  const warned = await ecrpWith({ DOCKER_AUTH_CONFIG: auths(emulator.registryHost) }, 'variable', command);
  expect(warned.status).toBe(0);
  expect(warned.stderr).toContain(`warning: DOCKER_AUTH_CONFIG has a login for ${emulator.registryHost}`);
  for (const text of [auths('other.example'), '{', '']) {
    const quiet = await ecrpWith({ DOCKER_AUTH_CONFIG: text }, 'variable', command);
    expect(quiet.status).toBe(0);
    expect(quiet.stderr).not.toContain('DOCKER_AUTH_CONFIG');
  }
});

it('hosts may be named, several for login and logout, and only names of the registry', async () => {
  const host = emulator.registryHost;
  for (const command of ['login', 'logout', 'token']) {
    expect(await ecrp('hosts', command, host)).toMatchObject({ status: 0 });
    const foreign = await ecrp('hosts', command, 'dkr.ecr.eu-west-1.amazonaws.com', '--json');
    expect(foreign).toMatchObject({ status: 2 });
    expect(foreign.json()).toMatchObject({
      error: {
        code: 'USAGE',
        message: expect.stringContaining('dkr.ecr'),
        hint: expect.stringContaining(host),
      },
    });
  }
  // AWS's registry has two names; the API may be another when it is said to be the same service.
  const names = ['public.ecr.aws', 'ecr-public.aws.com'];
  const env = { ECRP_REGISTRY_HOST: 'public.ecr.aws' };
  const before = emulator.count('GetAuthorizationToken');
  const both = await ecrpWith(env, 'names', 'login', '--json', ...names);
  expect(both.json()).toMatchObject({
    logins: names.map((registryHost) => ({ registryHost, storedIn: 'file' })),
  });
  expect(emulator.count('GetAuthorizationToken')).toBe(before + 1);
  expect(Object.keys((await readConfig('names')).auths ?? {})).toEqual(names);
  const out = await ecrpWith(env, 'names', 'logout', '--json', ...names);
  expect(out.json()).toMatchObject({
    logouts: names.map((name) => ({ registryHost: name, removed: [name] })),
  });
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
  const result = await runCli(argv, { env, stdin, main: runHelperProgram });
  expect(result).toMatchObject({ status, stderr: '' });
  expect(result.stdout).toMatch(output);
});

it('docker-credential-ecrp asks for one token, and for another when told to erase it or with other keys', async () => {
  const directory = join(home.directory, 'helper-cache');
  const env = { ...home.env, ...emulator.env, ECRP_CACHE_DIR: directory };
  const ask = (verb: string, more: Readonly<Record<string, string>> = {}) =>
    runCli([verb], { env: { ...env, ...more }, stdin: emulator.registryHost, main: runHelperProgram });
  const before = emulator.count('GetAuthorizationToken');
  const first = await ask('get');
  expect((await ask('get')).stdout).toBe(first.stdout);
  expect(emulator.count('GetAuthorizationToken')).toBe(before + 1);
  await ask('erase');
  await ask('get');
  expect(emulator.count('GetAuthorizationToken')).toBe(before + 2);
  expect(await ask('get', { AWS_ACCESS_KEY_ID: 'AKIAOTHER' })).toMatchObject({ status: 1 });
  const { stderr } = await runCli(['logout'], { env: { ...env, DOCKER_CONFIG: directory } });
  expect(stderr).toContain('Removed the tokens of docker-credential-ecrp.');
  await ask('get');
  // With the call that was refused to the other key.
  expect(emulator.count('GetAuthorizationToken')).toBe(before + 4);
});

it.each([
  ['that nobody listens at', 5_000, async () => 'http://127.0.0.1:9', /127\.0\.0\.1:9 .*ECONNREFUSED/],
  [
    'that never answers',
    1_000,
    async () => {
      const silent = createServer().listen(0, '127.0.0.1');
      await once(silent, 'listening');
      // The test does not wait for it.
      silent.unref();
      const address = silent.address();
      return `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
    },
    /no token from http:\/\/127\.0\.0\.1:\d+ within 1/,
  ],
])(
  'docker-credential-ecrp lets docker go on as nobody with an API %s',
  async (_name, limitMs, start, cause) => {
    const env = {
      ...home.env,
      ...emulator.env,
      ECRP_CACHE_DIR: join(home.directory, 'nobody'),
      AWS_ENDPOINT_URL_ECR_PUBLIC: await start(),
    };
    const result = await runCli(['get'], {
      env,
      stdin: emulator.registryHost,
      main: (argv, io) => runHelperProgram(argv, io, limitMs),
    });
    expect(result).toMatchObject({ status: 1, stdout: 'credentials not found in native keychain\n' });
    expect(result.stderr).toMatch(/^docker-credential-ecrp: /);
    expect(result.stderr).toMatch(cause);
  },
);

it('docker-credential-ecrp prints failures on stdout, as the protocol asks', async () => {
  const env = { ...home.env, ...emulator.env, ECRP_REGISTRY_HOST: 'http://x/' };
  const result = await runCli(['list'], { env, main: runHelperProgram });
  expect(result).toMatchObject({
    status: 1,
    stdout: expect.stringContaining('ECRP_REGISTRY_HOST'),
    stderr: '',
  });
});

it.each([
  ['another endpoint without its registry', { ECRP_REGISTRY_HOST: '' }, /set ECRP_REGISTRY_HOST/i],
  ['a registry host that is none', { ECRP_REGISTRY_HOST: 'http://x/' }, /ECRP_REGISTRY_HOST: /],
  ['a proxy that is none', { https_proxy: 'socks5://x:1' }, /https_proxy: socks5/],
])('docker-credential-ecrp lets docker pull as nobody with %s', async (_name, more, cause) => {
  const cache = join(home.directory, 'wrong-settings');
  const https = { AWS_ENDPOINT_URL_ECR_PUBLIC: 'https://api.example.test', ECRP_CACHE_DIR: cache };
  const result = await runCli(['get'], {
    env: { ...home.env, ...emulator.env, ...https, ECRP_REGISTRY_HOST: 'public.ecr.aws', ...more },
    stdin: 'public.ecr.aws',
    main: runHelperProgram,
  });
  expect(result).toMatchObject({ status: 1, stdout: 'credentials not found in native keychain\n' });
  expect(result.stderr).toMatch(/^docker-credential-ecrp: /);
  expect(result.stderr).toMatch(cause);
});

it('docker-credential-ecrp hides a login that a message quotes, and cuts a long one', async () => {
  const config = join(home.directory, 'telling-config');
  const script = join(home.directory, 'telling');
  const words = `echo "https://me:sealed@vault.example is closed ${'x'.repeat(10_000)}" >&2; exit 1`;
  await writeFile(script, `#!/bin/sh\n${words}\n`, { mode: 0o755 });
  await writeFile(config, `[profile telling]\ncredential_process = ${script}\n`);
  const env = {
    ...home.env,
    PATH: '/usr/bin:/bin',
    AWS_CONFIG_FILE: config,
    AWS_PROFILE: 'telling',
    AWS_ENDPOINT_URL_ECR_PUBLIC: emulator.url,
    ECRP_REGISTRY_HOST: emulator.registryHost,
  };
  const { stdout, stderr } = await runCli(['get'], {
    env,
    stdin: emulator.registryHost,
    main: runHelperProgram,
  });
  expect(stdout).toBe('credentials not found in native keychain\n');
  expect(stderr).toContain('https://…@vault.example is closed');
  expect(stderr).not.toContain('sealed');
  expect(stderr.length).toBeLessThan(5_000);
});
