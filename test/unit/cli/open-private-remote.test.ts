import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { digestOf } from '../../../src/oci/digest.ts';
import { OCI_MANIFEST } from '../../../src/oci/media-types.ts';
import { catchError } from '../../support/catch-error.ts';
import { makeHome, runCli } from '../../support/cli.ts';
import { type PrivateApi, startPrivateApi } from '../../support/private-api.ts';
import { openTestRemote } from '../../support/remote.ts';
import { type FakeRegistry, startFakeRegistry } from '../registry/fake-registry.ts';

const { signal } = new AbortController();
const HOST = '123456789012.dkr.ecr.eu-west-1.amazonaws.com';
const NAME = `${HOST}/team/app`;
const text = `{"schemaVersion":2,"mediaType":"${OCI_MANIFEST}"}`;
const digest = digestOf(Buffer.from(text));

const api: PrivateApi = await startPrivateApi();
const registry: FakeRegistry = await startFakeRegistry();
let home: Awaited<ReturnType<typeof makeHome>>;
let env: Record<string, string>;
const cleanups: (() => unknown)[] = [];

afterAll(() => {
  api.close();
  registry.close();
});
beforeEach(async () => {
  home = await makeHome();
  api.calls.length = 0;
  api.answer = () => undefined;
  api.manifests.set('v1', { text, mediaType: OCI_MANIFEST });
  env = {
    ...home.env,
    AWS_ENDPOINT_URL_ECR: api.url,
    AWS_ACCESS_KEY_ID: 'AKIDENVIRONMENT',
    AWS_SECRET_ACCESS_KEY: 'secret',
    AWS_REGION: 'us-west-2',
  };
});
afterEach(async () => {
  for (const clean of cleanups.splice(0)) await clean();
  await home.remove();
});

const open: typeof openTestRemote = async (...given) => {
  const opened = await openTestRemote(...given);
  cleanups.push(() => opened.remote.close());
  return opened;
};

async function writeProfiles(config: string): Promise<void> {
  await mkdir(join(home.directory, '.aws'), { recursive: true });
  await writeFile(join(home.directory, '.aws', 'config'), config);
}

async function writeDockerLogin(host: string): Promise<void> {
  await mkdir(join(home.directory, '.docker'), { recursive: true });
  const auth = Buffer.from('AWS:s3cret').toString('base64');
  await writeFile(
    join(home.directory, '.docker', 'config.json'),
    JSON.stringify({ auths: { [host]: { auth } } }),
  );
}

describe('a repository of private ECR', () => {
  test('is read with AWS credentials in the region and account of its host, whatever the environment says', async () => {
    const { remote } = await open(NAME, env);
    expect(await remote.findDigest('v1', signal)).toBe(digest);
    expect(remote.name).toBe(NAME);
    expect(api.calls).toMatchObject([
      {
        input: { registryId: '123456789012', repositoryName: 'team/app' },
        authorization: expect.stringMatching(/Credential=AKIDENVIRONMENT\/\d+\/eu-west-1\/ecr\//),
      },
    ]);
  });

  test('of a host that only looks like it is asked without AWS credentials', async () => {
    for (const host of [
      `${HOST}.evil.example`,
      'x.dkr.ecr.eu-west-1.amazonaws.com',
      HOST.replace('ecr.', 'ecr.evil.'),
    ]) {
      const { remote } = await open(
        `${host}/team/app`,
        { ...env, http_proxy: api.url, https_proxy: api.url },
        { retryBudget: 1 },
      );
      await catchError(() => remote.findDigest('v1', signal));
    }
    expect(api.calls.filter(({ authorization }) => authorization !== '')).toEqual([]);
  });

  test('is read with the credentials of --from-profile', async () => {
    await writeProfiles(
      '[profile build]\naws_access_key_id = AKIDBUILD\naws_secret_access_key = s\nregion = ap-south-1\n',
    );
    const { remote } = await open(NAME, env, { fromProfile: 'build' });
    await remote.findDigest('v1', signal);
    expect(api.calls[0]?.authorization).toMatch(/Credential=AKIDBUILD\/\d+\/eu-west-1\/ecr\//);
    const error = await catchError(() => open(NAME, env, { fromProfile: 'other' }));
    expect(error).toMatchObject({
      code: 'AUTH',
      message: expect.stringMatching(/^--from-profile: the profile 'other' does not exist/),
    });
  });

  test("without AWS credentials is read with docker's login, and without both not at all", async () => {
    const { AWS_ACCESS_KEY_ID: _, AWS_SECRET_ACCESS_KEY: __, ...bare } = env;
    const reference = `${registry.host}/team/app`;
    const without = { ...bare, ECRP_PRIVATE_REGISTRY_HOST: registry.host };
    const refused = await catchError(() => open(reference, without));
    expect(refused).toMatchObject({ code: 'AUTH', message: expect.stringMatching(/^No AWS credentials: /) });
    await writeDockerLogin(registry.host);
    registry.intercept = ({ url, headers }, response) => {
      const isKnown = headers.authorization === `Basic ${Buffer.from('AWS:s3cret').toString('base64')}`;
      if (!isKnown)
        response.writeHead(401, { 'www-authenticate': 'Basic realm="x",service="ecr.amazonaws.com"' }).end();
      else response.writeHead(200, { 'docker-content-digest': digest }).end();
      return url !== undefined;
    };
    const { remote, stderr } = await open(reference, without);
    expect(await remote.findDigest('v1', signal)).toBe(digest);
    expect(stderr()).toMatch(
      /No AWS credentials: .*; reading 127.0.0.1:\d+ with the login of docker's config/,
    );
    expect(api.calls).toEqual([]);
    // A profile that is chosen is the only one.
    const chosen = await catchError(() => open(reference, without, { fromProfile: 'build' }));
    expect(chosen).toMatchObject({ code: 'AUTH' });
  });

  test('is read with the login of the command line, if it gives one', async () => {
    registry.intercept = ({ headers }, response) => {
      const isKnown = headers.authorization === `Basic ${Buffer.from('me:s3cret').toString('base64')}`;
      if (!isKnown) response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
      else response.writeHead(200, { 'docker-content-digest': digest }).end();
      return true;
    };
    const { remote } = await open(
      `${registry.host}/team/app`,
      { ...env, ECRP_PRIVATE_REGISTRY_HOST: registry.host },
      { givenLogin: { username: 'me', secret: 's3cret' } },
    );
    expect(await remote.findDigest('v1', signal)).toBe(digest);
    expect(api.calls).toEqual([]);
  });
});

describe('a command that reads private ECR and writes to ECR Public', () => {
  const endpoints = { AWS_ENDPOINT_URL_ECR_PUBLIC: 'http://127.0.0.1:1', ECRP_REGISTRY_HOST: '127.0.0.1:1' };
  const copy = (...argv: string[]) =>
    runCli(['copy', `${NAME}:v1`, 'app:v1', '--retry-budget', '1', ...argv], {
      env: { ...env, ...endpoints },
    });

  test('asks before the image becomes public, and not before a dry run', async () => {
    expect(await copy()).toMatchObject({ status: 2, stderr: expect.stringContaining('needs --yes') });
    expect(api.calls).toEqual([]);
    expect((await copy('--dry-run')).stderr).not.toContain('--yes');
  });

  test('refuses --endpoint-url, which would lead to both', async () => {
    expect(await copy('--yes', '--endpoint-url', api.url)).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('AWS_ENDPOINT_URL_ECR and AWS_ENDPOINT_URL_ECR_PUBLIC'),
    });
    expect(api.calls).toEqual([]);
  });

  test('asks a credential process once for both', async () => {
    const log = join(home.directory, 'asked');
    const keys = '{"Version":1,"AccessKeyId":"AKIDPROCESS","SecretAccessKey":"s"}';
    const script = join(home.directory, 'keys.sh');
    await writeFile(script, `#!/bin/sh\necho asked >> '${log}'\necho '${keys}'\n`, { mode: 0o755 });
    await writeProfiles(`[profile process]\ncredential_process = ${script}\n`);
    await copy('--yes', '--profile', 'process');
    expect(await readFile(log, 'utf8')).toBe('asked\n');
    expect(api.calls[0]?.authorization).toContain('Credential=AKIDPROCESS/');
  });

  test.each([
    [['--from-profile', 'build', '--from-username', 'me', '--from-password-stdin'], /two logins/],
    [['--from-profile', ''], /--from-profile/],
  ])('refuses %j', async (options, problem) => {
    expect(await copy(...options)).toMatchObject({ status: 2, stderr: expect.stringMatching(problem) });
  });

  test('refuses --from-profile for another registry', async () => {
    const { status, stderr } = await runCli(
      ['copy', 'ghcr.io/team/app:1', 'app', '--from-profile', 'build'],
      { env },
    );
    expect({ status, stderr }).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('ghcr.io/team/app:1'),
    });
  });
});
