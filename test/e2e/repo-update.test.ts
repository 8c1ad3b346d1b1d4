import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { callApi } from '../support/call-api.ts';
import { type CliResult, runCli } from '../support/cli.ts';
import { startWorkplace } from '../support/workplace.ts';

const { home, emulator } = await startWorkplace();

function ecrp(...argv: string[]): Promise<CliResult> {
  return runCli(argv, { env: { ...home.env, ...emulator.env }, cwd: home.directory });
}

async function create(content: unknown, ...argv: string[]): Promise<CliResult> {
  await writeFile(join(home.directory, 'repo.json'), JSON.stringify(content));
  return ecrp('repo', 'create', '--catalog', 'repo.json', ...argv, '--json');
}

async function readState(repositoryName: string) {
  const { catalogData } = await callApi(emulator, 'GetRepositoryCatalogData', { repositoryName });
  const { repositories } = await callApi(emulator, 'DescribeRepositories', {
    repositoryNames: [repositoryName],
  });
  const resourceArn = repositories?.[0]?.repositoryArn ?? '';
  const { tags } = await callApi(emulator, 'ListTagsForResource', { resourceArn });
  return { catalogData, tags };
}

it('creates what is missing, then sets what is given and removes nothing', async () => {
  const first = {
    repositoryName: 'app',
    catalogData: { description: 'One', architectures: ['ARM'], usageText: 'Use\n' },
    tags: { team: 'web', stage: 'test' },
  };
  const created = await create(first, '--update');
  expect(created.json()).toMatchObject({ repositoryName: 'app', status: 'created', changes: [] });

  const next = { repositoryName: 'app', catalogData: { description: 'Two', aboutText: 'About\n' } };
  const updated = await create(
    next,
    '--update',
    '--resource-tag',
    'stage=live',
    '--resource-tag',
    'cost=low',
  );
  expect(updated.json()).toMatchObject({
    status: 'updated',
    changes: [
      { field: 'description', change: 'changed', before: 'One', after: 'Two' },
      { field: 'aboutText', change: 'added', after: 'About\n' },
      { field: 'tags.stage', change: 'changed', before: 'test', after: 'live' },
      { field: 'tags.cost', change: 'added', after: 'low' },
    ],
  });
  expect(updated.stderr).toContain('Changed 4 fields of app:\n  description  changed\n');
  expect(updated.stderr).toContain('  tags.stage   changed: test → live\n');
  expect(await readState('app')).toEqual({
    catalogData: { description: 'Two', architectures: ['ARM'], aboutText: 'About\n', usageText: 'Use\n' },
    tags: expect.arrayContaining([
      { Key: 'team', Value: 'web' },
      { Key: 'stage', Value: 'live' },
      { Key: 'cost', Value: 'low' },
    ]),
  });
});

it('is idempotent: the second run sends nothing', async () => {
  const content = { repositoryName: 'twice', catalogData: { description: 'd' }, tags: { a: '1' } };
  await create(content, '--update');
  const before = emulator.requests.length;
  const again = await create(content, '--if-missing', '--update');
  expect(again.json()).toMatchObject({ status: 'unchanged', changes: [] });
  expect(again.stderr).toContain('twice is unchanged');
  const asked = emulator.requests.slice(before).map(({ operation }) => operation);
  expect(asked).not.toContain('PutRepositoryCatalogData');
  expect(asked).not.toContain('TagResource');
});

it('leaves an existing one as it is with --if-missing alone', async () => {
  await create({ repositoryName: 'kept', catalogData: { description: 'One' } });
  const before = await readState('kept');
  const again = await create({ repositoryName: 'kept', catalogData: { description: 'Two' } }, '--if-missing');
  expect(again.json()).toMatchObject({ status: 'unchanged' });
  expect(await readState('kept')).toEqual(before);
});

it('needs nothing to set: a name alone is enough', async () => {
  await ecrp('repo', 'create', 'bare');
  const again = await ecrp('repo', 'create', 'bare', '--update');
  expect(again).toMatchObject({ status: 0, stdout: expect.stringContaining('/bare\n') });
});
