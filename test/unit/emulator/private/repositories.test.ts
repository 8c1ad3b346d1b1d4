import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { callPrivate, failPrivate } from '../../../support/call-api.ts';
import { startTestEmulator, type TestEmulator } from '../../../support/emulator.ts';
import { uploadImage } from '../../../support/push-by-hand.ts';
import { privateOf, type Signer } from '../../../support/signed-request.ts';

const registryId = '123456789012';
const region = 'eu-west-1';
let emulator: TestEmulator;
let signer: Signer;

beforeAll(async () => {
  emulator = await startTestEmulator({ private: { region } });
  signer = privateOf(emulator, region);
});

afterAll(() => emulator.close());

const settingsByDefault = {
  imageTagMutability: 'MUTABLE',
  imageScanningConfiguration: { scanOnPush: false },
  encryptionConfiguration: { encryptionType: 'AES256' },
};

test('create, describe, delete', async () => {
  const repositoryName = 'team/plain';
  const { repository } = await callPrivate(signer, 'CreateRepository', { repositoryName, registryId });
  expect(repository).toEqual({
    repositoryArn: `arn:aws:ecr:${region}:${registryId}:repository/${repositoryName}`,
    ...{ registryId, repositoryName },
    repositoryUri: `${emulator.privateRegistryHost}/${repositoryName}`,
    createdAt: expect.any(Number),
    ...settingsByDefault,
  });
  expect(await failPrivate(signer, 'CreateRepository', { repositoryName })).toEqual({
    __type: 'RepositoryAlreadyExistsException',
    message: `The repository with name '${repositoryName}' already exists in the registry with id '${registryId}'`,
  });
  const named = await callPrivate(signer, 'DescribeRepositories', { repositoryNames: [repositoryName] });
  expect(named.repositories).toEqual([repository]);
  expect(await callPrivate(signer, 'DeleteRepository', { repositoryName })).toEqual({ repository });
  expect((await failPrivate(signer, 'DeleteRepository', { repositoryName })).__type).toBe(
    'RepositoryNotFoundException',
  );
});

test('a repository with images is deleted by force only', async () => {
  const repositoryName = 'full';
  await callPrivate(signer, 'CreateRepository', { repositoryName });
  const { imageManifest } = await uploadImage(signer, repositoryName, 'full');
  await callPrivate(signer, 'PutImage', { repositoryName, imageManifest });
  expect((await failPrivate(signer, 'DeleteRepository', { repositoryName })).message).toBe(
    `The repository with name '${repositoryName}' in registry with id '${registryId}' cannot be deleted because it still contains images`,
  );
  await callPrivate(signer, 'DeleteRepository', { repositoryName, force: true });
});

describe('settings', () => {
  const key = `arn:aws:kms:${region}:${registryId}:key/1234abcd-12ab-34cd-56ef-1234567890ab`;

  test.each([
    ['KMS', { encryptionType: 'KMS', kmsKey: key }, { encryptionType: 'KMS', kmsKey: key }],
    [
      'KMS without a key',
      { encryptionType: 'KMS_DSSE' },
      {
        encryptionType: 'KMS_DSSE',
        kmsKey: expect.stringMatching(`^arn:aws:kms:${region}:${registryId}:key/`),
      },
    ],
  ])('of encryption: %s', async (what, encryptionConfiguration, expected) => {
    const repositoryName = `encrypted/${what.replaceAll(' ', '-').toLowerCase()}`;
    const input = {
      repositoryName,
      encryptionConfiguration,
      imageScanningConfiguration: { scanOnPush: true },
    };
    const { repository } = await callPrivate(signer, 'CreateRepository', input);
    expect(repository?.encryptionConfiguration).toEqual(expected);
    expect(repository?.imageScanningConfiguration).toEqual({ scanOnPush: true });
  });

  test('a key without KMS is refused', async () => {
    const encryptionConfiguration = { encryptionType: 'AES256', kmsKey: key };
    const input = { repositoryName: 'encrypted/twice', encryptionConfiguration };
    expect((await failPrivate(signer, 'CreateRepository', input)).message).toMatch(
      /^Invalid parameter at 'kmsKey'/,
    );
  });
});

describe('tag mutability', () => {
  const filter = (...patterns: string[]) =>
    patterns.map((pattern) => ({ filterType: 'WILDCARD', filter: pattern }));

  test('is changed as a whole', async () => {
    const repositoryName = 'changed';
    const imageTagMutabilityExclusionFilters = filter('dev-*', '*-rc*');
    const changed = { imageTagMutability: 'IMMUTABLE_WITH_EXCLUSION', imageTagMutabilityExclusionFilters };
    await callPrivate(signer, 'CreateRepository', { repositoryName });
    const input = { repositoryName, ...changed };
    expect(await callPrivate(signer, 'PutImageTagMutability', input)).toEqual({ registryId, ...input });
    const described = () =>
      callPrivate(signer, 'DescribeRepositories', { repositoryNames: [repositoryName] });
    expect((await described()).repositories).toMatchObject([changed]);
    const plain = { repositoryName, imageTagMutability: 'IMMUTABLE' };
    expect(await callPrivate(signer, 'PutImageTagMutability', plain)).toEqual({ registryId, ...plain });
    expect((await described()).repositories?.[0]).not.toHaveProperty('imageTagMutabilityExclusionFilters');
  });

  test.each([
    ['IMMUTABLE_WITH_EXCLUSION', undefined, "can't be null when imageTagMutability is set as IMMUTABLE_WITH"],
    ['MUTABLE', filter('a'), 'must be null when imageTagMutability is set as MUTABLE'],
    ['MUTABLE_WITH_EXCLUSION', filter('*a*b*'), 'at most 2 wildcards'],
  ])('refuses filters that do not fit: %s, %j', async (imageTagMutability, filters, message) => {
    const settings = { imageTagMutability, imageTagMutabilityExclusionFilters: filters };
    const input = { repositoryName: 'unfit', ...settings };
    const error = await failPrivate(signer, 'CreateRepository', input);
    expect(error).toEqual({
      __type: 'InvalidParameterException',
      message: expect.stringContaining(message),
    });
  });

  test.each([
    ['MUTABLE', [], { v1: true, 'dev-1': true }],
    ['IMMUTABLE', [], { v1: false, 'dev-1': false }],
    [
      'IMMUTABLE_WITH_EXCLUSION',
      ['dev-*', 'x'],
      { v1: false, 'dev-1': true, 'Dev-1': false, 'a-dev-1': false, x: true },
    ],
    ['MUTABLE_WITH_EXCLUSION', ['*1'], { v1: false, v2: true, 'dev-1': false }],
  ])('%s %j decides which tags move', async (imageTagMutability, patterns, moves) => {
    const repositoryName = `moves/${imageTagMutability.toLowerCase()}`;
    const filters = patterns.length > 0 && { imageTagMutabilityExclusionFilters: filter(...patterns) };
    await callPrivate(signer, 'CreateRepository', { repositoryName, imageTagMutability, ...filters });
    const [first, second] = [
      await uploadImage(signer, repositoryName, 'first'),
      await uploadImage(signer, repositoryName, 'second'),
    ];
    for (const [imageTag, moving] of Object.entries(moves)) {
      await callPrivate(signer, 'PutImage', { repositoryName, imageManifest: first.imageManifest, imageTag });
      const again = { repositoryName, imageManifest: first.imageManifest, imageTag };
      expect((await failPrivate(signer, 'PutImage', again)).__type).toBe('ImageAlreadyExistsException');
      const move = { repositoryName, imageManifest: second.imageManifest, imageTag };
      if (moving) await callPrivate(signer, 'PutImage', move);
      else
        expect(await failPrivate(signer, 'PutImage', move)).toEqual({
          __type: 'ImageTagAlreadyExistsException',
          message: `The image tag '${imageTag}' already exists in the '${repositoryName}' repository and cannot be overwritten because the tag is immutable.`,
        });
    }
    // A deleted tag is free again.
    const imageIds = Object.keys(moves).map((imageTag) => ({ imageTag }));
    const { failures } = await callPrivate(signer, 'BatchDeleteImage', { repositoryName, imageIds });
    expect(failures).toEqual([]);
    const other = await uploadImage(signer, repositoryName, 'third');
    for (const { imageTag } of imageIds) {
      await callPrivate(signer, 'PutImage', { repositoryName, imageManifest: other.imageManifest, imageTag });
    }
  });
});

test('a switch has an unchanged image on an immutable tag refused by the tag', async () => {
  const repeatedImmutableTag = 'ImageTagAlreadyExistsException';
  const switched = await startTestEmulator({ private: {}, manifestSwitches: { repeatedImmutableTag } });
  const caller = privateOf(switched);
  for (const [name, imageTagMutability, exception] of [
    ['kept', 'IMMUTABLE', repeatedImmutableTag],
    ['moving', 'MUTABLE', 'ImageAlreadyExistsException'],
  ] as const) {
    await callPrivate(caller, 'CreateRepository', { repositoryName: name, imageTagMutability });
    const { imageManifest } = await uploadImage(caller, name, 'same');
    const input = { repositoryName: name, imageManifest, imageTag: 'v1' };
    await callPrivate(caller, 'PutImage', input);
    expect((await failPrivate(caller, 'PutImage', input)).__type).toBe(exception);
  }
  await switched.close();
});

test('resource tags, by ARN', async () => {
  const repositoryName = 'tagged';
  const tags = [{ Key: 'team', Value: 'a' }];
  const { repository } = await callPrivate(signer, 'CreateRepository', { repositoryName, tags });
  const resourceArn = repository?.repositoryArn;
  await callPrivate(signer, 'TagResource', { resourceArn, tags: [{ Key: 'stage', Value: '' }] });
  await callPrivate(signer, 'UntagResource', { resourceArn, tagKeys: ['team'] });
  expect(await callPrivate(signer, 'ListTagsForResource', { resourceArn })).toEqual({
    tags: [{ Key: 'stage', Value: '' }],
  });
  for (const arn of [
    `arn:aws:ecr-public::${registryId}:repository/${repositoryName}`,
    `arn:aws:ecr:us-east-1:${registryId}:repository/${repositoryName}`,
  ]) {
    expect((await failPrivate(signer, 'ListTagsForResource', { resourceArn: arn })).message).toContain(
      "'resourceArn'",
    );
  }
});

test('a list comes in pages', async () => {
  for (const name of ['page/a', 'page/b', 'page/c']) {
    await callPrivate(signer, 'CreateRepository', { repositoryName: name });
  }
  const all = await callPrivate(signer, 'DescribeRepositories');
  const names: unknown[] = [];
  let nextToken: string | undefined;
  do {
    const page = await callPrivate(signer, 'DescribeRepositories', { maxResults: 2, nextToken });
    names.push(...(page.repositories ?? []));
    nextToken = page.nextToken;
  } while (nextToken !== undefined);
  expect(names).toEqual(all.repositories);
});

test('signatures for another region or service are refused', async () => {
  const body = {};
  expect((await failPrivate({ ...signer, region: 'us-east-1' }, 'DescribeRepositories', body)).message).toBe(
    'Credential should be scoped to a valid region. ',
  );
  expect(
    (await failPrivate({ ...signer, service: 'ecr-public' }, 'DescribeRepositories', body)).message,
  ).toBe("Credential should be scoped to correct service: 'ecr'. ");
});

test.each(['', 'eu', 'eu-west-1.example.com', 'EU-WEST-1'])('no region: %j', async (name) => {
  await expect(startTestEmulator({ private: { region: name } })).rejects.toThrow(
    `region must have the form of eu-west-1, not '${name}'`,
  );
});
