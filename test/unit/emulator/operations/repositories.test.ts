import { afterAll, beforeAll, expect, test } from 'vitest';
import { callApi, failApi } from '../../../support/call-api.ts';
import { startTestEmulator, type TestEmulator } from '../../../support/emulator.ts';
import { uploadImage } from '../../../support/push-by-hand.ts';

let emulator: TestEmulator;

beforeAll(async () => {
  emulator = await startTestEmulator({ account: '210987654321', alias: 'vendor' });
});

afterAll(() => emulator.close());

/** The header of a PNG. */
function png(width: number, height: number): Buffer {
  const header = Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex');
  const sides = Buffer.alloc(8);
  sides.writeUInt32BE(width);
  sides.writeUInt32BE(height, 4);
  return Buffer.concat([header, sides, Buffer.from('0806000000', 'hex')]);
}

test('create, describe, delete', async () => {
  const before = Date.now();
  const repositoryName = 'team/plain';
  const created = await callApi(emulator, 'CreateRepository', { repositoryName });
  expect(created).toEqual({
    repository: {
      repositoryArn: 'arn:aws:ecr-public::210987654321:repository/team/plain',
      registryId: '210987654321',
      repositoryName,
      repositoryUri: `${emulator.registryHost}/vendor/team/plain`,
      createdAt: expect.any(Number),
    },
    catalogData: {},
  });
  const createdMs = 1000 * (created.repository?.createdAt ?? 0);
  // The answer may have whole seconds.
  expect(createdMs).toBeGreaterThanOrEqual(before - 1000);
  expect(createdMs).toBeLessThanOrEqual(Date.now() + 1000);
  expect(await failApi(emulator, 'CreateRepository', { repositoryName })).toEqual({
    __type: 'RepositoryAlreadyExistsException',
    message: "The repository with name 'team/plain' already exists in the registry with id '210987654321'",
  });
  const { repositories } = await callApi(emulator, 'DescribeRepositories', {
    repositoryNames: [repositoryName],
  });
  expect(repositories).toEqual([created.repository]);
  expect(await callApi(emulator, 'GetRepositoryCatalogData', { repositoryName })).toEqual({
    catalogData: {},
  });
  expect(await callApi(emulator, 'DeleteRepository', { repositoryName })).toEqual({
    repository: created.repository,
  });
  expect(await failApi(emulator, 'DeleteRepository', { repositoryName })).toEqual({
    __type: 'RepositoryNotFoundException',
    message: "The repository with name 'team/plain' does not exist in the registry with id '210987654321'",
  });
});

test('a repository with images is deleted only with force', async () => {
  const repositoryName = 'team/full';
  await callApi(emulator, 'CreateRepository', { repositoryName });
  const { imageManifest } = await uploadImage(emulator, repositoryName, 'one');
  await callApi(emulator, 'PutImage', { repositoryName, imageManifest });
  expect(await failApi(emulator, 'DeleteRepository', { repositoryName })).toEqual({
    __type: 'RepositoryNotEmptyException',
    message:
      "The repository with name 'team/full' in registry with id '210987654321' cannot be deleted because it still contains images",
  });
  await callApi(emulator, 'DeleteRepository', { repositoryName, force: true });
  await callApi(emulator, 'CreateRepository', { repositoryName });
  expect(await callApi(emulator, 'DescribeImages', { repositoryName })).toEqual({ imageDetails: [] });
});

test('listing in pages; an unknown name fails the whole call', async () => {
  const names = ['page/one', 'page/two', 'page/three'];
  for (const repositoryName of names) await callApi(emulator, 'CreateRepository', { repositoryName });
  const found: (string | undefined)[] = [];
  let nextToken: string | undefined;
  do {
    const output = await callApi(emulator, 'DescribeRepositories', { maxResults: 2, nextToken });
    found.push(...(output.repositories ?? []).map((repository) => repository.repositoryName));
    nextToken = output.nextToken;
  } while (nextToken !== undefined);
  expect(found.filter((name) => name?.startsWith('page/'))).toEqual(names);
  const missing = await failApi(emulator, 'DescribeRepositories', {
    repositoryNames: ['page/one', 'page/four'],
  });
  expect(missing.__type).toBe('RepositoryNotFoundException');
  const excluded = await failApi(emulator, 'DescribeRepositories', {
    repositoryNames: ['page/one'],
    maxResults: 5,
  });
  expect(excluded.__type).toBe('InvalidParameterException');
});

test("another account's registry", async () => {
  const foreign = { registryId: '111111111111' };
  expect((await failApi(emulator, 'DescribeRepositories', foreign)).__type).toBe('AccessDeniedException');
  const named = { ...foreign, repositoryName: 'team/app' };
  expect(await failApi(emulator, 'DescribeImages', named)).toEqual({
    __type: 'RepositoryNotFoundException',
    message: "The repository with name 'team/app' does not exist in the registry with id '111111111111'",
  });
  const alias = { registryId: 'vendor', repositoryName: 'team/app' };
  expect((await failApi(emulator, 'DescribeImages', alias)).__type).toBe('InvalidParameterException');
});

test('catalog data: set at creation, replaced later, with the logo kept and served', async () => {
  const repositoryName = 'team/shown';
  const logo = png(64, 2048);
  const { catalogData } = await callApi(emulator, 'CreateRepository', {
    repositoryName,
    catalogData: {
      description: 'short',
      architectures: ['x86-64', 'ARM 64'],
      operatingSystems: ['Linux'],
      logoImageBlob: logo.toString('base64'),
      aboutText: '# About',
      usageText: '# Usage',
    },
    tags: [{ Key: 'team', Value: 'a' }],
  });
  expect(catalogData).toEqual({
    description: 'short',
    architectures: ['x86-64', 'ARM 64'],
    operatingSystems: ['Linux'],
    logoUrl: expect.stringContaining('.png'),
    aboutText: '# About',
    usageText: '# Usage',
  });
  const served = await fetch(catalogData?.logoUrl ?? '');
  expect(Buffer.from(await served.arrayBuffer()).equals(logo)).toBe(true);
  expect(served.headers.get('content-type')).toBe('image/png');
  expect(await callApi(emulator, 'GetRepositoryCatalogData', { repositoryName })).toEqual({ catalogData });

  const replaced = await callApi(emulator, 'PutRepositoryCatalogData', {
    repositoryName,
    catalogData: { aboutText: 'new', architectures: [], description: '' },
  });
  expect(replaced.catalogData).toEqual({ aboutText: 'new', logoUrl: catalogData?.logoUrl });

  const cleared = await callApi(emulator, 'PutRepositoryCatalogData', {
    repositoryName,
    catalogData: { aboutText: 'new', logoImageBlob: '' },
  });
  expect(cleared.catalogData).toEqual({ aboutText: 'new' });
});

test.each([
  ['no PNG', Buffer.from('<svg/>')],
  ['too small', png(59, 60)],
  ['too large', png(60, 2049)],
])('a logo that is %s', async (_name, logo) => {
  const error = await failApi(emulator, 'CreateRepository', {
    repositoryName: 'team/logo',
    catalogData: { logoImageBlob: logo.toString('base64') },
  });
  expect(error.message).toMatch(/^Invalid parameter at 'logoImageBlob' /);
});

test('the registry and its display name', async () => {
  expect(await callApi(emulator, 'DescribeRegistries')).toEqual({
    registries: [
      {
        registryId: '210987654321',
        registryArn: 'arn:aws:ecr-public::210987654321:registry/210987654321',
        registryUri: `${emulator.registryHost}/vendor`,
        verified: false,
        aliases: [
          { name: 'vendor', status: 'ACTIVE', primaryRegistryAlias: true, defaultRegistryAlias: true },
        ],
      },
    ],
  });
  expect(await callApi(emulator, 'GetRegistryCatalogData')).toEqual({ registryCatalogData: {} });
  const displayName = 'The Vendor';
  await callApi(emulator, 'PutRegistryCatalogData', { displayName });
  expect(await callApi(emulator, 'GetRegistryCatalogData')).toEqual({ registryCatalogData: { displayName } });
  await callApi(emulator, 'PutRegistryCatalogData', { displayName: '' });
  expect(await callApi(emulator, 'GetRegistryCatalogData')).toEqual({ registryCatalogData: {} });
});

test('resource tags: replaced, removed, limited', async () => {
  const repositoryName = 'team/tagged';
  const tag = (Key: string, Value: string) => ({ Key, Value });
  const tags = [tag('a', '1'), tag('b', '2')];
  const { repository } = await callApi(emulator, 'CreateRepository', { repositoryName, tags });
  const resourceArn = repository?.repositoryArn;
  expect(await callApi(emulator, 'ListTagsForResource', { resourceArn })).toEqual({ tags });
  await callApi(emulator, 'TagResource', { resourceArn, tags: [tag('b', ''), tag('c', 'Ä: x/y_z')] });
  await callApi(emulator, 'UntagResource', { resourceArn, tagKeys: ['a', 'unknown'] });
  expect((await callApi(emulator, 'ListTagsForResource', { resourceArn })).tags).toEqual([
    tag('b', ''),
    tag('c', 'Ä: x/y_z'),
  ]);

  const many = Array.from({ length: 49 }, (_, number) => tag(`key${number}`, ''));
  expect((await failApi(emulator, 'TagResource', { resourceArn, tags: many })).__type).toBe(
    'TooManyTagsException',
  );
  for (const bad of [tag('aws:x', ''), tag('a#', ''), tag('a', '<'), { Key: 'a' }, { Value: 'a' }]) {
    const error = await failApi(emulator, 'TagResource', { resourceArn, tags: [bad] });
    expect(error.__type, JSON.stringify(bad)).toBe('InvalidTagParameterException');
  }
  expect((await callApi(emulator, 'ListTagsForResource', { resourceArn })).tags).toHaveLength(2);
  const untouched = await failApi(emulator, 'CreateRepository', {
    repositoryName: 'team/rolled-back',
    tags: [tag('aws:x', '')],
  });
  expect(untouched.__type).toBe('InvalidTagParameterException');
  await callApi(emulator, 'CreateRepository', { repositoryName: 'team/rolled-back' });
});

test('ARNs of other things than repositories', async () => {
  for (const resourceArn of [
    'x',
    'arn:aws:ecr::210987654321:repository/a',
    'arn:aws:ecr-public::1:repository/a',
  ]) {
    expect(await failApi(emulator, 'ListTagsForResource', { resourceArn })).toEqual({
      __type: 'InvalidParameterException',
      message: "Invalid parameter at 'resourceArn' failed to satisfy constraint: 'Invalid ARN'",
    });
  }
  const resourceArn = 'arn:aws:ecr-public:us-east-1:210987654321:repository/not/there';
  expect((await failApi(emulator, 'TagResource', { resourceArn, tags: [] })).__type).toBe(
    'RepositoryNotFoundException',
  );
});
