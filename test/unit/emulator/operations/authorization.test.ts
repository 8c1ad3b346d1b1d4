import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readIdentities } from '../../../../src/emulator/identity-file.ts';
import { callApi, failApi } from '../../../support/call-api.ts';
import { startTestEmulator, type TestEmulator } from '../../../support/emulator.ts';
import { uploadImage } from '../../../support/push-by-hand.ts';
import { makeDirectory } from '../storage/opened-store.ts';

const mine = '123456789012';
const theirs = '210987654321';
const keysOf = (name: string) => ({ accessKeyId: `KEY${name}`, secretAccessKey: `secret of ${name}` });
const aliases = [
  { name: 'standard', defaultRegistryAlias: true },
  { name: 'brand', primaryRegistryAlias: true },
  { name: 'waiting', status: 'PENDING' },
  { name: 'refused', status: 'REJECTED' },
];
const identities = readIdentities(
  JSON.stringify([
    { ...keysOf('MINE'), aliases },
    { ...keysOf('THEIRS'), registryId: theirs, registryAlias: 'theirs' },
  ]),
);
const arnOf = (registryId: string, name: string) => `arn:aws:ecr-public::${registryId}:repository/${name}`;

let emulator: TestEmulator;
const as = (name: string) => ({ url: emulator.url, ...keysOf(name) });

beforeAll(async () => {
  emulator = await startTestEmulator({ identities });
  await callApi(as('MINE'), 'CreateRepository', { repositoryName: 'app' });
  await callApi(as('THEIRS'), 'CreateRepository', { repositoryName: 'app' });
  await callApi(as('THEIRS'), 'CreateRepository', { repositoryName: 'shared' });
});

afterAll(() => emulator.close());

describe('a registry of another account', () => {
  test('each call acts on its caller’s own registry', async () => {
    for (const [name, registryId, alias] of [
      ['MINE', mine, 'brand'],
      ['THEIRS', theirs, 'theirs'],
    ] as const) {
      const { repositories } = await callApi(as(name), 'DescribeRepositories', { repositoryNames: ['app'] });
      expect(repositories).toMatchObject([
        {
          registryId,
          repositoryUri: `${emulator.registryHost}/${alias}/app`,
          repositoryArn: arnOf(registryId, 'app'),
        },
      ]);
    }
    const { repositories } = await callApi(as('MINE'), 'DescribeRepositories');
    expect(repositories?.map(({ repositoryName }) => repositoryName)).toEqual(['app']);
    expect(emulator).toMatchObject({ registryId: mine, registryAlias: 'brand' });
  });

  test.each([
    ['BatchCheckLayerAvailability', { layerDigests: ['sha256:00'] }],
    ['InitiateLayerUpload', {}],
    ['BatchDeleteImage', { imageIds: [{ imageTag: 'v1' }] }],
  ] as const)(
    '%s by their alias or id: a missing repository is reported, an existing one is denied',
    async (operation, input) => {
      for (const registryId of ['theirs', theirs]) {
        expect(
          await failApi(as('MINE'), operation, { ...input, registryId, repositoryName: 'none' }),
        ).toEqual({
          __type: 'RepositoryNotFoundException',
          message: `The repository with name 'none' does not exist in the registry with id '${theirs}'`,
        });
        expect(await failApi(as('MINE'), operation, { ...input, registryId, repositoryName: 'app' })).toEqual(
          {
            __type: 'AccessDeniedException',
            message: `User: arn:aws:iam::${mine}:user/KEYMINE is not authorized to perform: ecr-public:${operation} on resource: ${arnOf(theirs, 'app')} because no resource-based policy allows the ecr-public:${operation} action`,
          },
        );
      }
    },
  );

  test.each([
    ['DescribeImages', { registryId: theirs, repositoryName: 'app' }],
    ['DeleteRepository', { registryId: theirs, repositoryName: 'app', force: true }],
    ['PutRepositoryCatalogData', { registryId: theirs, repositoryName: 'app', catalogData: {} }],
    ['SetRepositoryPolicy', { registryId: theirs, repositoryName: 'app', policyText: '{}' }],
    ['DescribeRepositories', { registryId: theirs, repositoryNames: ['app'] }],
    ['DescribeRepositories', { registryId: theirs }],
    ['TagResource', { resourceArn: arnOf(theirs, 'app'), tags: [] }],
  ] as const)('%s of theirs is denied', async (operation, input) => {
    expect((await failApi(as('MINE'), operation, input)).__type).toBe('AccessDeniedException');
  });

  test('operations of management take no alias', async () => {
    const input = { registryId: 'theirs', repositoryName: 'app' };
    expect((await failApi(as('MINE'), 'DeleteRepository', input)).__type).toBe('InvalidParameterException');
  });

  test('its policy allows pushes to that repository only', async () => {
    const Statement = [
      { Effect: 'Allow', Principal: { AWS: mine }, Action: 'ecr-public:*' },
      { Effect: 'Deny', Principal: '*', Action: 'ecr-public:DeleteRepository' },
      {
        Effect: 'Deny',
        Principal: '*',
        Action: '*',
        Condition: { Bool: { 'aws:SecureTransport': 'false' } },
      },
    ];
    const policyText = JSON.stringify({ Version: '2012-10-17', Statement });
    await callApi(as('THEIRS'), 'SetRepositoryPolicy', { repositoryName: 'shared', policyText });
    const target = { registryId: theirs, repositoryName: 'shared' };
    const { uploadId } = await callApi(as('MINE'), 'InitiateLayerUpload', {
      ...target,
      registryId: 'theirs',
    });
    expect(uploadId).toBeDefined();
    expect(await callApi(as('MINE'), 'DescribeImages', target)).toEqual({ imageDetails: [] });
    expect((await failApi(as('MINE'), 'DeleteRepository', target)).message).toMatch(
      /with an explicit deny in a resource-based policy$/,
    );
    expect(
      (await failApi(as('MINE'), 'InitiateLayerUpload', { ...target, repositoryName: 'app' })).__type,
    ).toBe('AccessDeniedException');
  });
});

describe('/v2/', () => {
  const tokenOf = async (name: string) =>
    (await callApi(as(name), 'GetAuthorizationToken')).authorizationData?.authorizationToken;
  const send = async (token: string | undefined, method: string, path: string) => {
    const response = await fetch(`${emulator.url}/v2/${path}`, {
      method,
      headers: { authorization: `Bearer ${token}` },
      redirect: 'manual',
    });
    const text = await response.text();
    return { status: response.status, text };
  };

  test('everybody pulls from both, and each pushes to its own', async () => {
    for (const name of ['MINE', 'THEIRS']) {
      const { imageManifest } = await uploadImage(as(name), 'app', `image of ${name}`);
      await callApi(as(name), 'PutImage', { repositoryName: 'app', imageManifest, imageTag: 'v1' });
    }
    const { token } = (await (await fetch(`${emulator.url}/token/`)).json()) as { token: string };
    const [ofMine, ofTheirs] = await Promise.all(
      ['brand', 'theirs'].map((alias) => send(token, 'GET', `${alias}/app/manifests/v1`)),
    );
    expect([ofMine?.status, ofTheirs?.status]).toEqual([200, 200]);
    expect(ofMine?.text).not.toBe(ofTheirs?.text);
    const { layers } = JSON.parse(ofTheirs?.text ?? '') as { layers: { digest: string }[] };
    const blob = await fetch(`${emulator.url}/v2/theirs/app/blobs/${layers[0]?.digest}`, {
      headers: { authorization: `Bearer ${token}` },
    });
    expect(blob.status).toBe(200);

    expect((await send(await tokenOf('MINE'), 'POST', 'brand/app/blobs/uploads/')).status).toBe(202);
    expect((await send(await tokenOf('THEIRS'), 'POST', 'theirs/app/blobs/uploads/')).status).toBe(202);
    const denied = await send(await tokenOf('MINE'), 'POST', 'theirs/app/blobs/uploads/');
    expect([denied.status, denied.text]).toEqual([403, expect.stringContaining(arnOf(theirs, 'app'))]);
    const missing = await send(await tokenOf('MINE'), 'POST', 'theirs/none/blobs/uploads/');
    expect([missing.status, missing.text]).toEqual([
      404,
      expect.stringContaining(
        "The repository with name 'none' does not exist in the registry with id 'theirs'",
      ),
    ]);
  });

  test('only ACTIVE aliases name the registry', async () => {
    const token = await tokenOf('MINE');
    for (const [alias, status] of [
      ['brand', 200],
      ['standard', 200],
      ['waiting', 404],
      ['refused', 404],
    ] as const) {
      expect((await send(token, 'GET', `${alias}/app/tags/list`)).status, alias).toBe(status);
    }
  });
});

test('DescribeRegistries lists the caller’s aliases with their status', async () => {
  const { registries } = await callApi(as('MINE'), 'DescribeRegistries');
  expect(registries).toMatchObject([
    {
      registryId: mine,
      registryUri: `${emulator.registryHost}/brand`,
      aliases: [
        { name: 'standard', status: 'ACTIVE', primaryRegistryAlias: false, defaultRegistryAlias: true },
        { name: 'brand', status: 'ACTIVE', primaryRegistryAlias: true, defaultRegistryAlias: false },
        { name: 'waiting', status: 'PENDING', primaryRegistryAlias: false, defaultRegistryAlias: false },
        { name: 'refused', status: 'REJECTED', primaryRegistryAlias: false, defaultRegistryAlias: false },
      ],
    },
  ]);
  const own = { repositoryName: 'app', registryId: 'standard' };
  await callApi(as('MINE'), 'InitiateLayerUpload', own);
  expect((await failApi(as('MINE'), 'InitiateLayerUpload', { ...own, registryId: 'waiting' })).__type).toBe(
    'RegistryNotFoundException',
  );
});

test('a data directory keeps both registries', async () => {
  const dataDirectory = makeDirectory();
  for (const created of [true, false]) {
    const kept = await startTestEmulator({ identities, dataDirectory });
    for (const name of ['MINE', 'THEIRS']) {
      const signer = { url: kept.url, ...keysOf(name) };
      if (created) await callApi(signer, 'CreateRepository', { repositoryName: `of/${name.toLowerCase()}` });
      const { repositories } = await callApi(signer, 'DescribeRepositories');
      expect(repositories?.map(({ repositoryName }) => repositoryName)).toEqual([`of/${name.toLowerCase()}`]);
    }
    await kept.close();
  }
});

describe('an identity file', () => {
  const keys = keysOf('ONE');
  test.each([
    [{ ...keys, registryId: 123456789012 }, 'registryId must be a string of 12 digits'],
    [{ ...keys, registryId: '12' }, 'registryId must be a string of 12 digits'],
    [
      { ...keys, registryAlias: 'Bad' },
      "alias must be 2 to 50 lower-case letters and digits beginning with a letter (single '.', '_' or '-' inside), not 'Bad'",
    ],
    [{ ...keys, registryAlias: 'a1', aliases: [{ name: 'b1' }] }, 'registryAlias or aliases, not both'],
    [{ ...keys, aliases: [] }, 'aliases must be a list'],
    [{ ...keys, aliases: [{ name: 'a1' }, { name: 'a1' }] }, 'an alias appears twice'],
    [
      { ...keys, aliases: [{ name: 'a1', status: 'active' }] },
      'status must be one of ACTIVE, PENDING, REJECTED',
    ],
    [{ ...keys, aliases: [{ name: 'a1', status: 'PENDING' }] }, 'the primary alias must be ACTIVE'],
    [{ ...keys, aliases: [{ name: 'a1', primaryRegistryAlias: 'yes' }] }, 'must be true or false'],
    [
      {
        ...keys,
        aliases: [
          { name: 'a1', primaryRegistryAlias: true },
          { name: 'a2', primaryRegistryAlias: true },
        ],
      },
      'only one alias can be the primaryRegistryAlias',
    ],
    [{ ...keys, aliases: [{ name: 'a1', primary: true }] }, "unknown alias member 'primary'"],
  ])('%j is refused', (document, message) => {
    expect(() => readIdentities(JSON.stringify(document))).toThrow(message);
  });

  test('cannot give an alias to two registries, nor a registry two lists', async () => {
    const second = { ...keysOf('TWO'), registryId: theirs };
    const start = (documents: readonly object[], alias?: string) =>
      startTestEmulator({ identities: readIdentities(JSON.stringify(documents)), alias });
    await expect(
      start([
        { ...keys, registryAlias: 'same' },
        { ...second, registryAlias: 'same' },
      ]),
    ).rejects.toThrow("alias 'same' is given to two registries");
    await expect(
      start([
        { ...second, registryAlias: 'one' },
        { ...keys, registryId: theirs, registryAlias: 'two' },
      ]),
    ).rejects.toThrow(`the aliases of registry ${theirs} are given twice`);
    await expect(start([{ ...keys, registryAlias: 'one' }], 'two')).rejects.toThrow('given twice');
  });
});
