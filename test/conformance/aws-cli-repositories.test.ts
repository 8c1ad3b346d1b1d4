import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { callAws, refuseAws } from './support/aws.ts';
import { describeWithClients } from './support/clients.ts';
import { Sandbox } from './support/sandbox.ts';

const fixtures = join(import.meta.dirname, '../../fixtures');

type Members = Readonly<Record<string, unknown>>;

const catalogData = {
  description: 'Ünï "quoted" 😀',
  architectures: ['x86-64', 'ARM 64'],
  operatingSystems: ['Linux', 'Windows'],
  aboutText: '# About\n\n* `code`\n',
  usageText: 'Use\tit\n',
};
const tags = [
  { Key: 'team', Value: 'a=b' },
  { Key: 'empty', Value: '' },
];

describeWithClients('the aws CLI and ecrp agree on repositories and their catalog data', ['aws'], () => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = await Sandbox.start();
  });
  afterAll(() => sandbox.close());

  // The documents come from the two programs. The comparisons check their content.
  const aws = async (operation: string, ...options: readonly string[]): Promise<Members> =>
    JSON.parse((await callAws(sandbox, operation, ...options)).stdout || '{}') as Members;
  const ecrp = async (...argv: readonly string[]): Promise<Members> =>
    JSON.parse((await sandbox.ecrp(...argv, '--json')).stdout) as Members;
  const write = (name: string, content: unknown): string => {
    const path = join(sandbox.directory, name);
    writeFileSync(path, JSON.stringify(content));
    return path;
  };

  /** A repository as both show it. They format times differently. */
  const readRepository = (repository: unknown): Members => {
    const { repositoryName, repositoryArn, registryId, repositoryUri, createdAt } = repository as Members;
    const createdMs =
      typeof createdAt === 'number' ? Math.round(createdAt * 1000) : Date.parse(String(createdAt));
    return { repositoryName, repositoryArn, registryId, repositoryUri, createdMs };
  };
  const described = async (name: string): Promise<Members> => {
    const { repositories } = await aws('describe-repositories', '--repository-names', name);
    return readRepository((repositories as unknown[])[0]);
  };

  test('one that aws created is the same to ecrp', async () => {
    const { repository, catalogData: created } = await aws(
      ...['create-repository', '--repository-name', 'by/aws', '--catalog-data', JSON.stringify(catalogData)],
      ...['--tags', JSON.stringify(tags)],
    );
    const expected = readRepository(repository);
    expect(readRepository(await ecrp('repo', 'describe', 'by/aws'))).toEqual(expected);
    const { repositories } = await ecrp('repo', 'list');
    expect((repositories as Members[]).map(readRepository)).toEqual([expected]);
    expect((await ecrp('catalog', 'get', 'by/aws')).catalogData).toEqual(created);
    expect(created).toEqual(catalogData);
    const file = write('same.json', { catalogData, tags });
    const same = await ecrp('repo', 'create', 'by/aws', '--catalog', file, '--update');
    expect(same).toMatchObject({ status: 'unchanged', changes: [] });
  });

  test('one that ecrp created is the same to aws', async () => {
    const file = write('new.json', {
      catalogData: { ...catalogData, logo: join(fixtures, 'logo.png') },
      tags,
    });
    const created = await ecrp('repo', 'create', 'by/ecrp', '--catalog', file);
    expect(await described('by/ecrp')).toEqual(readRepository(created));
    const got = await aws('get-repository-catalog-data', '--repository-name', 'by/ecrp');
    expect(got.catalogData).toEqual({ ...catalogData, logoUrl: expect.stringMatching(/\.png$/) });
    const listed = await aws('list-tags-for-resource', '--resource-arn', String(created.repositoryArn));
    expect(listed.tags).toEqual(expect.arrayContaining(tags));
    expect(listed.tags).toHaveLength(tags.length);
  });

  test('catalog data that one puts is what the other gets', async () => {
    const name = ['--repository-name', 'by/ecrp'];
    const set = await ecrp('catalog', 'set', 'by/ecrp', '--description', 'Set by ecrp', '--clear', 'usage');
    const got = await aws('get-repository-catalog-data', ...name);
    expect(got.catalogData).toEqual(set.catalogData);
    expect(got.catalogData).toMatchObject({ description: 'Set by ecrp', aboutText: catalogData.aboutText });
    expect(got.catalogData).not.toHaveProperty('usageText');
    const logo = await fetch((got.catalogData as { logoUrl: string }).logoUrl);
    expect(Buffer.from(await logo.arrayBuffer())).toEqual(readFileSync(join(fixtures, 'logo.png')));

    const input = JSON.stringify({ ...catalogData, description: 'Put by aws', architectures: ['ARM'] });
    const put = await aws('put-repository-catalog-data', ...name, '--catalog-data', input);
    expect((await ecrp('catalog', 'get', 'by/ecrp')).catalogData).toEqual(put.catalogData);
    const file = write('put.json', JSON.parse(input));
    expect((await ecrp('catalog', 'diff', 'by/ecrp', file)).changes).toEqual([]);
  });

  test('one that either deletes is gone for both, and refused in the same words', async () => {
    const last = await described('by/aws');
    expect(readRepository(await ecrp('repo', 'delete', 'by/aws', '--yes'))).toEqual(last);
    const { repository } = await aws('delete-repository', '--repository-name', 'by/ecrp');
    expect(readRepository(repository).repositoryName).toBe('by/ecrp');
    for (const [operation, argv] of [
      ['describe-repositories', ['repo', 'describe', 'by/aws']],
      ['delete-repository', ['repo', 'delete', 'by/aws', '--yes']],
      ['get-repository-catalog-data', ['catalog', 'get', 'by/aws']],
    ] as const) {
      const named = operation === 'describe-repositories' ? '--repository-names' : '--repository-name';
      const { exception, text } = await refuseAws(sandbox, operation, [named, 'by/aws']);
      const { status, stdout } = await sandbox.tryEcrp([...argv, '--json']);
      const { error } = JSON.parse(stdout) as { error: Members };
      expect({ status, awsError: error.awsError, message: error.message }).toEqual({
        status: 5,
        awsError: exception,
        message: text.trim(),
      });
    }
  });
});
