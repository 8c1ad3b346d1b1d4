import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  type CredentialSettings,
  chooseCredentials,
} from '../../../../src/ecr/credentials/choose-credentials.ts';
import type { Identity } from '../../../../src/ecr/credentials/source.ts';
import { catchError } from '../../../support/catch-error.ts';
import {
  type FakeService,
  serve,
  startContainerCredentials,
  startInstanceMetadata,
  startTokenService,
} from '../../../support/metadata-servers.ts';
import { useTemporaryDirectories } from '../../../support/temporary-directory.ts';

const makeDirectory = useTemporaryDirectories();
let directory: string;
const services: FakeService[] = [];
beforeEach(async () => {
  directory = await makeDirectory();
});
afterEach(() => {
  for (const service of services.splice(0)) service.close();
});

async function start(service: Promise<FakeService>): Promise<FakeService> {
  services.push(await service);
  return service;
}

const never = new AbortController().signal;
const role = 'arn:aws:iam::123456789012:role/pusher';
const roleKeys = { accessKeyId: 'AKROLE', secretAccessKey: 's' };

function find(env: Record<string, string>, settings: Partial<CredentialSettings> = {}): Promise<Identity> {
  return chooseCredentials({
    env: {
      AWS_CONFIG_FILE: join(directory, 'config'),
      AWS_SHARED_CREDENTIALS_FILE: join(directory, 'credentials'),
      AWS_EC2_METADATA_DISABLED: 'true',
      ...env,
    },
    ...settings,
  }).provide(never);
}

async function startSts() {
  const service = await startTokenService({ accessKeyId: 'AKASSUMED', secretAccessKey: 's' });
  services.push(service);
  return { asked: service.asked, userAgents: service.userAgents, env: { AWS_ENDPOINT_URL_STS: service.url } };
}

describe('instance metadata', () => {
  const disabled = { AWS_EC2_METADATA_DISABLED: 'false' };

  test('is asked in version 1 where version 2 is not there, unless that is switched off', async () => {
    const service = await start(
      serve(({ method, url = '' }, response) => {
        if (method === 'PUT') response.writeHead(404).end();
        else if (url.endsWith('/')) response.end('pusher\n');
        else response.end(JSON.stringify({ AccessKeyId: 'AKONE', SecretAccessKey: 's', Token: 't' }));
      }),
    );
    const env = { ...disabled, AWS_EC2_METADATA_SERVICE_ENDPOINT: service.url };
    expect((await find(env)).credentials).toMatchObject({ accessKeyId: 'AKONE' });
    const error = await catchError(() => find({ ...env, AWS_EC2_METADATA_V1_DISABLED: 'true' }));
    expect(error).toMatchObject({
      code: 'AUTH',
      message: expect.stringContaining('version 1 is switched off'),
    });
  });

  test.each([
    ['no role', '404', 'the instance has no IAM role'],
    ['a fault', '500', 'it returned HTTP 500'],
    [
      'a role that it may not take',
      '{"Code":"AssumeRoleUnauthorizedAccess","Message":"no trust"}',
      'no trust',
    ],
    ['a page', '<html>', 'no credentials in it'],
  ])('that has %s is AUTH, naming it', async (_name, answer, words) => {
    const service = await start(
      serve(({ method, url = '' }, response) => {
        if (method === 'PUT') response.end('token');
        else if (/^\d+$/.test(answer)) response.writeHead(Number(answer)).end();
        else response.end(url.endsWith('/') ? 'pusher' : answer);
      }),
    );
    const error = await catchError(() =>
      find({ ...disabled, AWS_EC2_METADATA_SERVICE_ENDPOINT: service.url }),
    );
    expect(error).toMatchObject({ code: 'AUTH', message: expect.stringContaining(words) });
    expect(error.message).toContain(service.url);
  });

  test('is where the profile says, and not asked when it is switched off', async () => {
    const service = await start(startInstanceMetadata(roleKeys));
    const config = `[profile there]\nec2_metadata_service_endpoint = ${service.url}\n`;
    await writeFile(join(directory, 'config'), config);
    expect((await find(disabled, { profile: 'there' })).credentials.accessKeyId).toBe('AKROLE');
    const before = service.requests.length;
    await catchError(() => find({ AWS_EC2_METADATA_DISABLED: 'true' }, { profile: 'there' }));
    expect(service.requests.length).toBe(before);
  });
});

describe('container credentials', () => {
  test('take the token of a file before that of the variable', async () => {
    const service = await start(startContainerCredentials(roleKeys, 'pod token'));
    const env = { AWS_CONTAINER_CREDENTIALS_FULL_URI: service.url };
    await writeFile(join(directory, 'token'), 'pod token');
    const AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE = join(directory, 'token');
    const tokens = { AWS_CONTAINER_AUTHORIZATION_TOKEN: 'other', AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE };
    expect((await find({ ...env, ...tokens })).source.kind).toBe('container');
    const error = await catchError(() => find({ ...env, AWS_CONTAINER_AUTHORIZATION_TOKEN: 'other' }));
    expect(error).toMatchObject({ code: 'AUTH', message: expect.stringContaining('not your pod') });
    const broken = await catchError(() => find({ ...env, AWS_CONTAINER_AUTHORIZATION_TOKEN: 'pod token\n' }));
    expect(broken.message).toContain('AWS_CONTAINER_AUTHORIZATION_TOKEN: it contains a line break');
  });

  test('are asked for again when the service is in trouble', async () => {
    const service = await start(
      serve((_, response) => {
        response.writeHead(503).end();
      }),
    );
    const error = await catchError(() => find({ AWS_CONTAINER_CREDENTIALS_FULL_URI: service.url }));
    expect(error).toMatchObject({ code: 'AUTH', message: expect.stringContaining('it returned HTTP 503') });
    expect(service.requests).toHaveLength(3);
  });

  test.each([
    'http://user:hunter2@127.0.0.1:1/',
    'http://example.com/role',
    'localhost:80/role',
    'file:///etc/passwd',
    // The path of such a URL is all that a process needs to get the keys.
    'localhost:80/v2/credentials/hunter2',
    'http://169.254.170.2/v2/credentials/hunter2\n',
  ])('never come from %j', async (url) => {
    const error = await catchError(() => find({ AWS_CONTAINER_CREDENTIALS_FULL_URI: url }));
    expect(error).toMatchObject({
      code: 'AUTH',
      message: expect.stringContaining('AWS_CONTAINER_CREDENTIALS_FULL_URI'),
    });
    expect(error.message).not.toContain('hunter2');
  });

  test('come from the address of ECS for a relative URI', async () => {
    const signal = AbortSignal.abort(new Error('not now'));
    const source = chooseCredentials({
      env: { AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: '/v2/role', AWS_EC2_METADATA_DISABLED: 'true' },
      startWait: (what) => {
        expect(what).toContain('http://169.254.170.2 (AWS_CONTAINER_CREDENTIALS_RELATIVE_URI)');
        return () => undefined;
      },
    });
    await expect(source.provide(signal)).rejects.toThrow('not now');
    source.close();
  });
});

describe('a source that accepts and does not answer is AUTH, naming it', () => {
  const silent = () => start(serve(() => undefined));

  test.each(['AWS_CONTAINER_CREDENTIALS_FULL_URI', 'AWS_EC2_METADATA_SERVICE_ENDPOINT'])(
    '%s',
    async (variable) => {
      const { url } = await silent();
      const env = { [variable]: url, AWS_EC2_METADATA_DISABLED: 'false' };
      const error = await catchError(() => find(env, { httpTimeoutMs: 200 }));
      expect(error).toMatchObject({
        code: 'AUTH',
        message: expect.stringContaining('no answer within 0.2 s'),
      });
      expect(error.message).toContain(url);
    },
  );

  test('STS', async () => {
    const { url } = await silent();
    const config = `[default]\nrole_arn = ${role}\ncredential_source = Environment\n`;
    await writeFile(join(directory, 'config'), config);
    const env = { AWS_ACCESS_KEY_ID: 'AK', AWS_SECRET_ACCESS_KEY: 's', AWS_ENDPOINT_URL_STS: url };
    const error = await catchError(() => find(env, { profile: 'default', httpTimeoutMs: 200 }));
    expect(error).toMatchObject({
      code: 'AUTH',
      message: expect.stringMatching(/AWS STS.*no answer within/),
    });
  });

  test('an answer without an end is cut off', async () => {
    const service = await start(
      serve((_, response) => {
        const write = (): void => {
          while (response.write(' '.repeat(16_384)));
        };
        response.on('drain', write);
        write();
      }),
    );
    const error = await catchError(() => find({ AWS_CONTAINER_CREDENTIALS_FULL_URI: service.url }));
    expect(error).toMatchObject({ code: 'AUTH', message: expect.stringContaining('longer than') });
  });
});

test('metadata and container credentials are never asked for through a proxy', async () => {
  const proxy = await start(serve((_, response) => response.writeHead(502).end()));
  const instance = await start(startInstanceMetadata(roleKeys));
  const container = await start(startContainerCredentials(roleKeys));
  const proxies = { http_proxy: proxy.url, https_proxy: proxy.url, HTTP_PROXY: proxy.url, no_proxy: '' };
  const places = [
    { AWS_CONTAINER_CREDENTIALS_FULL_URI: container.url },
    { AWS_EC2_METADATA_DISABLED: 'false', AWS_EC2_METADATA_SERVICE_ENDPOINT: instance.url },
  ];
  for (const place of places) {
    expect((await find({ ...proxies, ...place })).credentials.accessKeyId).toBe('AKROLE');
  }
  for (const userAgent of [...container.userAgents, ...instance.userAgents]) {
    expect(userAgent).toMatch(/^ecrp\/\d/);
  }
  expect(proxy.requests).toEqual([]);
});

describe('a role', () => {
  test('is taken with credential_source, with what the profile says of it', async () => {
    const sts = await startSts();
    const container = await start(startContainerCredentials(roleKeys));
    await writeFile(
      join(directory, 'config'),
      `[profile push]
role_arn = ${role}
credential_source = EcsContainer
role_session_name = ci
external_id = x-1
duration_seconds = 900
`,
    );
    const env = { ...sts.env, AWS_CONTAINER_CREDENTIALS_FULL_URI: container.url, AWS_PROFILE: 'push' };
    const identity = await find(env);
    expect(identity).toMatchObject({
      credentials: { accessKeyId: 'AKASSUMED' },
      source: {
        kind: 'profile',
        profile: 'push',
        description: expect.stringContaining('the role of the container'),
      },
    });
    expect(sts.userAgents).toEqual([expect.stringMatching(/^aws-sdk-js\/.* ecrp\/\d/)]);
    expect(Object.fromEntries(sts.asked[0] ?? [])).toMatchObject({
      Action: 'AssumeRole',
      RoleArn: role,
      RoleSessionName: 'ci',
      ExternalId: 'x-1',
      DurationSeconds: '900',
    });
  });

  test('is taken through others, each asked once', async () => {
    const sts = await startSts();
    await writeFile(
      join(directory, 'config'),
      `[profile far]
role_arn = ${role}-far
source_profile = near
[profile near]
role_arn = ${role}-near
source_profile = near
aws_access_key_id = AKNEAR
aws_secret_access_key = s
`,
    );
    expect((await find(sts.env, { profile: 'far' })).credentials.accessKeyId).toBe('AKASSUMED');
    // The keys of the source go before its own role, as in botocore.
    expect(sts.asked.map((members) => members.get('RoleArn'))).toEqual([`${role}-far`]);
    await find(sts.env, { profile: 'near' });
    expect(sts.asked.map((members) => members.get('RoleArn'))).toEqual([`${role}-far`, `${role}-near`]);
  });

  test('with an MFA device is taken with the code that a person gives', async () => {
    const sts = await startSts();
    const serial = 'arn:aws:iam::123456789012:mfa/me';
    await writeFile(
      join(directory, 'config'),
      `[default]
role_arn = ${role}
mfa_serial = ${serial}
source_profile = default
aws_access_key_id = AK
aws_secret_access_key = s
`,
    );
    const asked: string[] = [];
    const promptMfa = async (device: string) => {
      asked.push(device);
      return '123456';
    };
    await find(sts.env, { promptMfa });
    expect(asked).toEqual([serial]);
    expect(Object.fromEntries(sts.asked[0] ?? [])).toMatchObject({
      SerialNumber: serial,
      TokenCode: '123456',
    });
  });

  test('is taken with the token of the environment, but not beside --profile', async () => {
    const sts = await startSts();
    await writeFile(join(directory, 'token'), 'jwt');
    await writeFile(join(directory, 'config'), '[profile empty]\nregion = eu-west-1\n');
    const env = {
      ...sts.env,
      AWS_WEB_IDENTITY_TOKEN_FILE: join(directory, 'token'),
      AWS_ROLE_ARN: role,
    };
    expect((await find(env)).source).toMatchObject({ kind: 'web-identity' });
    expect(sts.asked[0]?.get('WebIdentityToken')).toBe(await readFile(join(directory, 'token'), 'utf8'));
    expect((await find({ ...env, AWS_PROFILE: 'empty' })).source.passedProfile).toBe('empty');
    const error = await catchError(() => find(env, { profile: 'empty' }));
    expect(error).toMatchObject({ code: 'AUTH', message: expect.stringContaining("profile 'empty'") });
  });

  test('that STS refuses is AUTH with the words of STS', async () => {
    const service = await start(
      serve((_, response) => {
        response.writeHead(403, { 'content-type': 'text/xml' });
        response.end(
          '<ErrorResponse><Error><Code>AccessDenied</Code><Message>not authorized to assume it</Message></Error></ErrorResponse>',
        );
      }),
    );
    const config = `[profile push]
role_arn = ${role}
credential_source = Environment
services = local
[services local]
sts =
  endpoint_url = ${service.url}
`;
    await writeFile(join(directory, 'config'), config);
    const env = { AWS_ACCESS_KEY_ID: 'AK', AWS_SECRET_ACCESS_KEY: 's' };
    const error = await catchError(() => find(env, { profile: 'push' }));
    expect(error).toMatchObject({
      code: 'AUTH',
      message: expect.stringContaining('not authorized to assume it'),
    });
    expect(error.message).toContain(role);
    expect(service.requests).toHaveLength(1);
  });
});

test('where something else answers in place of instance metadata, all places are named', async () => {
  const other = await start(serve((_, response) => response.writeHead(403).end()));
  const env = { AWS_EC2_METADATA_DISABLED: '', AWS_EC2_METADATA_SERVICE_ENDPOINT: other.url };
  const error = await catchError(() => find(env));
  expect(error).toMatchObject({ code: 'AUTH', hint: expect.stringContaining('AWS_ACCESS_KEY_ID') });
  expect(error.message).toMatch(
    /^No AWS credentials: none in the environment, none in the profile 'default'/,
  );
  expect(error.message).toContain(`${other.url}: it returned HTTP 403`);
});
