import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { runHelperProgram } from '../../src/cli/credential-helper.ts';
import { type CliResult, makeHome, runCli } from '../support/cli.ts';
import { startTokenApi } from '../support/token-api.ts';

// Logins of private registries, in several regions and accounts, and of ECR Public beside them. Clients of others judge the logins
// of an emulator in the conformance tests.

const IRELAND = '123456789012.dkr.ecr.eu-west-1.amazonaws.com';
const OTHER_ACCOUNT = '210987654321.dkr.ecr.eu-west-1.amazonaws.com';
const VIRGINIA = '123456789012.dkr.ecr.us-east-1.amazonaws.com';
const EMULATOR = '127.0.0.1:5101';

type Env = Readonly<Record<string, string>>;

const [home, api] = await Promise.all([makeHome(), startTokenApi()]);
afterAll(async () => {
  api.close();
  await home.remove();
});
beforeEach(() => {
  api.takeQuestions();
  api.denied.clear();
  api.lifetimeS = 43_200;
});

const base: Env = {
  ...home.env,
  AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
  AWS_SECRET_ACCESS_KEY: 'secret',
  AWS_REGION: 'ap-south-1',
  AWS_ENDPOINT_URL_ECR: api.url,
  AWS_ENDPOINT_URL_ECR_PUBLIC: api.url,
  ECRP_REGISTRY_HOST: 'public.ecr.aws',
  PATH: '/usr/bin:/bin',
};

interface Place {
  readonly directory: string;
  run(argv: readonly string[], env?: Env): Promise<CliResult>;
  /** Members of docker's configuration, by name. */
  readConfig(): Promise<Record<string, Record<string, unknown>>>;
}

/** Makes a directory for docker's configuration. */
async function makePlace(): Promise<Place> {
  const directory = await mkdtemp(join(home.directory, 'docker-'));
  return {
    directory,
    run: (argv, env = {}) => runCli(argv, { env: { ...base, DOCKER_CONFIG: directory, ...env } }),
    readConfig: async () => JSON.parse(await readFile(join(directory, 'config.json'), 'utf8')),
  };
}

const scopes = () => api.takeQuestions().map(({ scope }) => scope);

describe('login', () => {
  it('stores a token for each host, and asks once in each region and once for ECR Public', async () => {
    const { run, readConfig } = await makePlace();
    const hosts = [OTHER_ACCOUNT, 'public.ecr.aws', IRELAND, VIRGINIA, IRELAND];
    const { status, json, stderr } = await run(['login', ...hosts, '--json']);
    expect(status, stderr).toBe(0);
    const named = hosts.slice(0, 4);
    expect(json()).toMatchObject({
      logins: named.map((registryHost) => ({ registryHost, username: 'AWS', storedIn: 'file' })),
    });
    expect(scopes().toSorted()).toEqual(['eu-west-1/ecr', 'us-east-1/ecr', 'us-east-1/ecr-public']);
    const passwords = Object.entries((await readConfig()).auths ?? {}).map(([host, entry]) => [
      host,
      Buffer.from((entry as { auth: string }).auth, 'base64').toString(),
    ]);
    expect(Object.fromEntries(passwords)).toEqual({
      [OTHER_ACCOUNT]: 'AWS:token-of-eu-west-1/ecr',
      'public.ecr.aws': 'AWS:token-of-us-east-1/ecr-public',
      [IRELAND]: 'AWS:token-of-eu-west-1/ecr',
      [VIRGINIA]: 'AWS:token-of-us-east-1/ecr',
    });
    expect(stderr).not.toContain('token-of');
    expect(stderr.match(/plain text\. Run '.*'/g)).toEqual([
      `plain text. Run 'ecrp login --credential-helper ${named.join(' ')}'`,
    ]);
  });

  it('stores nothing if one region refuses', async () => {
    const { run, readConfig } = await makePlace();
    api.denied.add('us-east-1/ecr');
    const { status, stderr } = await run(['login', IRELAND, VIRGINIA]);
    expect(status).toBe(4);
    expect(stderr).toContain('not authorized');
    await expect(readConfig()).rejects.toThrow('ENOENT');
  });

  it('prints the one password of a region, and refuses to print several', async () => {
    const { run } = await makePlace();
    const one = await run(['login', '--password-stdout', IRELAND, OTHER_ACCOUNT]);
    expect(one).toMatchObject({ status: 0, stdout: 'token-of-eu-west-1/ecr\n', stderr: '' });
    const several = await run(['login', '--password-stdout', IRELAND, VIRGINIA]);
    expect(several).toMatchObject({ status: 2, stdout: '' });
    expect(several.stderr).toContain('hint: Name the hosts of one region.');
    expect(scopes()).toEqual(['eu-west-1/ecr']);
  });

  it('warns of a token that has ended, and stores it', async () => {
    const { run, readConfig } = await makePlace();
    // As moto answers.
    api.lifetimeS = -3_600;
    const { status, stderr } = await run(['login', IRELAND]);
    expect(status).toBe(0);
    expect(stderr).toMatch(/^warning: .*the token ended at .*: check the clock of this machine$/m);
    expect(Object.keys((await readConfig()).auths ?? {})).toEqual([IRELAND]);
  });

  it('registers the helper for each host, and says what it cannot know', async () => {
    const { run, readConfig } = await makePlace();
    const { AWS_ENDPOINT_URL_ECR: _, ...unset } = base;
    const argv = ['login', '--credential-helper', IRELAND, VIRGINIA, '--endpoint-url', api.url];
    const { status, stderr } = await run(argv, unset);
    expect(status, stderr).toBe(0);
    expect(await readConfig()).toEqual({ credHelpers: { [IRELAND]: 'ecrp', [VIRGINIA]: 'ecrp' } });
    expect(stderr).toContain(
      `warning: docker-credential-ecrp does not know --endpoint-url: set AWS_ENDPOINT_URL_ECR=${api.url} where docker runs`,
    );
    expect(scopes()).toEqual([]);
  });
});

it('logout removes the logins of several hosts and no other', async () => {
  const { run, readConfig, directory } = await makePlace();
  const entry = { auth: 'QVdTOng=' };
  const auths = { [IRELAND]: entry, [`https://${IRELAND}`]: entry, [VIRGINIA]: entry, 'ghcr.io': entry };
  await writeFile(join(directory, 'config.json'), JSON.stringify({ auths }));
  const { status, json } = await run(['logout', IRELAND, OTHER_ACCOUNT, '--json']);
  expect(status).toBe(0);
  expect(json()).toMatchObject({
    logouts: [
      { registryHost: IRELAND, removed: [IRELAND, `https://${IRELAND}`] },
      { registryHost: OTHER_ACCOUNT, removed: [] },
    ],
  });
  expect(await readConfig()).toEqual({ auths: { [VIRGINIA]: entry, 'ghcr.io': entry } });
});

it('token prints that of the region of its host', async () => {
  const { run } = await makePlace();
  const { stdout } = await run(['token', IRELAND.toUpperCase()]);
  expect(Buffer.from(stdout, 'base64').toString()).toBe('AWS:token-of-eu-west-1/ecr');
  expect((await run(['token', VIRGINIA, '--password', '--json'])).json()).toMatchObject({
    registryHost: VIRGINIA,
    username: 'AWS',
    password: 'token-of-us-east-1/ecr',
  });
  expect(scopes()).toEqual(['eu-west-1/ecr', 'us-east-1/ecr']);
});

describe('refused before anything is asked', () => {
  it.each([
    [
      'a host that only looks like one',
      [`${IRELAND}.evil.example`],
      {},
      'is not a registry of this endpoint',
    ],
    [
      'a host without an account',
      ['dkr.ecr.eu-west-1.amazonaws.com'],
      {},
      'is not a registry of this endpoint',
    ],
    ['a URL', [`https://${IRELAND}`], {}, `hint: Give the host alone: ${IRELAND}`],
    ['a reference', [`${IRELAND}/app:1.0`], {}, `hint: Give the host alone: ${IRELAND}`],
    ['another region', [IRELAND, '--region', 'us-east-1'], {}, 'Leave out --region'],
    [
      'one endpoint for two services',
      [IRELAND, 'public.ecr.aws', '--endpoint-url', 'http://127.0.0.1:9'],
      {},
      '--endpoint-url is of one service, but the hosts are of two',
    ],
    [
      "an emulator's host beside AWS's API",
      [EMULATOR],
      { AWS_ENDPOINT_URL_ECR: '', ECRP_PRIVATE_REGISTRY_HOST: EMULATOR },
      "127.0.0.1:5101 is not AWS's",
    ],
    ["an emulator's host that nothing names one", [EMULATOR], {}, 'is not a registry of this endpoint'],
  ])('%s', async (_name, argv, env, words) => {
    const { run, readConfig } = await makePlace();
    for (const command of ['login', 'logout', 'token']) {
      if (command === 'token' && argv.includes('public.ecr.aws')) continue;
      const { status, stderr } = await run([command, ...argv], env);
      expect({ command, status }).toEqual({ command, status: 2 });
      expect(stderr).toContain(words);
    }
    expect(scopes()).toEqual([]);
    await expect(readConfig()).rejects.toThrow('ENOENT');
  });
});

describe('docker-credential-ecrp', () => {
  const ask = async (verb: string, host: string, more: Env = {}, publicBudgetMs = 60_000) =>
    runCli([verb], {
      env: { ...base, ...more },
      stdin: host,
      main: (argv, io) => runHelperProgram(argv, io, publicBudgetMs),
    });
  const makeCache = async () => ({ ECRP_CACHE_DIR: await mkdtemp(join(home.directory, 'cache-')) });

  it('gets one token a region, whatever the account, and lists the hosts that got it', async () => {
    const cache = await makeCache();
    for (const host of [IRELAND, OTHER_ACCOUNT, VIRGINIA, 'public.ecr.aws', IRELAND]) {
      expect(await ask('get', host, cache)).toMatchObject({ status: 0, stderr: '' });
    }
    expect(scopes()).toEqual(['eu-west-1/ecr', 'us-east-1/ecr', 'us-east-1/ecr-public']);
    expect(JSON.parse((await ask('list', '', cache)).stdout)).toEqual({
      'public.ecr.aws': 'AWS',
      'ecr-public.aws.com': 'AWS',
      [IRELAND]: 'AWS',
      [OTHER_ACCOUNT]: 'AWS',
      [VIRGINIA]: 'AWS',
    });
    await ask('erase', IRELAND, cache);
    expect(Object.keys(JSON.parse((await ask('list', '', cache)).stdout))).toEqual([
      'public.ecr.aws',
      'ecr-public.aws.com',
    ]);
    expect(scopes()).toEqual([]);
  });

  it('neither keeps nor reuses a token with AWS_ECR_DISABLE_CACHE', async () => {
    const cache = { ...(await makeCache()), AWS_ECR_DISABLE_CACHE: 'true' };
    for (const host of [IRELAND, IRELAND]) await ask('get', host, cache);
    expect(scopes()).toEqual(['eu-west-1/ecr', 'eu-west-1/ecr']);
  });

  it('waits for a private login longer than for a public one, because nobody can pull without it', async () => {
    const cache = await makeCache();
    const script = join(home.directory, 'slow-credentials');
    const keys = '{"Version":1,"AccessKeyId":"AKIDEXAMPLE","SecretAccessKey":"secret"}';
    await writeFile(script, `#!/bin/sh\necho '${keys}'\n`, { mode: 0o755 });
    await writeFile(join(home.directory, 'slow-config'), `[profile slow]\ncredential_process = ${script}\n`);
    const slow = {
      ...cache,
      AWS_CONFIG_FILE: join(home.directory, 'slow-config'),
      AWS_PROFILE: 'slow',
      AWS_ACCESS_KEY_ID: '',
      AWS_SECRET_ACCESS_KEY: '',
    };
    expect(await ask('get', 'public.ecr.aws', slow, 1)).toMatchObject({ status: 1 });
    expect(await ask('get', IRELAND, slow, 1)).toMatchObject({ status: 0, stderr: '' });
  });

  it.each([
    [
      'no credentials',
      { AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '' },
      /no AWS credentials|credentials/,
    ],
    ['an API that nobody listens at', { AWS_ENDPOINT_URL_ECR: 'http://127.0.0.1:9' }, /127\.0\.0\.1:9/],
    ['an endpoint that is no URL', { AWS_ENDPOINT_URL_ECR: 'nowhere' }, /AWS_ENDPOINT_URL_ECR: 'nowhere'/],
    ['a refusal', {}, /not authorized/],
  ])(
    'fails with %s, and says the cause where the protocol has it and where docker prints it',
    async (_name, env, cause) => {
      api.denied.add('eu-west-1/ecr');
      const { status, stdout, stderr } = await ask('get', IRELAND, { ...(await makeCache()), ...env });
      expect(status).toBe(1);
      expect(stdout).toMatch(cause);
      expect(stdout).not.toContain('credentials not found in native keychain');
      expect(stderr).toBe(`docker-credential-ecrp: ${stdout}`);
    },
  );

  it('serves the hosts of AWS even if a variable for an emulator is wrong', async () => {
    const wrong = { ...(await makeCache()), ECRP_PRIVATE_REGISTRY_HOST: 'registry.example' };
    expect(await ask('get', IRELAND, wrong)).toMatchObject({ status: 0, stderr: '' });
    const open = await ask('get', 'public.ecr.aws', wrong);
    expect(open).toMatchObject({ status: 1, stdout: 'credentials not found in native keychain\n' });
    expect(open.stderr).toContain('ECRP_PRIVATE_REGISTRY_HOST');
  });

  it('gives no token of AWS to the host of an emulator', async () => {
    const env = { AWS_ENDPOINT_URL_ECR: '', ECRP_PRIVATE_REGISTRY_HOST: EMULATOR };
    const { status, stdout } = await ask('get', EMULATOR, env);
    expect(status).toBe(1);
    expect(stdout).toContain("127.0.0.1:5101 is not AWS's");
  });

  it.each([
    `${IRELAND}.evil.example`,
    `https://${IRELAND}.evil.example/v2/`,
    `evil.example/${IRELAND}`,
    `${IRELAND}@evil.example`,
    `${IRELAND}:5000`,
    '12345678901.dkr.ecr.eu-west-1.amazonaws.com',
    EMULATOR,
    'x'.repeat(100_000),
    `${IRELAND}\u0000`,
  ])('has no login for %.60s', async (host) => {
    expect(await ask('get', host)).toMatchObject({
      status: 1,
      stdout: 'credentials not found in native keychain\n',
      stderr: '',
    });
    expect(scopes()).toEqual([]);
  });
});
