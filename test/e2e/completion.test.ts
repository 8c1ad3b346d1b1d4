import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { runCli } from '../support/cli.ts';
import { setFaults } from '../support/emulator.ts';
import { writeOciLayout } from '../support/image-writers.ts';
import { makeImage } from '../support/images.ts';
import { startWorkplace } from '../support/workplace.ts';

type Env = Readonly<Record<string, string>>;

const { home, emulator } = await startWorkplace({ private: {} });
// Nothing but a service that does not answer may end a wait, on a slow machine too.
const base: Env = { ...home.env, ...emulator.env, ECRP_COMPLETION_TIMEOUT: '10m' };
const { AWS_ACCESS_KEY_ID = '', AWS_SECRET_ACCESS_KEY = '', ...keyless } = base;
const uri = `${emulator.registryHost}/${emulator.registryAlias}`;
const ran = join(home.directory, 'ran');
const config = join(home.directory, 'config');

beforeAll(async () => {
  const layout = join(home.directory, 'layout');
  await writeOciLayout(layout, [await makeImage({ seed: 1, layers: [{}] })]);
  const pushed = await runCli(
    ['push', layout, 'team/app:1.0', '-t', '1.1', '-t', 'latest', '--create-repo'],
    {
      env: base,
    },
  );
  expect(pushed.status, pushed.stderr).toBe(0);
  expect((await runCli(['repo', 'create', 'tools'], { env: base })).status).toBe(0);
  await writeFile(
    config,
    `[default]
region = us-east-1
[profile static]
aws_access_key_id = ${AWS_ACCESS_KEY_ID}
aws_secret_access_key = ${AWS_SECRET_ACCESS_KEY}
[profile process]
credential_process = touch "${ran}"; exit 1
[profile role]
role_arn = arn:aws:iam::123456789012:role/push
source_profile = static
[profile sso]
sso_session = corp
sso_account_id = 123456789012
sso_role_name = push
[sso-session corp]
sso_start_url = https://example.test/start
sso_region = us-east-1
[services local]
sts =
  endpoint_url = http://127.0.0.1:1
`,
  );
});

let runs = 0;
/** An environment with an empty cache. */
async function isolate(env: Env = base): Promise<Env> {
  runs += 1;
  const ECRP_CACHE_DIR = join(home.directory, `cache-${runs}`);
  await mkdir(ECRP_CACHE_DIR);
  return { ...env, ECRP_CACHE_DIR };
}

/** Completes words as the script of a shell does. Returns the lines of the answer. */
async function complete(words: readonly string[], env: Env): Promise<readonly string[]> {
  const { status, stdout, stderr } = await runCli(['__complete', '--', ...words], { env });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout.endsWith('\n')).toBe(true);
  return stdout.trimEnd().split('\n');
}

describe('of private ECR', () => {
  const host = emulator.privateRegistryHost ?? '';

  it('repositories and tags come from the registry that the text names, once', async () => {
    const env = await isolate();
    const layout = join(home.directory, 'layout');
    const pushed = await runCli(['push', layout, `${host}/team/private:2.0`, '--create-repo'], { env });
    expect(pushed.status, pushed.stderr).toBe(0);
    expect(await complete(['image', 'list', `${host}/t`], env)).toEqual(['values', `${host}/team/private`]);
    const asked = emulator.requests.length;
    expect(await complete(['lifecycle', 'get', `${host}/`], env)).toEqual(['values', `${host}/team/private`]);
    expect(emulator.requests.length).toBe(asked);
    expect(await complete(['image', 'tag', `${host}/team/private:`], env)).toEqual([
      'nospace',
      `${host}/team/private:2.0`,
    ]);
    expect(await complete(['image', 'tag', 'team/app:1.0', `${host}/`], env)).toEqual(['values']);
  });
});

describe('ecrp completion', () => {
  it.each(['bash', 'zsh', 'fish'])('prints the script for %s, with --json too', async (shell) => {
    const script = readFileSync(join(import.meta.dirname, `../../bin/completion/ecrp.${shell}`), 'utf8');
    for (const argv of [[shell], [shell, '--json']]) {
      expect(await runCli(['completion', ...argv])).toMatchObject({ status: 0, stdout: script, stderr: '' });
    }
  });

  it('refuses other shells', async () => {
    const { status, stderr } = await runCli(['completion', 'tcsh']);
    expect(status).toBe(2);
    expect(stderr).toContain('bash, zsh, fish');
  });
});

describe('names of the registry', () => {
  it.each<[readonly string[], readonly string[]]>([
    [
      ['repo', 'describe', ''],
      ['values', 'team/app', 'tools'],
    ],
    [
      ['repo', 'describe', 'te'],
      ['values', 'team/app'],
    ],
    [
      ['repo', 'describe', emulator.registryHost.slice(0, 5)],
      ['values', `${uri}/team/app`, `${uri}/tools`],
    ],
    [
      ['push', 'x.tar', 'to'],
      ['nospace', 'tools'],
    ],
    [
      ['push', 'x.tar', 'team/app:1.'],
      ['nospace', 'team/app:1.0', 'team/app:1.1'],
    ],
    [
      ['push', 'x.tar', `${uri}/team/app:l`],
      ['nospace', `${uri}/team/app:latest`],
    ],
    [
      ['push', 'x.tar', 'team/app', '--tag', '1.'],
      ['values', '1.0', '1.1'],
    ],
    [
      ['push', 'x.tar', 'team/app:2', '--cache-from=l'],
      ['values', '--cache-from=latest'],
    ],
    [['push', 'x.tar', `${emulator.registryHost}/stranger/app:`], ['nospace']],
    [['push', 'x.tar', 'nowhere:'], ['nospace']],
  ])('%j', async (words, lines) => {
    expect((await complete(words, await isolate())).toSorted()).toEqual([...lines].toSorted());
  });

  it('are kept for ten minutes', async () => {
    const env = await isolate();
    const words = ['repo', 'describe', 't'];
    const first = await complete(words, env);
    expect(first).toHaveLength(3);
    const calls = emulator.requests.length;
    expect(await complete(words, env)).toEqual(first);
    expect(emulator.requests.length).toBe(calls);
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 10 * 60_000 + 1000 });
    try {
      expect(await complete(words, env)).toEqual(first);
    } finally {
      vi.useRealTimers();
    }
    expect(emulator.requests.length).toBeGreaterThan(calls);
  });

  it('come with the keys that stand in a profile of the command line', async () => {
    const env = await isolate({ ...keyless, AWS_CONFIG_FILE: config });
    expect(await complete(['--profile', 'static', 'repo', 'describe', 'to'], env)).toEqual([
      'values',
      'tools',
    ]);
    expect(await complete(['repo', '--profile=static', 'describe', 'te'], env)).toEqual([
      'values',
      'team/app',
    ]);
  });

  it.each(['process', 'role', 'sso', 'default'])(
    'are not asked for with credentials that cost something: %s',
    async (profile) => {
      const env = await isolate({
        ...keyless,
        AWS_CONFIG_FILE: config,
        AWS_EC2_METADATA_DISABLED: 'false',
        AWS_EC2_METADATA_SERVICE_ENDPOINT: emulator.url,
        AWS_CONTAINER_CREDENTIALS_FULL_URI: emulator.url,
      });
      const calls = emulator.requests.length;
      expect(await complete(['--profile', profile, 'repo', 'describe', ''], env)).toEqual(['values']);
      expect(emulator.requests.length).toBe(calls);
      expect(existsSync(ran)).toBe(false);
    },
  );

  it('are not asked for with a web identity of the environment', async () => {
    const token = join(home.directory, 'token');
    await writeFile(token, 'x');
    const env = await isolate({
      ...keyless,
      AWS_WEB_IDENTITY_TOKEN_FILE: token,
      AWS_ROLE_ARN: 'arn:aws:iam::123456789012:role/push',
      AWS_ENDPOINT_URL_STS: emulator.url,
    });
    const calls = emulator.requests.length;
    expect(await complete(['repo', 'describe', ''], env)).toEqual(['values']);
    expect(emulator.requests.length).toBe(calls);
  });

  it.each<[string, Env]>([
    ['a wrong secret', { AWS_SECRET_ACCESS_KEY: 'wrong' }],
    ['half a pair of keys', { AWS_SECRET_ACCESS_KEY: '' }],
    ['an endpoint that nobody serves', { AWS_ENDPOINT_URL_ECR_PUBLIC: 'http://127.0.0.1:1' }],
    ['a host that is none', { ECRP_REGISTRY_HOST: 'http://x/' }],
    [
      'a config file that cannot be read',
      { AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '', AWS_PROFILE: 'x', AWS_CONFIG_FILE: '/dev/null/x' },
    ],
  ])('are left out in silence: %s', async (_, problem) => {
    const env = await isolate({ ...base, ...problem, ECRP_COMPLETION_TIMEOUT: '' });
    expect(await complete(['repo', 'describe', ''], env)).toEqual(['values']);
  });

  it('are given up if the service does not answer', async () => {
    await setFaults(emulator, ['DescribeRepositories stall']);
    try {
      const env = await isolate({ ...base, ECRP_COMPLETION_TIMEOUT: '' });
      expect(await complete(['repo', 'describe', ''], env)).toEqual(['values']);
    } finally {
      await setFaults(emulator, []);
    }
  });
});

describe('other names', () => {
  it('profiles come from the AWS configuration', async () => {
    const env = { ...keyless, AWS_CONFIG_FILE: config };
    expect(await complete(['--profile', ''], env)).toEqual([
      'values',
      'default',
      'static',
      'process',
      'role',
      'sso',
    ]);
    expect(await complete(['push', '--profile=st'], env)).toEqual(['values', '--profile=static']);
  });

  it('hosts are those of the registry', async () => {
    expect(await complete(['login', ''], home.env)).toEqual([
      'values',
      'public.ecr.aws',
      'ecr-public.aws.com',
    ]);
  });

  it('hosts of private ECR are those that docker has a login for, and no others', async () => {
    const directory = await mkdtemp(join(home.directory, 'docker-'));
    const host = (region: string) => `123456789012.dkr.ecr.${region}.amazonaws.com`;
    const auths = { [host('eu-west-1')]: {}, [`https://${host('eu-west-2')}/v1/`]: {}, 'ghcr.io': {} };
    const credHelpers = { [host('us-east-1')]: 'ecrp', [host('eu-west-1')]: 'ecrp', 'a.example': 'x' };
    const env = { ...home.env, DOCKER_CONFIG: directory };
    await writeFile(join(directory, 'config.json'), JSON.stringify({ auths, credHelpers }));
    expect(await complete(['logout', '123'], env)).toEqual([
      'values',
      host('eu-west-1'),
      host('eu-west-2'),
      host('us-east-1'),
    ]);
    await writeFile(join(directory, 'config.json'), '{');
    expect(await complete(['logout', 'p'], env)).toEqual(['values', 'public.ecr.aws']);
  });

  it('files are left to the shell', async () => {
    expect(await complete(['push', 'a'], home.env)).toEqual(['files']);
    expect(await complete(['push', '--catalog=a'], home.env)).toEqual(['files']);
  });

  it('options come with their descriptions', async () => {
    expect(await complete(['push', '--if-e'], home.env)).toEqual([
      'values',
      '--if-exists\ttag on another image: overwrite (default), skip, fail',
    ]);
  });

  it('without any word, or with hostile ones, there is an answer', async () => {
    for (const words of [[], ['\u0000'], ['--\u001b[31m'], ['-', '-', '-'], ['push', '-t']]) {
      expect((await complete(words, home.env))[0]).toMatch(/^(values|nospace|files)$/);
    }
  });
});
