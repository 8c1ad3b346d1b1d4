import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CliResult, makeHome, runCli, spawnCli } from '../support/cli.ts';
import { startTestEmulator } from '../support/emulator.ts';
import { writeDockerArchive } from '../support/image-writers.ts';
import { makeImage } from '../support/images.ts';
import {
  type FakeService,
  ROLE_TOKEN,
  serve,
  startContainerCredentials,
  startInstanceMetadata,
} from '../support/metadata-servers.ts';

// On a machine with an instance role, in a container with a role, each with its own account: an image must
// never go there when another account was meant.

const own = { accessKeyId: 'AKOWN', secretAccessKey: 'own' };
const ofContainer = { accessKeyId: 'AKCONTAINER', secretAccessKey: 'container' };
const ofInstance = { accessKeyId: 'AKINSTANCE', secretAccessKey: 'instance' };
const sessionToken = ROLE_TOKEN;
const allowedActions = ['*'];
const home = await makeHome();
const emulator = await startTestEmulator({
  identities: [
    { ...own, allowedActions },
    { ...ofContainer, allowedActions, sessionToken, registryId: '222222222222' },
    { ...ofInstance, allowedActions, sessionToken, registryId: '333333333333' },
  ],
});
const { AWS_ACCESS_KEY_ID = '', AWS_SECRET_ACCESS_KEY = '', ...place } = emulator.env;
const archive = join(home.directory, 'image.tar');
const runs = join(home.directory, 'runs');
let instance: FakeService;
let container: FakeService;
let roles: Record<string, string>;

beforeAll(async () => {
  instance = await startInstanceMetadata(ofInstance);
  container = await startContainerCredentials(ofContainer);
  roles = {
    AWS_EC2_METADATA_DISABLED: '',
    AWS_EC2_METADATA_SERVICE_ENDPOINT: instance.url,
    AWS_CONTAINER_CREDENTIALS_FULL_URI: container.url,
  };
  await writeDockerArchive(archive, [await makeImage({ seed: 1, layers: [{}, {}] })], { style: 'skopeo' });
  await writeFile(
    join(home.directory, 'config'),
    `[profile sealed]
credential_process = echo x >> "${runs}"; echo 'the vault is sealed' >&2; exit 3
[profile orphan]
role_arn = arn:aws:iam::123456789012:role/push
source_profile = gone
[profile sso]
sso_session = corp
sso_account_id = 123456789012
sso_role_name = push
[sso-session open]
sso_start_url = https://example.awsapps.com/start
sso_region = us-east-1
[profile session]
sso_session = open
sso_account_id = 222222222222
sso_role_name = push
[profile right]
aws_access_key_id = ${AWS_ACCESS_KEY_ID}
aws_secret_access_key = ${AWS_SECRET_ACCESS_KEY}
[profile wrong]
aws_access_key_id = AKWRONG
aws_secret_access_key = wrong
[profile local]
region = eu-west-1
`,
  );
});
afterAll(async () => {
  instance.close();
  container.close();
  await emulator.close();
  await home.remove();
});

function push(argv: readonly string[], env: Record<string, string> = {}): Promise<CliResult> {
  const settings = {
    ...home.env,
    ...place,
    AWS_CONFIG_FILE: join(home.directory, 'config'),
    ...roles,
    ...env,
  };
  return runCli(['push', archive, 'identity:1', '--create-repo', ...argv], { env: settings });
}

describe('the role of the machine would push', () => {
  it.each([
    ['the container', {}, '222222222222'],
    ['the instance', { AWS_CONTAINER_CREDENTIALS_FULL_URI: '' }, '333333333333'],
  ])('and does when nothing else is configured: %s', async (name, env, registryId) => {
    const result = await push(['-v', '--json'], env);
    expect(result.status, result.stderr).toBe(0);
    expect(result.json()).toMatchObject({ registryId });
    expect(result.stderr).toContain(`Credentials: the role of ${name}`);
  });

  it.each([
    ['--profile typo', ['--profile', 'typo'], {}, ["'typo' does not exist"]],
    ['AWS_PROFILE=typo', [], { AWS_PROFILE: 'typo' }, ["'typo' does not exist"]],
    ['a failing process', ['--profile', 'sealed'], {}, ["'sealed'", 'exit status 3', 'the vault is sealed']],
    ['a missing source_profile', [], { AWS_PROFILE: 'orphan' }, ["'orphan'", "source_profile 'gone'"]],
    ['a missing sso-session', [], { AWS_PROFILE: 'sso' }, ["'sso'", "sso_session 'corp'"]],
    ['no secret', [], { AWS_ACCESS_KEY_ID }, ['AWS_SECRET_ACCESS_KEY is missing']],
    ['no key', [], { AWS_SECRET_ACCESS_KEY }, ['AWS_ACCESS_KEY_ID is missing']],
    ['a line break', [], { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY: 'x\n' }, ['AWS_SECRET_ACCESS_KEY']],
    ['a region with one', [], { AWS_REGION: 'us-east-1\n' }, ['AWS_REGION: it contains a line break']],
  ])('but not in place of %s', async (_name, argv, env, words) => {
    const before = [emulator.requests.length, instance.requests.length, container.requests.length];
    const result = await push([...argv, '--json'], env);
    expect(result.status).toBe(4);
    const { error } = result.json();
    expect(error).toMatchObject({ code: 'AUTH' });
    for (const word of words) expect(result.stdout).toContain(word);
    const after = [emulator.requests.length, instance.requests.length, container.requests.length];
    expect(after).toEqual(before);
  });

  it('and the process that fails is run once', async () => {
    await writeFile(runs, '');
    await push(['--profile', 'sealed']);
    expect(await readFile(runs, 'utf8')).toBe('x\n');
  });
});

describe('-v says which identity is taken', () => {
  const keys = { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY };

  it.each([
    ['keys', keys, [], 'the keys of the environment'],
    ['keys beside AWS_PROFILE', { ...keys, AWS_PROFILE: 'wrong' }, [], 'the keys of the environment'],
    [
      '--profile beside keys',
      { AWS_ACCESS_KEY_ID: 'AKOTHER', AWS_SECRET_ACCESS_KEY: 'other' },
      ['--profile', 'right'],
      "the keys of the profile 'right'",
    ],
  ])('%s', async (_name, env, argv, description) => {
    const result = await push(['-v', ...argv], env);
    expect(result.status, result.stderr).toBe(0);
    expect(result.stderr.match(/^Credentials: .*$/gm)).toEqual([`Credentials: ${description}`]);
    const events = (await push(['-v', '--progress', 'json', ...argv], env)).stderr.trim().split('\n');
    const told = events.map((line) => JSON.parse(line)).filter(({ source }) => source !== undefined);
    expect(told).toMatchObject([{ event: 'detail', message: `Credentials: ${description}` }]);
  });

  it('and a note says it when a profile configures none', async () => {
    const result = await push(['--profile', 'local']);
    expect(result.status, result.stderr).toBe(0);
    expect(result.stderr).toContain(
      "The profile 'local' configures no credentials; using the role of the container",
    );
  });
});

describe('an SSO session', () => {
  /** What `aws sso login` leaves. */
  async function signIn(expiresAt: string): Promise<void> {
    const name = createHash('sha1').update('open').digest('hex');
    await mkdir(join(home.directory, '.aws', 'sso', 'cache'), { recursive: true });
    await writeFile(
      join(home.directory, '.aws', 'sso', 'cache', `${name}.json`),
      JSON.stringify({ accessToken: 'bearer', expiresAt, region: 'us-east-1' }),
    );
  }

  async function listWithSession(endpoint: string): Promise<CliResult> {
    const config = { AWS_CONFIG_FILE: join(home.directory, 'config'), AWS_PROFILE: 'session' };
    const env = { ...home.env, ...place, ...config, ...roles, AWS_ENDPOINT_URL_SSO: endpoint };
    // The SDK looks for what `aws sso login` left in the home of the process.
    return spawnCli(['repo', 'list', '-v'], { env }).ended;
  }

  it('gives the role of the profile, and is to be renewed by a login', async () => {
    const portal = await serve(({ headers }, response) => {
      const isKnown = headers['x-amz-sso_bearer_token'] === 'bearer';
      response.writeHead(isKnown ? 200 : 401, { 'content-type': 'application/json' });
      const { accessKeyId, secretAccessKey } = ofContainer;
      const expiration = Date.now() + 3_600_000;
      response.end(
        JSON.stringify({ roleCredentials: { accessKeyId, secretAccessKey, sessionToken, expiration } }),
      );
    });
    try {
      await signIn(new Date(Date.now() + 3_600_000).toISOString());
      const listed = await listWithSession(portal.url);
      expect(listed.status, listed.stderr).toBe(0);
      expect(listed.stderr).toContain("Credentials: the SSO login of the profile 'session'");
      expect(portal.requests).toEqual([expect.stringMatching(/^GET \/federation\/credentials\?/)]);
      expect(portal.userAgents).toEqual([expect.stringMatching(/^aws-sdk-js\/.* ecrp\/\d/)]);
      await signIn(new Date(Date.now() - 1000).toISOString());
      const late = await listWithSession(portal.url);
      expect(late.status).toBe(4);
      expect(late.stderr).toContain("'aws sso login --profile session'");
      expect(portal.requests).toHaveLength(1);
    } finally {
      portal.close();
    }
  });
});

it('the built program prints no output of its libraries, whatever a profile configures', async () => {
  const env = {
    ...home.env,
    ...place,
    AWS_CONFIG_FILE: join(home.directory, 'config'),
    AWS_PROFILE: 'sealed',
  };
  // Notes of a long wait are the program's own.
  const { status, stderr } = await spawnCli(['repo', 'list', '--quiet'], { env }).ended;
  expect(status).toBe(4);
  expect(stderr.split('\n')).toEqual([
    expect.stringMatching(/^error: the credential process of the profile 'sealed' failed/),
    expect.stringMatching(/^hint: /),
    '',
  ]);
});
