import { afterAll, beforeAll, expect, test } from 'vitest';
import { callApi, failApi } from '../../../support/call-api.ts';
import { startTestEmulator, type TestEmulator } from '../../../support/emulator.ts';

const repositoryName = 'team/app';
const actions = ['ecr-public:InitiateLayerUpload', 'ecr-public:PutImage'];
const statement = { Sid: 'push', Effect: 'Allow', Principal: { AWS: ['111111111111'] }, Action: actions };
let emulator: TestEmulator;

beforeAll(async () => {
  emulator = await startTestEmulator();
  await callApi(emulator, 'CreateRepository', { repositoryName });
});

afterAll(() => emulator.close());

function policy(changes: object): string {
  return JSON.stringify({ Version: '2012-10-17', Statement: [{ ...statement, ...changes }] });
}

test('set, get, delete; the text comes back in the service’s layout', async () => {
  const none = {
    __type: 'RepositoryPolicyNotFoundException',
    message: `Repository policy does not exist for the repository with name 'team/app' in the registry with id '${emulator.registryId}'`,
  };
  expect(await failApi(emulator, 'GetRepositoryPolicy', { repositoryName })).toEqual(none);
  const policyText = [
    '{',
    '  "Version" : "2012-10-17",',
    '  "Statement" : [ {',
    '    "Sid" : "push",',
    '    "Effect" : "Allow",',
    '    "Principal" : {',
    '      "AWS" : [ "arn:aws:iam::111111111111:root" ]',
    '    },',
    '    "Action" : [ "ecr-public:InitiateLayerUpload", "ecr-public:PutImage" ]',
    '  } ]',
    '}',
  ].join('\n');
  const output = { registryId: emulator.registryId, repositoryName, policyText };
  const set = { repositoryName, policyText: policy({}) };
  expect(await callApi(emulator, 'SetRepositoryPolicy', set)).toEqual(output);
  expect(await callApi(emulator, 'GetRepositoryPolicy', { repositoryName })).toEqual(output);
  expect(await callApi(emulator, 'SetRepositoryPolicy', { repositoryName, policyText })).toEqual(output);
  expect(await callApi(emulator, 'DeleteRepositoryPolicy', { repositoryName })).toEqual(output);
  expect(await failApi(emulator, 'DeleteRepositoryPolicy', { repositoryName })).toEqual(none);
});

test.each([
  ['no JSON', 'x'],
  ['no statement', '{"Version":"2012-10-17"}'],
  ['an empty list of statements', '{"Statement":[]}'],
  ['another version', '{"Version":"2020-01-01","Statement":[]}'],
  ['a resource', policy({ Resource: '*' })],
  ['no principal', policy({ Principal: undefined })],
  ['a principal that is none', policy({ Principal: { AWS: 'somebody' } })],
  ['an empty principal', policy({ Principal: {} })],
  ['both principals', policy({ NotPrincipal: '*' })],
  ['no action', policy({ Action: [] })],
  ['an action that is none', policy({ Action: 'push' })],
  ['another effect', policy({ Effect: 'Perhaps' })],
])('a policy with %s', async (_name, policyText) => {
  expect(await failApi(emulator, 'SetRepositoryPolicy', { repositoryName, policyText })).toEqual({
    __type: 'InvalidParameterException',
    message:
      "Invalid parameter at 'PolicyText' failed to satisfy constraint: 'Invalid repository policy provided'",
  });
});

test('a policy that would lock its owner out needs force', async () => {
  const matching = ['*', 'ecr-public:*', ['ecr-public:Get*', 'ECR-public:S?t*epository*Policy*']];
  for (const Action of matching) {
    const policyText = policy({ Effect: 'Deny', Principal: '*', Action });
    const error = await failApi(emulator, 'SetRepositoryPolicy', { repositoryName, policyText });
    expect(error.__type).toBe('InvalidParameterException');
    await callApi(emulator, 'SetRepositoryPolicy', { repositoryName, policyText, force: true });
  }
  const busy = `ecr-public:${'*?'.repeat(14)}x`;
  for (const Action of ['ecr-public:PutImage', 'ecr-public:Set', 'ecr-public:Set*Polic', 'ecr:*', busy]) {
    const harmless = policy({ Effect: 'Deny', Principal: '*', Action });
    await callApi(emulator, 'SetRepositoryPolicy', { repositoryName, policyText: harmless });
  }
});
