import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readIdentities } from '../../../src/emulator/identity-file.ts';
import { callApi, failApi } from '../../support/call-api.ts';
import { startTestEmulator, type TestEmulator } from '../../support/emulator.ts';
import { uploadImage } from '../../support/push-by-hand.ts';

const pushActions = [
  'ecr-public:BatchCheckLayerAvailability',
  'ecr-public:InitiateLayerUpload',
  'ecr-public:UploadLayerPart',
  'ecr-public:CompleteLayerUpload',
  'ecr-public:PutImage',
];
const keysOf = (name: string) => ({ accessKeyId: `KEY${name}`, secretAccessKey: `secret of ${name}` });
const account = { accessKeyId: 'KEYACCOUNT', secretAccessKey: 'secret of the account' };
const repositoryName = 'team/app';
const resource = `arn:aws:ecr-public::123456789012:repository/${repositoryName}`;

let emulator: TestEmulator;
const as = (name: string) => ({ url: emulator.url, ...keysOf(name) });
const asSession = (name: string, token: string) => ({ ...as(name), sessionToken: token });

beforeAll(async () => {
  const identities = readIdentities(
    JSON.stringify([
      { ...keysOf('PUSHER'), allowedActions: pushActions },
      { ...keysOf('READER'), allowedActions: ['ecr-public:describe*', 'ecr-public:Get?uthorizationToken'] },
      { ...keysOf('SESSION'), sessionToken: 'token', expiresAt: '2999-01-01T00:00:00Z' },
      { ...keysOf('OVER'), sessionToken: 'token', expiresAt: '2020-01-01T00:00:00Z' },
      { ...keysOf('NAMED'), arn: 'arn:aws:sts::123456789012:assumed-role/ci/run', allowedActions: [] },
      { ...keysOf('CREATOR'), allowedActions: ['ecr-public:CreateRepository'] },
    ]),
  );
  emulator = await startTestEmulator({ ...account, identities });
  await callApi({ url: emulator.url, ...account }, 'CreateRepository', { repositoryName });
});

afterAll(() => emulator.close());

test('the environment has the keys of the first identity', () => {
  expect(emulator).toMatchObject(keysOf('PUSHER'));
});

describe('permission', () => {
  test('allowed operations run, others are denied with the recorded text', async () => {
    const { imageManifest } = await uploadImage(as('PUSHER'), repositoryName, 'allowed');
    await callApi(as('PUSHER'), 'PutImage', { repositoryName, imageManifest, imageTag: 'v1' });
    expect(await failApi(as('PUSHER'), 'DescribeImages', { repositoryName })).toEqual({
      __type: 'AccessDeniedException',
      message: `User: arn:aws:iam::123456789012:user/KEYPUSHER is not authorized to perform: ecr-public:DescribeImages on resource: ${resource} because no identity-based policy allows the ecr-public:DescribeImages action`,
    });
    await callApi(as('READER'), 'DescribeImages', { repositoryName });
    expect((await failApi(as('READER'), 'InitiateLayerUpload', { repositoryName })).__type).toBe(
      'AccessDeniedException',
    );
  });

  test.each([
    ['DescribeRegistries', {}, 'ecr-public:DescribeRegistries', '*'],
    ['DescribeRepositories', {}, 'ecr-public:DescribeRepositories', `${resource.replace('team/app', '*')}`],
    ['ListTagsForResource', { resourceArn: resource }, 'ecr-public:ListTagsForResource', resource],
    // Permission is checked before the input.
    ['PutImage', { repositoryName }, 'ecr-public:PutImage', resource],
  ] as const)('%s names what is denied to whom', async (operation, input, action, on) => {
    const { message } = await failApi(as('NAMED'), operation, input);
    expect(message).toBe(
      `User: arn:aws:sts::123456789012:assumed-role/ci/run is not authorized to perform: ${action} on resource: ${on} because no identity-based policy allows the ${action} action`,
    );
  });

  test('a token needs sts:GetServiceBearerToken, resource tags need TagResource', async () => {
    const denied = await failApi(as('READER'), 'GetAuthorizationToken', {});
    expect(denied.message).toContain('perform: sts:GetServiceBearerToken on resource: * because');
    await callApi(as('CREATOR'), 'CreateRepository', { repositoryName: 'team/plain', tags: [] });
    const tags = [{ Key: 'a', Value: 'b' }];
    const tagged = await failApi(as('CREATOR'), 'CreateRepository', { repositoryName: 'team/tagged', tags });
    expect(tagged.message).toContain('perform: ecr-public:TagResource on resource');
  });
});

describe('temporary keys', () => {
  const invalid = {
    __type: 'UnrecognizedClientException',
    message: 'The security token included in the request is invalid.',
  };

  test('are valid only with their session token', async () => {
    await callApi(asSession('SESSION', 'token'), 'DescribeRegistries');
    for (const signer of [as('SESSION'), asSession('SESSION', 'tokem'), asSession('PUSHER', 'token')]) {
      expect(await failApi(signer, 'DescribeRegistries', {})).toEqual(invalid);
    }
  });

  test('expire', async () => {
    expect(await failApi(asSession('OVER', 'token'), 'DescribeRegistries', {})).toEqual({
      __type: 'ExpiredTokenException',
      message: 'The security token included in the request is expired',
    });
  });
});

test('a token pushes through /v2/ only with the permissions of its holder', async () => {
  const push = async (signer: ReturnType<typeof as>) => {
    const { authorizationData } = await callApi(signer, 'GetAuthorizationToken');
    const headers = { authorization: `Bearer ${authorizationData?.authorizationToken}` };
    const path = `/v2/${emulator.registryAlias}/${repositoryName}/blobs/uploads/`;
    return fetch(`${emulator.url}${path}`, { method: 'POST', headers });
  };
  expect((await push({ url: emulator.url, ...account })).status).toBe(202);
  const identities = readIdentities(
    JSON.stringify({ ...keysOf('TOKEN'), allowedActions: ['sts:*', 'ecr-public:GetAuthorizationToken'] }),
  );
  const limited = await startTestEmulator({ ...account, identities });
  await callApi({ url: limited.url, ...account }, 'CreateRepository', { repositoryName });
  const { authorizationData } = await callApi(limited, 'GetAuthorizationToken');
  const headers = { authorization: `Bearer ${authorizationData?.authorizationToken}` };
  const path = `/v2/${limited.registryAlias}/${repositoryName}/blobs/uploads/`;
  const response = await fetch(`${limited.url}${path}`, { method: 'POST', headers });
  expect([response.status, await response.json()]).toEqual([
    403,
    {
      errors: [
        {
          code: 'DENIED',
          message: expect.stringContaining(
            `perform: ecr-public:InitiateLayerUpload on resource: ${resource}`,
          ),
        },
      ],
    },
  ]);
  await limited.close();
});

test('tokens expire after the given lifetime', async () => {
  const brief = await startTestEmulator({ tokenLifetimeMs: 5000 });
  const before = Date.now();
  const { authorizationData } = await callApi(brief, 'GetAuthorizationToken');
  const expiresAt = Number(authorizationData?.expiresAt) * 1000;
  expect(expiresAt).toBeGreaterThanOrEqual(before + 5000);
  expect(expiresAt).toBeLessThanOrEqual(Date.now() + 5000);
  await brief.close();
});

describe('the file', () => {
  const good = { accessKeyId: 'KEY', secretAccessKey: 'hidden' };

  test('may hold one or several identities; absent allowedActions allow everything', () => {
    expect(readIdentities(JSON.stringify(good))).toEqual([{ ...good, allowedActions: ['*'] }]);
  });

  test.each([
    ['{"secretAccessKey":"hidden"', 'it is not valid JSON'],
    [[], 'the list has no identity'],
    [[7], 'identity 1: must be an object'],
    [{ ...good, secret: 'hidden' }, "unknown member 'secret' (known: accessKeyId"],
    [{ ...good, accessKeyId: 'a/b' }, 'accessKeyId must be'],
    [{ accessKeyId: 'KEY' }, 'secretAccessKey must be'],
    [{ ...good, sessionToken: 7 }, 'sessionToken must be'],
    [{ ...good, expiresAt: 'tomorrow' }, 'expiresAt must be a time'],
    [{ ...good, expiresAt: 7 }, 'expiresAt must be a time'],
    [{ ...good, arn: '' }, 'arn must be'],
    [{ ...good, allowedActions: 'ecr-public:*' }, 'must be a list'],
    [
      [good, { ...good, accessKeyId: 'K2', allowedActions: ['PutImage'] }],
      "identity 2: 'PutImage' is not an action",
    ],
    [[good, good], 'KEY appears twice'],
  ])('%j is refused with a message without a secret', (document, message) => {
    const text = typeof document === 'string' ? document : JSON.stringify(document);
    const read = () => readIdentities(text);
    expect(read).toThrow(message);
    expect(read).not.toThrow('hidden');
  });
});
