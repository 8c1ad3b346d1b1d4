import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  type CredentialSettings,
  chooseCredentials,
} from '../../../../src/ecr/credentials/choose-credentials.ts';
import type { Identity } from '../../../../src/ecr/credentials/source.ts';
import { EcrpError } from '../../../../src/errors.ts';
import { catchError } from '../../../support/catch-error.ts';
import {
  type FakeService,
  startContainerCredentials,
  startInstanceMetadata,
} from '../../../support/metadata-servers.ts';
import { useTemporaryDirectories } from '../../../support/temporary-directory.ts';

const makeDirectory = useTemporaryDirectories();
let directory: string;
let instance: FakeService;
let container: FakeService;
const services: FakeService[] = [];

const keys = { AWS_ACCESS_KEY_ID: 'AKENV', AWS_SECRET_ACCESS_KEY: 'secret' };
const role = 'arn:aws:iam::123456789012:role/pusher';

/** A profile that assumes the role, with further lines. */
function makeRoleProfile(name: string, ...lines: readonly string[]): string {
  return [`[profile ${name}]`, `role_arn = ${role}`, ...lines].join('\n');
}

beforeEach(async () => {
  directory = await makeDirectory();
  instance = await startInstanceMetadata({ accessKeyId: 'AKINSTANCE', secretAccessKey: 's' });
  container = await startContainerCredentials({ accessKeyId: 'AKCONTAINER', secretAccessKey: 's' });
  services.push(instance, container);
});
afterEach(() => {
  for (const service of services.splice(0)) service.close();
});

/** `[profile]` sections; `COUNT` is a command that leaves a mark for each of its runs. */
async function configure(config: string): Promise<void> {
  const count = `echo x >> "${join(directory, 'runs')}"`;
  await writeFile(join(directory, 'config'), config.replaceAll('COUNT', count));
}

async function countRuns(): Promise<number> {
  return (await readFile(join(directory, 'runs'), 'utf8')).trim().split('\n').length;
}

const never = new AbortController().signal;

/** On a machine with an instance role, and a container role when the environment says so. */
function choose(env: Record<string, string>, settings: Partial<CredentialSettings> = {}) {
  return chooseCredentials({
    env: {
      PATH: process.env.PATH,
      AWS_CONFIG_FILE: join(directory, 'config'),
      AWS_SHARED_CREDENTIALS_FILE: join(directory, 'credentials'),
      AWS_EC2_METADATA_SERVICE_ENDPOINT: instance.url,
      ...env,
    },
    ...settings,
  });
}

function find(env: Record<string, string>, settings: Partial<CredentialSettings> = {}): Promise<Identity> {
  return choose(env, settings).provide(never);
}

const withContainer = () => ({ AWS_CONTAINER_CREDENTIALS_FULL_URI: `${container.url}/role` });
const processKeys = (id: string) => `{"Version":1,"AccessKeyId":"${id}","SecretAccessKey":"s"}`;

describe('the order is that of the aws CLI', () => {
  const config = `[default]
aws_access_key_id = AKDEFAULT
aws_secret_access_key = s
[profile named]
aws_access_key_id = AKNAMED
aws_secret_access_key = s
[profile other]
aws_access_key_id = AKOTHER
aws_secret_access_key = s
`;
  test.each([
    ['--profile before the keys', { ...keys, AWS_PROFILE: 'other' }, 'named', 'AKNAMED', 'profile'],
    ['the keys before AWS_PROFILE', { ...keys, AWS_PROFILE: 'named' }, undefined, 'AKENV', 'environment'],
    ['AWS_PROFILE before the rest', { AWS_PROFILE: 'named' }, undefined, 'AKNAMED', 'profile'],
    ['AWS_DEFAULT_PROFILE as well', { AWS_DEFAULT_PROFILE: 'named' }, undefined, 'AKNAMED', 'profile'],
    ['the default profile', {}, undefined, 'AKDEFAULT', 'profile'],
    [
      'no empty variables',
      { AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '', AWS_PROFILE: '' },
      undefined,
      'AKDEFAULT',
      'profile',
    ],
  ])('%s', async (_name, env, profile, accessKeyId, kind) => {
    await configure(config);
    const identity = await find({ ...env, ...withContainer() }, { profile });
    expect(identity).toMatchObject({ credentials: { accessKeyId }, source: { kind } });
    expect([...instance.requests, ...container.requests]).toEqual([]);
  });

  test('then the container, then the instance', async () => {
    expect(await find(withContainer())).toMatchObject({
      credentials: { accessKeyId: 'AKCONTAINER', sessionToken: 'role-token' },
      source: { kind: 'container' },
    });
    expect(await find({})).toMatchObject({
      credentials: { accessKeyId: 'AKINSTANCE', sessionToken: 'role-token', expiration: expect.any(Date) },
      source: { kind: 'instance' },
    });
    expect(instance.requests[0]).toBe('PUT /latest/api/token');
  });

  test('keys of the environment are not refreshable, others are', async () => {
    expect(choose(keys).isRefreshable).toBe(false);
    expect(choose(keys, { profile: 'named' }).isRefreshable).toBe(true);
    expect((await find({ ...keys, AWS_SESSION_TOKEN: 'token' })).credentials).toEqual({
      accessKeyId: 'AKENV',
      secretAccessKey: 'secret',
      sessionToken: 'token',
    });
  });
});

// Each of these has the roles of an instance and of a container within reach.
describe('what is configured and fails is AUTH, and no role stands in for it', () => {
  const config = `[profile process]
credential_process = COUNT; echo 'vault is sealed' >&2; exit 3
[profile nothing]
credential_process = COUNT; true
[profile no-json]
credential_process = COUNT; echo hunter2
[profile half]
aws_access_key_id = AK
${makeRoleProfile('orphan', 'source_profile = gone')}
${makeRoleProfile('sourceless')}
${makeRoleProfile('both', 'source_profile = orphan', 'credential_source = Environment')}
${makeRoleProfile('odd-source', 'credential_source = Moon')}
${makeRoleProfile('loop', 'source_profile = pool')}
${makeRoleProfile('pool', 'source_profile = loop')}
${makeRoleProfile('of-process', 'source_profile = process')}
${makeRoleProfile('of-empty', 'source_profile = empty')}
[profile empty]
region = eu-west-1
[profile sso]
sso_session = corp
sso_account_id = 123456789012
sso_role_name = pusher
[profile sso-part]
sso_start_url = https://example.awsapps.com/start
sso_account_id = 123456789012
[profile sso-late]
sso_start_url = https://example.awsapps.com/start
sso_region = us-east-1
sso_account_id = 123456789012
sso_role_name = pusher
${makeRoleProfile('web', 'web_identity_token_file = /nowhere/token')}
[profile web-part]
web_identity_token_file = /nowhere/token
${makeRoleProfile('mfa', 'credential_source = EcsContainer', 'mfa_serial = arn:aws:iam::123456789012:mfa/me')}
[profile spaced]
aws_access_key_id = AK
aws_secret_access_key = two words
`;

  test.each([
    ['typo', ['typo', 'does not exist']],
    ['process', ['process', 'exit status 3', 'vault is sealed'], true],
    ['nothing', ['nothing', 'printed nothing'], true],
    ['no-json', ['no-json', 'did not print JSON'], true],
    ['half', ['half', 'aws_secret_access_key is missing']],
    ['orphan', ['orphan', "source_profile 'gone'"]],
    ['sourceless', ['neither source_profile nor credential_source']],
    ['both', ['both source_profile and credential_source']],
    ['odd-source', ["credential_source, 'Moon'"]],
    ['loop', ['loop → pool → loop']],
    ['of-process', ["'process'", 'vault is sealed'], true],
    ['of-empty', ["source_profile 'empty'", 'no credentials']],
    ['sso', ["sso_session 'corp'"]],
    ['sso-part', ['sso_region, sso_role_name']],
    ['sso-late', ['AWS SSO', 'sso-late', 'aws sso login']],
    ['web', ['/nowhere/token']],
    ['web-part', ['role_arn']],
    ['mfa', ['mfa/me', 'no terminal']],
    ['spaced', ['aws_secret_access_key', 'a space']],
    ['constructor', ['constructor', 'does not exist']],
  ] as [string, string[], boolean?][])('%s', async (profile, words, runs) => {
    await configure(config);
    const ways: readonly [Record<string, string>, string | undefined][] = [
      [{ ...keys, ...withContainer() }, profile],
      [{ ...withContainer(), AWS_PROFILE: profile }, undefined],
    ];
    for (const [env, option] of ways) {
      const source = choose(env, { profile: option });
      const error = await catchError(() => source.provide(never));
      expect(error).toMatchObject({ code: 'AUTH' });
      for (const word of words) expect(`${error.message} ${error.hint}`).toContain(word);
      expect(error.message).not.toContain('hunter2');
      // The next call of the same command gets the same error, and no process runs again.
      expect(await catchError(() => source.provide(never))).toBe(error);
    }
    expect(instance.requests).toEqual([]);
    if (runs) expect(await countRuns()).toBe(ways.length);
  });

  test.each([
    ['AWS_SECRET_ACCESS_KEY', { AWS_ACCESS_KEY_ID: 'AK' }],
    ['AWS_SECRET_ACCESS_KEY', { AWS_ACCESS_KEY_ID: 'AK', AWS_SECRET_ACCESS_KEY: '' }],
    ['AWS_ACCESS_KEY_ID', { AWS_SECRET_ACCESS_KEY: 'secret' }],
    ['AWS_ACCESS_KEY_ID', { AWS_SECRET_ACCESS_KEY: 'secret', AWS_PROFILE: 'spaced' }],
    ['AWS_ROLE_ARN', { AWS_WEB_IDENTITY_TOKEN_FILE: '/nowhere/token' }],
  ])('half a pair in the environment: %s is missing', async (missing, env) => {
    await configure(config);
    const error = await catchError(() => find({ ...env, ...withContainer() }));
    expect(error).toMatchObject({ code: 'AUTH', message: expect.stringContaining(`${missing} is missing`) });
  });

  test.each([
    ['AWS_ACCESS_KEY_ID', { ...keys, AWS_ACCESS_KEY_ID: 'AK\n' }],
    ['AWS_SECRET_ACCESS_KEY', { ...keys, AWS_SECRET_ACCESS_KEY: 'secret\r' }],
    ['AWS_SECRET_ACCESS_KEY', { ...keys, AWS_SECRET_ACCESS_KEY: ' secret' }],
    ['AWS_SESSION_TOKEN', { ...keys, AWS_SESSION_TOKEN: 'token\n' }],
    ['AWS_SESSION_TOKEN', { ...keys, AWS_SESSION_TOKEN: 'to\u200bken' }],
  ])('%s with a character that no header carries', async (name, env) => {
    const error = await catchError(() => find({ ...env, ...withContainer() }));
    expect(error).toMatchObject({ code: 'AUTH', message: expect.stringContaining(`${name}: it contains`) });
    expect(error.message).not.toContain('secret\r');
  });

  test('keys in the environment with an AWS_PROFILE that does not exist', async () => {
    const error = await catchError(() => find({ ...keys, AWS_PROFILE: 'typo' }));
    expect(error).toMatchObject({ code: 'AUTH', message: expect.stringContaining("'typo' does not exist") });
  });

  test('a configuration file that cannot be read', async () => {
    await mkdir(join(directory, 'credentials'));
    const error = await catchError(() => find(withContainer()));
    expect(error).toMatchObject({
      code: 'AUTH',
      message: expect.stringContaining(join(directory, 'credentials')),
    });
  });

  test('a section header that is not closed', async () => {
    await configure('[default]\nregion = eu-west-1\n[profile prod # keys\naws_access_key_id = AKPROD\n');
    const error = await catchError(() => find(withContainer()));
    expect(error).toMatchObject({ code: 'AUTH', message: expect.stringContaining('line 3') });
  });

  test('keys that a process prints with a space', async () => {
    await configure(`[default]\ncredential_process = echo '${processKeys('AK 1')}'\n`);
    const error = await catchError(() => find(withContainer()));
    expect(error).toMatchObject({ code: 'AUTH', message: expect.stringContaining('AccessKeyId') });
  });
});

test.each([
  '[profile local]\n',
  '[profile local] # nothing yet\n\n# no keys\n[profile other]\nregion = eu-west-1\n',
  "[profile 'local']",
  '[profile local]\ncredential_process =\naws_access_key_id = # none\n',
])('a profile without a value exists, and falls back to the roles: %j', async (text) => {
  await configure(text);
  const identity = await find({ AWS_PROFILE: 'local' });
  expect(identity.source).toMatchObject({ kind: 'instance', passedProfile: 'local' });
});

test.each(['[profile local]\naws_access_key_id AKLOCAL\n', '[local]\n', '[profile locals]\n'])(
  'a profile that is not understood, or another one, does not: %j',
  async (text) => {
    await configure(text);
    const error = await catchError(() => find({ AWS_PROFILE: 'local' }));
    expect(error).toMatchObject({ code: 'AUTH', message: expect.stringContaining("'local' does not exist") });
  },
);

test('a profile that configures no credentials falls back to the roles, and the result says so', async () => {
  await configure('[profile local]\nregion = eu-west-1\n');
  for (const [env, profile] of [
    [{ AWS_PROFILE: 'local' }, undefined],
    [keys, 'local'],
  ] as const) {
    const identity = await find(env, { profile });
    expect(identity.source).toMatchObject({ kind: 'instance', passedProfile: 'local' });
  }
});

test('without credentials, the error names every source', async () => {
  const env = { ...keys, AWS_EC2_METADATA_DISABLED: 'true' };
  await configure('[profile local]\nregion = eu-west-1\n');
  const error = await catchError(() => find(env, { profile: 'local' }));
  expect(error).toMatchObject({
    code: 'AUTH',
    message: expect.stringContaining("none in the profile 'local'"),
  });
  const gone = await catchError(() => find({ AWS_EC2_METADATA_SERVICE_ENDPOINT: 'http://127.0.0.1:1' }));
  expect(gone.message).toContain('http://127.0.0.1:1');
});

test('a process is run once, and reported while it runs', async () => {
  await configure(`[default]\ncredential_process = COUNT; echo '${processKeys('AKPROCESS')}'\n`);
  const waits: string[] = [];
  const found: string[] = [];
  const source = choose(
    {},
    {
      startWait: (what) => {
        waits.push(what);
        return () => waits.push('ended');
      },
      onIdentity: ({ description }) => found.push(description),
    },
  );
  const all = await Promise.all([source.provide(never), source.provide(never), source.provide(never)]);
  expect(all.map(({ credentials }) => credentials.accessKeyId)).toEqual(Array(3).fill('AKPROCESS'));
  await source.provide(never);
  expect(await countRuns()).toBe(1);
  expect(waits).toEqual(["the credential process of the profile 'default'", 'ended']);
  expect(found).toEqual(["the credential process of the profile 'default'"]);
  await source.refresh(never);
  expect(await countRuns()).toBe(2);
});

test('an interruption does not wait for the process, which ends with the source', async () => {
  const started = join(directory, 'started');
  await configure(`[default]\ncredential_process = echo $$ > "${started}"; exec sleep 600\n`);
  const source = choose({});
  const controller = new AbortController();
  const waiting = catchError(() => source.provide(controller.signal));
  await expect
    .poll(async () => readFile(started, 'utf8').catch(() => ''), { timeout: 50_000 })
    .toMatch(/\d\n/);
  controller.abort(new EcrpError('INTERRUPTED', 'interrupted by SIGINT'));
  expect((await waiting).code).toBe('INTERRUPTED');
  source.close();
  const pid = Number(await readFile(started, 'utf8'));
  // Throws once there is no such process.
  await expect.poll(() => isRunning(pid), { timeout: 50_000 }).toBe(false);
});

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
