import { describe, expect, it } from 'vitest';
import { type CliResult, runCli } from '../support/cli.ts';
import { startWorkplace } from '../support/workplace.ts';

// Resource tags and the registry itself.

const { home, emulator } = await startWorkplace();
const ecrp = (...argv: string[]): Promise<CliResult> =>
  runCli(argv, { env: { ...home.env, ...emulator.env }, cwd: home.directory });
const tagsOf = async (name: string) => (await ecrp('resource-tag', 'list', name, '--json')).json().tags;

describe('resource-tag', () => {
  it('adds, changes, lists and removes', async () => {
    await ecrp('repo', 'create', 'app', '--resource-tag', 'team=web');
    const add = await ecrp('resource-tag', 'add', 'app', 'team=tools', 'stage=a=b', 'empty=');
    expect(add).toMatchObject({
      status: 0,
      stdout: 'changed team=tools, which was web\nadded stage=a=b\nadded empty=\n',
    });
    expect((await ecrp('resource-tag', 'list', 'app')).stdout).toBe(
      'KEY    VALUE\nteam   tools\nstage  a=b\nempty\n',
    );
    const removed = await ecrp('resource-tag', 'remove', 'app', 'stage', '--json');
    expect(removed.json()).toEqual({
      ...{ schemaVersion: 1, repositoryName: 'app', status: 'changed' },
      repositoryArn: `arn:aws:ecr-public::${emulator.registryId}:repository/app`,
      tags: [
        { Key: 'team', Value: 'tools' },
        { Key: 'empty', Value: '' },
      ],
    });
    expect(await tagsOf('app')).toEqual(removed.json().tags);
    const uri = `${emulator.registryHost}/${emulator.registryAlias}/app`;
    expect(await tagsOf(uri)).toEqual(removed.json().tags);
  });

  it('says what it did not have to do, and calls nothing that would change something', async () => {
    await ecrp('repo', 'create', 'same', '--resource-tag', 'team=web');
    const before = [emulator.count('TagResource'), emulator.count('UntagResource')];
    const add = await ecrp('resource-tag', 'add', 'same', 'team=web', '--json');
    expect(add.json()).toMatchObject({ status: 'unchanged', tags: [{ Key: 'team', Value: 'web' }] });
    expect(add.stderr).toContain('Nothing was changed.');
    const remove = await ecrp('resource-tag', 'remove', 'same', 'team=web', 'x');
    expect(remove).toMatchObject({ status: 0, stdout: '' });
    expect(remove.stderr).toContain('no resource tag "team=web", "x". Give the key alone: team.');
    expect([emulator.count('TagResource'), emulator.count('UntagResource')]).toEqual(before);
    await ecrp('repo', 'create', 'none');
    expect(await ecrp('resource-tag', 'list', 'none')).toMatchObject({
      status: 0,
      stdout: '',
      stderr: 'The repository none has no resource tags.\n',
    });
  });

  it('a repository has 50 at most: checked before anything is sent', async () => {
    await ecrp('repo', 'create', 'many');
    const fifty = Array.from({ length: 50 }, (_, at) => `k${at}=v`);
    expect(await ecrp('resource-tag', 'add', 'many', ...fifty)).toMatchObject({ status: 0 });
    expect(await ecrp('resource-tag', 'add', 'many', 'k1=other')).toMatchObject({ status: 0 });
    const calls = emulator.count('TagResource');
    const refused = await ecrp('resource-tag', 'add', 'many', 'one=more', '--json');
    expect(refused.json()).toMatchObject({
      error: { code: 'LIMIT', message: expect.stringContaining('51 resource tags; 50 are allowed') },
      exitStatus: 7,
    });
    expect(emulator.count('TagResource')).toBe(calls);
    expect(await tagsOf('many')).toHaveLength(50);
  });

  it.each([
    [['add', 'app', 'x'], 'not of the form KEY=VALUE'],
    [['add', 'app', 'a=1', 'a=2'], 'given twice'],
    [['add', 'app', 'aws:a=1'], 'reserved for AWS'],
    [['add', 'app', `${'k'.repeat(129)}=v`], '129 characters'],
    [['add', 'app', `k=${'v'.repeat(257)}`], '257 characters'],
    [['remove', 'app', 'AWS:x'], 'reserved for AWS'],
    [['remove', 'app', ''], 'empty key'],
    [['remove', 'app'], "missing required argument 'key'"],
  ])('%j is refused as usage, before any call', async (argv, message) => {
    const before = emulator.requests.length;
    const { status, stderr } = await ecrp('resource-tag', ...argv);
    expect({ status, stderr }).toMatchObject({ status: 2, stderr: expect.stringContaining(message) });
    expect(stderr).toMatch(/^hint: /m);
    expect(emulator.requests).toHaveLength(before);
  });

  it("touches no repository of another registry's alias", async () => {
    const { status } = await ecrp('resource-tag', 'add', `${emulator.registryHost}/somebody/app`, 'a=1');
    expect(status).toBe(4);
    expect(await tagsOf('app')).not.toContainEqual({ Key: 'a', Value: '1' });
  });
});

describe('registry', () => {
  it('describes aliases, display name and quotas', async () => {
    const { stdout } = await ecrp('registry', 'describe');
    expect(stdout).toContain(`registry  ${emulator.registryId}\n`);
    expect(stdout).toMatch(new RegExp(`^${emulator.registryAlias} +ACTIVE +primary, default$`, 'm'));
    expect(stdout).toMatch(/^images per repository +100,000$/m);
    const { json } = await ecrp('registry', 'describe', emulator.registryHost, '--json');
    const alias = { primaryRegistryAlias: true, defaultRegistryAlias: true, status: 'ACTIVE' };
    expect(json()).toEqual({
      schemaVersion: 1,
      registries: [
        {
          registryId: emulator.registryId,
          registryArn: `arn:aws:ecr-public::${emulator.registryId}:registry/${emulator.registryId}`,
          registryUri: `${emulator.registryHost}/${emulator.registryAlias}`,
          verified: false,
          aliases: [{ name: emulator.registryAlias, ...alias }],
        },
      ],
      registryCatalogData: {},
      quotas: expect.objectContaining({ repositories: 10_000, pullsPerSecond: expect.any(Object) }),
    });
    expect(await ecrp('registry', 'describe', 'ghcr.io')).toMatchObject({ status: 2 });
  });

  it('sets and removes the display name, once', async () => {
    const set = (name: string) => ecrp('registry', 'set', '--display-name', name, '--json');
    const displayName = 'x'.repeat(99);
    expect((await set(`${displayName}😀`)).json()).toMatchObject({ status: 'changed' });
    expect((await set(displayName)).json()).toEqual({
      ...{ schemaVersion: 1, status: 'changed' },
      registryCatalogData: { displayName },
    });
    expect((await set(displayName)).json()).toMatchObject({ status: 'unchanged' });
    expect((await ecrp('registry', 'describe')).stdout).toContain(`display name  ${displayName}\n`);
    expect((await set('')).json()).toEqual({ schemaVersion: 1, registryCatalogData: {}, status: 'changed' });
    expect((await set('')).json()).toMatchObject({ status: 'unchanged' });
    expect(await set('x'.repeat(101))).toMatchObject({ status: 2 });
    expect(await ecrp('registry', 'set')).toMatchObject({ status: 2 });
  });
});
