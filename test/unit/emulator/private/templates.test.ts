import { describe, expect, onTestFinished, test } from 'vitest';
import { readIdentities } from '../../../../src/emulator/identity-file.ts';
import type { EmulatorOptions } from '../../../../src/emulator/server.ts';
import { callPrivate, failPrivate } from '../../../support/call-api.ts';
import { startTestEmulator } from '../../../support/emulator.ts';
import { sha256 } from '../../../support/push-by-hand.ts';
import { privateOf, type Signer } from '../../../support/signed-request.ts';

const registryId = '123456789012';

async function start(options: EmulatorOptions = {}) {
  const emulator = await startTestEmulator({ private: {}, ...options });
  onTestFinished(() => emulator.close());
  return { emulator, signer: privateOf(emulator) };
}

async function logIn(signer: Signer): Promise<Record<string, string>> {
  const { authorizationData = [] } = await callPrivate(signer, 'GetAuthorizationToken');
  return { authorization: `Basic ${authorizationData[0]?.authorizationToken}` };
}

describe('repository creation templates', () => {
  const pushed = { appliedFor: ['CREATE_ON_PUSH'] };

  test('create, describe, delete', async () => {
    const { signer } = await start();
    const given = {
      ...{ prefix: 'team/', description: 'of the team', appliedFor: ['CREATE_ON_PUSH', 'REPLICATION'] },
      ...{ imageTagMutability: 'IMMUTABLE', resourceTags: [{ Key: 'team', Value: 'a' }] },
      customRoleArn: `arn:aws:iam::${registryId}:role/templates`,
    };
    const created = await callPrivate(signer, 'CreateRepositoryCreationTemplate', given);
    const time = expect.any(Number);
    expect(created).toEqual({
      registryId,
      repositoryCreationTemplate: {
        ...given,
        prefix: 'team',
        encryptionConfiguration: { encryptionType: 'AES256' },
        ...{ createdAt: time, updatedAt: time },
      },
    });
    expect((await failPrivate(signer, 'CreateRepositoryCreationTemplate', given)).__type).toBe(
      'TemplateAlreadyExistsException',
    );
    const { repositoryCreationTemplate } = created;
    const described = { registryId, repositoryCreationTemplates: [repositoryCreationTemplate] };
    expect(await callPrivate(signer, 'DescribeRepositoryCreationTemplates')).toEqual(described);
    const named = { prefixes: ['team/', 'none'] };
    expect(await callPrivate(signer, 'DescribeRepositoryCreationTemplates', named)).toEqual(described);
    const prefix = 'team';
    expect(await callPrivate(signer, 'DeleteRepositoryCreationTemplate', { prefix })).toEqual(created);
    expect((await failPrivate(signer, 'DeleteRepositoryCreationTemplate', { prefix })).__type).toBe(
      'TemplateNotFoundException',
    );
  });

  test.each([
    [
      'a key without KMS',
      {
        encryptionConfiguration: {
          encryptionType: 'AES256',
          kmsKey: 'arn:aws:kms:us-east-1:123456789012:key/a',
        },
      },
      "'kmsKey'",
    ],
    ['KMS without a role', { encryptionConfiguration: { encryptionType: 'KMS' } }, "'customRoleArn'"],
    ['tags without a role', { resourceTags: [{ Key: 'a', Value: 'b' }] }, "'customRoleArn'"],
    ['no policy', { repositoryPolicy: '{}' }, "'PolicyText'"],
    ['no lifecycle policy', { lifecyclePolicy: '{}' }, "'LifecyclePolicyText'"],
    ['no filters', { imageTagMutability: 'MUTABLE_WITH_EXCLUSION' }, "'imageTagMutabilityExclusionFilters'"],
  ])('refuses %s', async (_, members, member) => {
    const { signer } = await start();
    const input = { prefix: 'team', ...pushed, ...members };
    const error = await failPrivate(signer, 'CreateRepositoryCreationTemplate', input);
    expect(error).toMatchObject({
      __type: 'InvalidParameterException',
      message: expect.stringContaining(member),
    });
  });

  const begin = (signer: Signer, repositoryName: string) =>
    callPrivate(signer, 'InitiateLayerUpload', { repositoryName });

  test('a push creates a repository by the longest prefix', async () => {
    const { signer } = await start();
    const kinds = { ROOT: 'MUTABLE', team: 'IMMUTABLE', 'team/dev': 'MUTABLE' };
    for (const [prefix, imageTagMutability] of Object.entries(kinds)) {
      await callPrivate(signer, 'CreateRepositoryCreationTemplate', {
        prefix,
        imageTagMutability,
        ...pushed,
      });
    }
    for (const [name, kind] of Object.entries({
      team: 'MUTABLE',
      'team/app': 'IMMUTABLE',
      'team/dev/app': 'MUTABLE',
    })) {
      const input = { repositoryName: name, layerDigests: [sha256('x')] };
      expect((await failPrivate(signer, 'BatchCheckLayerAvailability', input)).__type).toBe(
        'RepositoryNotFoundException',
      );
      await begin(signer, name);
      const { repositories } = await callPrivate(signer, 'DescribeRepositories', { repositoryNames: [name] });
      expect(repositories).toMatchObject([{ imageTagMutability: kind }]);
    }
  });

  test('a template for something else creates nothing', async () => {
    const { signer } = await start();
    await callPrivate(signer, 'CreateRepositoryCreationTemplate', { prefix: 'ROOT', ...pushed });
    const other = { prefix: 'team', appliedFor: ['PULL_THROUGH_CACHE'] };
    await callPrivate(signer, 'CreateRepositoryCreationTemplate', other);
    expect((await failPrivate(signer, 'InitiateLayerUpload', { repositoryName: 'team/app' })).__type).toBe(
      'RepositoryNotFoundException',
    );
  });

  test('a push through /v2/ creates one too, by a caller that may', async () => {
    const identities = readIdentities(
      JSON.stringify([
        { accessKeyId: 'MAY', secretAccessKey: 'may' },
        { accessKeyId: 'MAYNOT', secretAccessKey: 'not', allowedActions: ['ecr:Get*', 'ecr:Initiate*'] },
      ]),
    );
    const { emulator, signer } = await start({ identities });
    await callPrivate(signer, 'CreateRepositoryCreationTemplate', { prefix: 'ROOT', ...pushed });
    const post = async (caller: Signer) => {
      const url = `${emulator.privateUrl}/v2/app/blobs/uploads/`;
      return (await fetch(url, { method: 'POST', headers: await logIn(caller) })).status;
    };
    const other = { ...signer, accessKeyId: 'MAYNOT', secretAccessKey: 'not' };
    expect((await failPrivate(other, 'InitiateLayerUpload', { repositoryName: 'app' })).message).toContain(
      'ecr:CreateRepository',
    );
    expect(await post(other)).toBe(403);
    expect(await post(signer)).toBe(202);
    expect(await post(other)).toBe(202);
  });
});
