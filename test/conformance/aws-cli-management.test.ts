import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { callAws, refuseAws } from './support/aws.ts';
import { describeWithClients } from './support/clients.ts';
import { Sandbox } from './support/sandbox.ts';

const archives = join(import.meta.dirname, '../../fixtures/archives');

describeWithClients('the aws CLI manages what ecrp pushed', ['aws'], () => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = await Sandbox.start();
    for (const name of ['managed/one', 'managed/two']) await sandbox.ecrp('repo', 'create', name);
  });
  afterAll(() => sandbox.close());

  // The documents come from the aws CLI. The comparisons check their content.
  const call = async <T>(operation: string, ...options: readonly string[]): Promise<T> => {
    const { stdout } = await callAws(sandbox, operation, ...options);
    return (stdout === '' ? {} : JSON.parse(stdout)) as T;
  };
  const refuse = async (operation: string, ...options: readonly string[]): Promise<string> =>
    (await refuseAws(sandbox, operation, options)).exception;
  const one = ['--repository-name', 'managed/one'];

  test('images: an index is deleted before its children', async () => {
    const { imageDigest } = await sandbox.push(
      join(archives, 'skopeo-multi-oci.tar'),
      'managed/one:1',
      '-t',
      '2',
    );
    const { imageDetails } = await call<{ imageDetails: { imageDigest: string; imageTags?: string[] }[] }>(
      'describe-images',
      ...[...one, '--page-size', '1'],
    );
    expect(imageDetails).toHaveLength(3);
    expect(imageDetails.find((image) => image.imageDigest === imageDigest)?.imageTags?.sort()).toEqual([
      '1',
      '2',
    ]);
    const children = imageDetails
      .map((image) => image.imageDigest)
      .filter((digest) => digest !== imageDigest);
    const childIds = children.map((digest) => `imageDigest=${digest}`);
    expect(await call('batch-delete-image', ...one, '--image-ids', ...childIds)).toMatchObject({
      imageIds: [],
      failures: [
        { failureCode: 'ImageReferencedByManifestList' },
        { failureCode: 'ImageReferencedByManifestList' },
      ],
    });
    expect(await call('batch-delete-image', ...one, '--image-ids', 'imageTag=2')).toMatchObject({
      imageIds: [{ imageDigest, imageTag: '2' }],
      failures: [],
    });
    expect(
      await call('batch-delete-image', ...one, '--image-ids', `imageDigest=${imageDigest}`),
    ).toMatchObject({
      imageIds: [{ imageDigest, imageTag: '1' }],
    });
    const gone = await call<{ imageIds: object[] }>('batch-delete-image', ...one, '--image-ids', ...childIds);
    expect(gone.imageIds).toHaveLength(2);
    expect(await refuse('describe-images', ...one, '--image-ids', 'imageTag=1')).toBe(
      'ImageNotFoundException',
    );
  });

  test('catalog data of a repository and of the registry', async () => {
    const catalogData = { description: 'By aws', operatingSystems: ['Linux'], usageText: '# Usage\n' };
    await call('put-repository-catalog-data', ...one, '--catalog-data', JSON.stringify(catalogData));
    expect(await call('get-repository-catalog-data', ...one)).toMatchObject({ catalogData });
    const registryCatalogData = { displayName: 'Our registry' };
    await call('put-registry-catalog-data', '--display-name', registryCatalogData.displayName);
    expect(await call('get-registry-catalog-data')).toMatchObject({ registryCatalogData });
  });

  test('a repository policy', async () => {
    expect(await refuse('get-repository-policy', ...one)).toBe('RepositoryPolicyNotFoundException');
    const policy = {
      Version: '2008-10-17',
      Statement: [
        {
          ...{ Sid: 'push', Effect: 'Allow', Action: ['ecr-public:PutImage'] },
          Principal: { AWS: `arn:aws:iam::${sandbox.emulator.registryId}:root` },
        },
      ],
    };
    await call('set-repository-policy', ...one, '--policy-text', JSON.stringify(policy));
    const { policyText } = await call<{ policyText: string }>('get-repository-policy', ...one);
    expect(JSON.parse(policyText)).toMatchObject({ Statement: [{ Sid: 'push', Effect: 'Allow' }] });
    await call('delete-repository-policy', ...one);
    expect(await refuse('delete-repository-policy', ...one)).toBe('RepositoryPolicyNotFoundException');
  });

  test('resource tags', async () => {
    const { repositories } = await call<{ repositories: { repositoryArn: string }[] }>(
      'describe-repositories',
      '--repository-names',
      'managed/two',
    );
    const where = ['--resource-arn', repositories[0]?.repositoryArn ?? ''];
    await call('tag-resource', ...where, '--tags', 'Key=a,Value=1', 'Key=b,Value=2');
    await call('untag-resource', ...where, '--tag-keys', 'a');
    expect(await call('list-tags-for-resource', ...where)).toEqual({ tags: [{ Key: 'b', Value: '2' }] });
    const many = Array.from({ length: 50 }, (_, index) => `Key=k${index},Value=v`);
    expect(await refuse('tag-resource', ...where, '--tags', ...many)).toBe('TooManyTagsException');
    expect(await refuse('tag-resource', ...where, '--tags', 'Key=aws:x,Value=v')).toBe(
      'InvalidTagParameterException',
    );
  });
});
