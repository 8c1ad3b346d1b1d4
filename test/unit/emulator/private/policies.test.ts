import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readIdentities } from '../../../../src/emulator/identity-file.ts';
import { callPrivate, failPrivate } from '../../../support/call-api.ts';
import { startTestEmulator, type TestEmulator } from '../../../support/emulator.ts';
import { sha256 } from '../../../support/push-by-hand.ts';
import { privateOf } from '../../../support/signed-request.ts';

const mine = '123456789012';
const theirs = '210987654321';
const keysOf = (name: string) => ({ accessKeyId: `KEY${name}`, secretAccessKey: `secret of ${name}` });
const identities = readIdentities(
  JSON.stringify([
    keysOf('MINE'),
    { ...keysOf('THEIRS'), registryId: theirs },
    { ...keysOf('READER'), allowedActions: ['ecr:BatchGet*', 'ecr:GetAuthorizationToken'] },
    { ...keysOf('PUBLIC'), allowedActions: ['ecr-public:*', 'sts:*'] },
  ]),
);
const arnOf = (name: string, registryId = theirs) => `arn:aws:ecr:us-east-1:${registryId}:repository/${name}`;
let emulator: TestEmulator;
const as = (name: string) => ({ ...privateOf(emulator), sessionToken: undefined, ...keysOf(name) });

beforeAll(async () => {
  emulator = await startTestEmulator({ identities, private: {} });
  await callPrivate(as('MINE'), 'CreateRepository', { repositoryName: 'app' });
  await callPrivate(as('THEIRS'), 'CreateRepository', { repositoryName: 'shared' });
});

afterAll(() => emulator.close());

describe('another account', () => {
  const input = { registryId: theirs, repositoryName: 'shared', layerDigests: [sha256('x')] };

  test('has a registry of its own, at a host of its own', async () => {
    const { repositories } = await callPrivate(as('THEIRS'), 'DescribeRepositories');
    expect(repositories).toMatchObject([
      {
        ...{ registryId: theirs, repositoryName: 'shared', repositoryArn: arnOf('shared') },
        repositoryUri: `${theirs}.dkr.ecr.us-east-1.localhost${emulator.privateUrl?.replace(/^.*(?=:)/, '')}/shared`,
      },
    ]);
  });

  test('is closed without a policy', async () => {
    expect(await failPrivate(as('MINE'), 'BatchCheckLayerAvailability', input)).toEqual({
      __type: 'AccessDeniedException',
      message: `User: arn:aws:iam::${mine}:user/KEYMINE is not authorized to perform: ecr:BatchCheckLayerAvailability on resource: ${arnOf('shared')} because no resource-based policy allows the ecr:BatchCheckLayerAvailability action`,
    });
    const missing = { ...input, repositoryName: 'none' };
    expect((await failPrivate(as('MINE'), 'BatchCheckLayerAvailability', missing)).__type).toBe(
      'RepositoryNotFoundException',
    );
    for (const [operation, given] of [
      ['CreateRepository', { registryId: theirs, repositoryName: 'mine' }],
      ['DescribeRepositories', { registryId: theirs }],
    ] as const) {
      expect((await failPrivate(as('MINE'), operation, given)).__type).toBe('AccessDeniedException');
    }
  });

  test('that does not exist has no repository', async () => {
    const unknown = { ...input, registryId: '000000000000' };
    expect((await failPrivate(as('MINE'), 'BatchCheckLayerAvailability', unknown)).message).toBe(
      "The repository with name 'shared' does not exist in the registry with id '000000000000'",
    );
  });

  test('opens one action to a principal by a policy', async () => {
    const statement = {
      Effect: 'Allow',
      Principal: { AWS: mine },
      Action: 'ecr:BatchCheckLayerAvailability',
    };
    const policyText = JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
    const place = { repositoryName: 'shared' };
    const set = await callPrivate(as('THEIRS'), 'SetRepositoryPolicy', { ...place, policyText });
    expect(await callPrivate(as('THEIRS'), 'GetRepositoryPolicy', place)).toEqual(set);
    const { layers } = await callPrivate(as('MINE'), 'BatchCheckLayerAvailability', input);
    expect(layers).toMatchObject([{ layerAvailability: 'UNAVAILABLE' }]);
    const { layerDigests: _, ...upload } = input;
    expect((await failPrivate(as('MINE'), 'InitiateLayerUpload', upload)).__type).toBe(
      'AccessDeniedException',
    );
    expect(await callPrivate(as('THEIRS'), 'DeleteRepositoryPolicy', place)).toEqual(set);
    expect((await failPrivate(as('THEIRS'), 'GetRepositoryPolicy', place)).__type).toBe(
      'RepositoryPolicyNotFoundException',
    );
  });

  test('a policy that locks its own account out needs force', async () => {
    const statement = { Effect: 'Deny', Principal: '*', Action: 'ecr:*' };
    const input = { repositoryName: 'shared', policyText: JSON.stringify({ Statement: statement }) };
    const error = await failPrivate(as('THEIRS'), 'SetRepositoryPolicy', input);
    expect(error.__type).toBe('InvalidParameterException');
    await callPrivate(as('THEIRS'), 'SetRepositoryPolicy', { ...input, force: true });
  });
});

describe('permissions of a key', () => {
  test('name the actions of private ECR', async () => {
    const input = { repositoryName: 'app', imageIds: [{ imageTag: 'none' }] };
    await callPrivate(as('READER'), 'BatchGetImage', input);
    expect((await failPrivate(as('READER'), 'BatchDeleteImage', input)).message).toBe(
      `User: arn:aws:iam::${mine}:user/KEYREADER is not authorized to perform: ecr:BatchDeleteImage on resource: ${arnOf('app', mine)} because no identity-based policy allows the ecr:BatchDeleteImage action`,
    );
    expect((await failPrivate(as('PUBLIC'), 'BatchGetImage', input)).__type).toBe('AccessDeniedException');
  });

  test('a token needs no permission of STS', async () => {
    const { authorizationData } = await callPrivate(as('READER'), 'GetAuthorizationToken');
    expect(authorizationData).toHaveLength(1);
    expect((await failPrivate(as('PUBLIC'), 'GetAuthorizationToken', {})).message).toContain(
      'ecr:GetAuthorizationToken on resource: *',
    );
  });
});

test('a token for each registry that is named', async () => {
  const before = Date.now();
  const { authorizationData = [] } = await callPrivate(as('MINE'), 'GetAuthorizationToken', {
    registryIds: [mine, theirs],
  });
  const port = emulator.privateUrl?.replace(/^.*:/, '');
  expect(authorizationData.map(({ proxyEndpoint }) => proxyEndpoint)).toEqual([
    emulator.privateUrl,
    `http://${theirs}.dkr.ecr.us-east-1.localhost:${port}`,
  ]);
  for (const { authorizationToken = '', expiresAt = 0 } of authorizationData) {
    expect(Buffer.from(authorizationToken, 'base64').toString()).toMatch(/^AWS:[A-Za-z0-9+/=]+$/);
    expect(expiresAt * 1000 - before).toBeGreaterThanOrEqual(12 * 3_600_000 - 1000);
  }
});
