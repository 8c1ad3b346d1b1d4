import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { callPrivate } from '../support/call-api.ts';
import { type CliResult, type CliSettings, runCli } from '../support/cli.ts';
import { setFaults } from '../support/emulator.ts';
import { DOUBTFUL_LIFECYCLES, GOOD_LIFECYCLES } from '../support/lifecycle-policies.ts';
import { privateOf } from '../support/signed-request.ts';
import { startWorkplace } from '../support/workplace.ts';

// Repositories of private ECR, with their policies, resource tags and lifecycle policies.

const account = '210987654321';

/** The emulator prints the keys of the first. */
const { home, emulator } = await startWorkplace({
  private: {},
  identities: [
    { accessKeyId: 'OWNER', secretAccessKey: 'of-owner', allowedActions: ['*'] },
    {
      ...{ accessKeyId: 'WRITER', secretAccessKey: 'of-writer' },
      allowedActions: ['ecr:PutLifecyclePolicy', 'ecr:SetRepositoryPolicy', 'ecr-public:*'],
    },
  ],
});
const host = emulator.privateRegistryHost ?? '';
const signer = privateOf(emulator);

function ecrp(argv: readonly string[], settings: CliSettings = {}): Promise<CliResult> {
  return runCli(argv, { env: { ...home.env, ...emulator.env }, cwd: home.directory, ...settings });
}

const ofWriter: CliSettings = {
  env: {
    ...home.env,
    ...emulator.env,
    AWS_ACCESS_KEY_ID: 'WRITER',
    AWS_SECRET_ACCESS_KEY: 'of-writer',
  },
};

/** The names of all repositories of ECR Public: a command for private ECR must not touch them. */
async function listPublic(): Promise<unknown> {
  const { repositories } = (await ecrp(['repo', 'list', '--json'])).json();
  return repositories;
}

describe('a repository', () => {
  it('is created with settings, listed, described and deleted in private ECR alone', async () => {
    const name = `${host}/team/app__1`;
    const created = await ecrp([
      ...['repo', 'create', name, '--immutable-tags', '--scan-on-push', '--resource-tag', 'team=web'],
      ...['--kms-key', 'arn:aws:kms:us-east-1:123456789012:key/k1', '--json'],
    ]);
    const settings = {
      imageTagMutability: 'IMMUTABLE',
      imageScanningConfiguration: { scanOnPush: true },
      encryptionConfiguration: { encryptionType: 'KMS', kmsKey: 'arn:aws:kms:us-east-1:123456789012:key/k1' },
    };
    expect(created.json()).toMatchObject({
      status: 'created',
      repositoryName: 'team/app__1',
      registryId: emulator.registryId,
      ...settings,
    });
    expect(created.json()).not.toHaveProperty('galleryUrl');
    const { repositories } = await callPrivate(signer, 'DescribeRepositories', {
      repositoryNames: ['team/app__1'],
    });
    expect(repositories).toEqual([expect.objectContaining(settings)]);

    const described = await ecrp(['repo', 'describe', name]);
    expect(described.stdout).toMatch(/^image tags +immutable$/m);
    expect(described.stdout).toMatch(/^encryption +KMS arn:aws:kms/m);
    expect(described.stdout).not.toContain('gallery');
    const listed = (await ecrp(['repo', 'list', host, '--json'])).json();
    expect(listed.repositories).toEqual([expect.objectContaining(settings)]);
    expect(await listPublic()).toEqual([]);

    const deleted = await ecrp(['repo', 'delete', name, '--yes', '--json']);
    expect(deleted.json()).toMatchObject({ deleted: true, repositoryName: 'team/app__1' });
    expect((await ecrp(['repo', 'describe', name])).status).toBe(5);
  });

  it('of the same name in ECR Public stays what it is', async () => {
    await ecrp(['repo', 'create', 'both']);
    await ecrp(['repo', 'create', `${host}/both`]);
    const before = await listPublic();
    for (const argv of [
      ['policy', 'grant', `${host}/both`, '--push', account],
      ['resource-tag', 'add', `${host}/both`, 'a=b'],
      ['repo', 'delete', `${host}/both`, '--yes'],
    ]) {
      expect((await ecrp(argv)).status, argv.join(' ')).toBe(0);
    }
    expect(await listPublic()).toEqual(before);
    expect((await ecrp(['policy', 'get', 'both'])).status).toBe(5);
    expect((await ecrp(['resource-tag', 'list', 'both', '--json'])).json().tags).toEqual([]);
  });

  it('that exists gets the settings that --update names, and loses none', async () => {
    const name = `${host}/updated`;
    await ecrp(['repo', 'create', name]);
    const update = ['repo', 'create', name, '--update', '--immutable-tags', '--scan-on-push', '--json'];
    expect((await ecrp(update)).json()).toMatchObject({
      status: 'updated',
      imageTagMutability: 'IMMUTABLE',
      imageScanningConfiguration: { scanOnPush: true },
      changes: [
        { field: 'imageTagMutability', change: 'changed', before: 'MUTABLE', after: 'IMMUTABLE' },
        { field: 'scanOnPush', change: 'changed', before: 'false', after: 'true' },
      ],
    });
    expect((await ecrp(update)).json()).toMatchObject({ status: 'unchanged', changes: [] });
    await callPrivate(signer, 'PutImageTagMutability', {
      repositoryName: 'updated',
      imageTagMutability: 'IMMUTABLE_WITH_EXCLUSION',
      imageTagMutabilityExclusionFilters: [{ filterType: 'WILDCARD', filter: 'latest' }],
    });
    expect((await ecrp(update)).json()).toMatchObject({
      status: 'unchanged',
      imageTagMutabilityExclusionFilters: [{ filterType: 'WILDCARD', filter: 'latest' }],
    });
    expect((await ecrp(['repo', 'describe', name])).stdout).toContain('immutable, except for latest');
  });

  it('keeps its encryption key', async () => {
    const name = `${host}/encrypted`;
    const key = 'arn:aws:kms:us-east-1:123456789012:key/k1';
    await ecrp(['repo', 'create', name, '--kms-key', key]);
    const update = (kmsKey: string) => ecrp(['repo', 'create', name, '--update', '--kms-key', kmsKey]);
    for (const same of [key, 'k1', 'alias/mine']) expect((await update(same)).status, same).toBe(0);
    const other = await update('arn:aws:kms:us-east-1:123456789012:key/k2');
    expect(other).toMatchObject({ status: 6, stderr: expect.stringContaining(`another key: ${key}`) });
  });

  it.each([
    [['repo', 'create', 'app', '--immutable-tags'], 'is a repository of ECR Public'],
    [['repo', 'create', 'app', '--kms-key', 'k'], '--kms-key: app is a repository of ECR Public'],
    [['repo', 'create', 'app', '--kms-key', ' '], 'must be the ARN'],
    [['repo', 'create', '{host}/app', '--catalog', 'missing.json'], 'private ECR has no catalog data'],
    [['repo', 'create', '{host}/App'], 'is not a repository name of private ECR'],
    [['repo', 'list', 'ghcr.io'], 'is not a registry of this endpoint'],
    [['repo', 'describe', '123456789012.dkr.ecr.eu-west-1.amazonaws.com.evil.example/app'], 'points at'],
  ])('%j is a usage error, and sends nothing', async (argv, problem) => {
    const before = emulator.requests.length;
    const { status, stderr } = await ecrp(argv.map((word) => word.replace('{host}', host)));
    expect(stderr).toContain(problem);
    expect(status).toBe(2);
    expect(emulator.requests.length).toBe(before);
  });

  it('has no catalog data, and its registry no display name', async () => {
    for (const argv of [
      ['catalog', 'get', `${host}/app`],
      ['catalog', 'set', `${host}/app`, '--description', 'x'],
      ['registry', 'describe', host],
    ]) {
      const { status, stderr } = await ecrp(argv);
      expect(status, `${argv.join(' ')}: ${stderr}`).toBe(2);
      expect(stderr).toMatch(/^hint: ./m);
    }
  });
});

describe('a policy', () => {
  it('has the actions of private ECR', async () => {
    const name = `${host}/shared`;
    await ecrp(['repo', 'create', name]);
    expect((await ecrp(['policy', 'grant', name, '--push', account])).status).toBe(0);
    const { policy } = (await ecrp(['policy', 'get', name, '--json'])).json();
    expect(policy).toMatchObject({
      Statement: [
        {
          Sid: 'EcrpPush',
          Principal: { AWS: [`arn:aws:iam::${account}:root`] },
          Action: expect.arrayContaining(['ecr:PutImage', 'ecr:BatchGetImage']),
        },
      ],
    });
    expect((await ecrp(['policy', 'revoke', name, '--push', account])).status).toBe(0);
    expect((await ecrp(['policy', 'get', name])).status).toBe(5);
    const foreign = await ecrp(['policy', 'grant', name, '--push', 'arn:aws-cn:iam::123456789012:root']);
    expect(foreign).toMatchObject({ status: 2, stderr: expect.stringContaining('in the partition aws') });
  });

  it('of public actions is warned of', async () => {
    const name = `${host}/warned`;
    await ecrp(['repo', 'create', name]);
    const stdin = JSON.stringify({
      Version: '2012-10-17',
      Statement: { Effect: 'Allow', Principal: { AWS: account }, Action: 'ecr-public:PutImage' },
    });
    const { stderr } = await ecrp(['policy', 'set', name, '--policy', '-'], { stdin });
    expect(stderr).toContain(
      'ecr-public:PutImage is an action of ECR Public; those of private ECR begin with ecr:',
    );
  });
});

describe('a lifecycle policy', () => {
  const keep = (countNumber: number) => ({
    rules: [
      {
        rulePriority: 1,
        selection: { tagStatus: 'any', countType: 'imageCountMoreThan', countNumber },
        action: { type: 'expire' },
      },
    ],
  });
  const set = (name: string, policy: unknown, settings: CliSettings = {}) =>
    ecrp(['lifecycle', 'set', name, '--policy', '-'], { stdin: JSON.stringify(policy), ...settings });

  it('that was set is there, and the same again is no change', async () => {
    const name = `${host}/kept`;
    await ecrp(['repo', 'create', name]);
    await writeFile(join(home.directory, 'lifecycle.json'), JSON.stringify(keep(10), null, 2));
    const first = await ecrp(['lifecycle', 'set', name, '--policy', 'lifecycle.json']);
    expect(first).toMatchObject({ status: 0, stderr: expect.stringContaining('within 24 hours') });
    expect(first.stdout.split('\n')).toEqual([
      'rule 1: added',
      '  + selection.tagStatus any',
      '  + selection.countType imageCountMoreThan',
      '  + selection.countNumber 10',
      '  + action.type expire',
      '',
    ]);
    const { stdout } = await ecrp(['lifecycle', 'get', name]);
    expect(JSON.parse(stdout)).toEqual(keep(10));
    const before = emulator.count('PutLifecyclePolicy');
    const again = await ecrp(['lifecycle', 'set', name, '--policy', '-', '--json'], { stdin: stdout });
    expect(again.json()).toMatchObject({ status: 'unchanged', changes: [], lifecyclePolicy: keep(10) });
    expect(emulator.count('PutLifecyclePolicy')).toBe(before);

    const changed = await set(name, keep(11));
    expect(changed.stdout).toBe(
      'rule 1: changed\n  - selection.countNumber 10\n  + selection.countNumber 11\n',
    );
    const deleted = await ecrp(['lifecycle', 'delete', name, '--json']);
    expect(deleted.json()).toMatchObject({
      status: 'deleted',
      changes: [{ rulePriority: 1, change: 'removed' }],
    });
    expect((await ecrp(['lifecycle', 'get', name])).status).toBe(5);
    const none = await ecrp(['lifecycle', 'delete', name, '--json']);
    expect(none).toMatchObject({ status: 0, stderr: expect.stringContaining('has no lifecycle policy') });
    expect(none.json()).toMatchObject({ status: 'unchanged', changes: [] });
  });

  it('can be set without the permission to read it', async () => {
    const name = `${host}/unread`;
    await ecrp(['repo', 'create', name]);
    const written = await set(name, keep(3), ofWriter);
    expect(written).toMatchObject({
      status: 0,
      stderr: expect.stringContaining('may not read the one before'),
    });
    expect((await ecrp(['lifecycle', 'delete', name], ofWriter)).status).toBe(4);
  });

  it('survives a lost answer', async () => {
    const name = `${host}/lost`;
    await ecrp(['repo', 'create', name]);
    await set(name, keep(3));
    await setFaults(emulator, ['DeleteLifecyclePolicy reset-after on=1']);
    const { status, stderr } = await ecrp(['lifecycle', 'delete', name]);
    await setFaults(emulator, []);
    expect(status, stderr).toBe(0);
    expect((await ecrp(['lifecycle', 'get', name])).status).toBe(5);
  });

  it.each([
    ['', 'it is empty'],
    ['{', 'it is not valid JSON'],
    ['{"rules":[]}', 'rules is empty'],
    [`${'['.repeat(2000)}`, 'nested deeper'],
    ['x'.repeat(300_000), 'longer than any policy'],
    [JSON.stringify(keep(0)), 'selection.countNumber must be a whole number from 1'],
    ['{"rules":[{"rulePriority":1},{"rulePriority":1}]}', 'problems:'],
    ['\u001b[31m', 'not valid JSON'],
  ])('%j is refused before it is sent', async (stdin, problem) => {
    const before = emulator.requests.length;
    const { status, stderr } = await ecrp(['lifecycle', 'set', `${host}/app`, '--policy', '-'], { stdin });
    expect(stderr).toContain(problem);
    expect(stderr).not.toContain('\u001b');
    expect(status).toBe(3);
    expect(emulator.requests.length).toBe(before);
  });

  it.each([...GOOD_LIFECYCLES, ...DOUBTFUL_LIFECYCLES.map(([policy]) => policy)])(
    'that passes the checks is taken by the service: %j',
    async (policy) => {
      const name = `${host}/checked`;
      await ecrp(['repo', 'create', name, '--if-missing']);
      const { status, stderr } = await set(name, policy);
      expect(status, stderr).toBe(0);
    },
  );

  it('that the service refuses is bad input, in its words', async () => {
    const name = `${host}/refused`;
    await ecrp(['repo', 'create', name]);
    await setFaults(emulator, ['PutLifecyclePolicy error InvalidParameterException']);
    const { status, stderr } = await set(name, keep(3));
    await setFaults(emulator, []);
    expect(status).toBe(3);
    expect(stderr).toContain('(PutLifecyclePolicy, InvalidParameterException');
    expect(stderr).toMatch(/^hint: Correct the policy/m);
  });

  it('is of private ECR alone', async () => {
    for (const action of ['get', 'delete']) {
      const { status, stderr } = await ecrp(['lifecycle', action, 'app']);
      expect({ status, stderr }).toMatchObject({
        status: 2,
        stderr: expect.stringContaining("'ecrp image prune app'"),
      });
    }
  });

  it('of a missing repository is not found, with the list that shows what is there', async () => {
    const { status, stderr } = await ecrp(['lifecycle', 'get', `${host}/missing`]);
    expect(status).toBe(5);
    expect(stderr).toContain('RepositoryNotFoundException');
  });
});
