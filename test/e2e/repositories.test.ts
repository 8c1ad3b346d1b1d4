import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type CliResult, runCli } from '../support/cli.ts';
import { setFaults, startTestEmulator } from '../support/emulator.ts';
import { startWorkplace } from '../support/workplace.ts';

const fixtures = join(import.meta.dirname, '..', '..', 'fixtures');

const { home, emulator } = await startWorkplace();

function ecrp(...argv: string[]): Promise<CliResult> {
  return runCli(argv, { env: { ...home.env, ...emulator.env }, cwd: home.directory });
}

function describeUri(name: string): string {
  return `${emulator.registryHost}/${emulator.registryAlias}/${name}`;
}

/** The emulator is a rehearsal: it says where the Gallery will show a repository of that alias. */
function describePage(name: string): string {
  return `https://gallery.ecr.aws/${emulator.registryAlias}/${name}`;
}

describe('repo create', () => {
  it('prints the URI, and the members of the API as JSON', async () => {
    expect(await ecrp('repo', 'create', 'plain')).toEqual({
      status: 0,
      stdout: `${describeUri('plain')}\n`,
      stderr: expect.stringContaining(`Created repository plain.\nGallery: ${describePage('plain')}\n`),
      json: expect.any(Function),
    });
    const { json } = await ecrp('repo', 'create', 'team/json', '--json');
    expect(json()).toEqual({
      schemaVersion: 1,
      repositoryName: 'team/json',
      repositoryArn: `arn:aws:ecr-public::${emulator.registryId}:repository/team/json`,
      registryId: emulator.registryId,
      repositoryUri: describeUri('team/json'),
      createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      galleryUrl: describePage('team/json'),
      status: 'created',
    });
  });

  it('fails with status 6 on one that exists, unless --if-missing', async () => {
    await ecrp('repo', 'create', 'twice');
    const again = await ecrp('repo', 'create', 'twice', '--json');
    expect(again.status).toBe(6);
    expect(again.json()).toMatchObject({
      error: {
        code: 'CONFLICT',
        operation: 'CreateRepository',
        awsError: 'RepositoryAlreadyExistsException',
        hint: expect.stringContaining('--if-missing'),
      },
      exitStatus: 6,
    });
    const tolerant = await ecrp('repo', 'create', 'twice', '--if-missing', '--json');
    expect(tolerant.json()).toMatchObject({ repositoryName: 'twice', status: 'unchanged' });
  });

  it('takes catalog data in both shapes, the name from the file included', async () => {
    expect(
      await ecrp('repo', 'create', 'catalog', '--catalog', join(fixtures, 'catalog.json')),
    ).toMatchObject({ status: 0 });
    const whole = await ecrp('repo', 'create', '--catalog', join(fixtures, 'create-repository.yaml'));
    expect(whole).toMatchObject({ status: 0, stdout: `${describeUri('team/hello')}\n` });
  });

  it('refuses a name that differs from the one in the file', async () => {
    const { status, stderr } = await ecrp(
      'repo',
      'create',
      'other',
      '--catalog',
      join(fixtures, 'create-repository.yaml'),
    );
    expect({ status, stderr }).toMatchObject({ status: 2, stderr: expect.stringContaining('team/hello') });
  });

  it('reports every problem of a catalog file at once, and sends nothing', async () => {
    const file = join(home.directory, 'bad.json');
    await writeFile(
      file,
      JSON.stringify({ descripton: 'x', 'b\n  - c': 1, architectures: 'ARM', aboutText: 'x'.repeat(25_601) }),
    );
    const before = emulator.requests.length;
    const { status, stdout, stderr } = await ecrp('repo', 'create', 'bad', '--catalog', 'bad.json');
    expect({ status, stdout }).toEqual({ status: 3, stdout: '' });
    expect(stderr.split('\n')).toEqual([
      'error: catalog file bad.json has 4 problems:',
      expect.stringMatching(/^ {2}- descripton /),
      expect.stringMatching(/^ {2}- .*b\\n {2}- c/),
      expect.stringMatching(/^ {2}- architectures /),
      expect.stringMatching(/^ {2}- aboutText /),
      expect.stringMatching(/^hint: /),
      '',
    ]);
    expect(emulator.requests).toHaveLength(before);
  });

  it.each([
    [['repo', 'create'], 'has no name'],
    [['repo', 'create', 'Upper'], 'not a repository name'],
    [['repo', 'create', 'x'], 'not a repository name'],
    [['repo', 'create', 'ok', '--resource-tag', 'novalue'], 'not of the form KEY=VALUE'],
    [['repo', 'create', 'ok', '--resource-tag', 'a=1', '--resource-tag', 'a=2'], 'given twice'],
  ])('refuses %j as usage', async (argv, message) => {
    const { status, stderr } = await ecrp(...argv);
    expect({ status, stderr }).toMatchObject({ status: 2, stderr: expect.stringContaining(message) });
  });
});

describe('repo list and describe', () => {
  it('shows a table, or every repository as JSON', async () => {
    await ecrp('repo', 'create', 'listed');
    const { stdout, stderr } = await ecrp('repo', 'list');
    expect(stderr).toContain(`Gallery: https://gallery.ecr.aws/${emulator.registryAlias}\n`);
    const [heading, ...rows] = stdout.trimEnd().split('\n');
    expect(heading).toMatch(/^REPOSITORY +URI +CREATED$/);
    expect(rows.find((row) => row.startsWith('listed '))).toMatch(
      new RegExp(`^listed +${describeUri('listed')} +\\d{4}-\\d\\d-\\d\\d$`),
    );
    const { json } = await ecrp('repo', 'list', '--json');
    expect(json()).toMatchObject({
      schemaVersion: 1,
      repositories: expect.arrayContaining([
        expect.objectContaining({ repositoryName: 'listed', galleryUrl: describePage('listed') }),
      ]),
    });
  });

  it('says on stderr that there are no repositories, and prints an empty result', async () => {
    const empty = await startTestEmulator({ alias: 'emptyone' });
    try {
      const env = { ...home.env, ...empty.env };
      const plain = await runCli(['repo', 'list'], { env });
      expect(plain).toMatchObject({ status: 0, stdout: '' });
      expect(plain.stderr).toContain('No repositories yet');
      const { json } = await runCli(['repo', 'list', '--json'], { env });
      expect(json()).toEqual({ schemaVersion: 1, repositories: [] });
    } finally {
      await empty.close();
    }
  });

  it('describes one, and fails with status 5 for one that is not there', async () => {
    await ecrp('repo', 'create', 'described');
    const { stdout } = await ecrp('repo', 'describe', 'described');
    expect(stdout).toContain(`uri         ${describeUri('described')}\n`);
    expect(stdout).toContain(`gallery     ${describePage('described')}\n`);
    expect(stdout).toMatch(/images {6}0 of 100,000, the quota unless AWS has raised it\n$/);
    await ecrp('push', join(fixtures, 'archives', 'skopeo-multi-oci.tar'), 'described:1');
    const { json } = await ecrp('repo', 'describe', 'described', '--json');
    // An index and two images.
    expect(json()).toMatchObject({
      imageCount: 3,
      imageQuota: 100_000,
      galleryUrl: describePage('described'),
    });
    const missing = await ecrp('repo', 'describe', 'nowhere', '--json');
    expect(missing.status).toBe(5);
    expect(missing.json()).toMatchObject({ error: { code: 'NOT_FOUND' }, exitStatus: 5 });
  });
});

it('describes a repository whose images may not be listed', async () => {
  await ecrp('repo', 'create', 'uncounted');
  const faults = ['DescribeImages error AccessDeniedException'];
  await setFaults(emulator, faults);
  const { status, stderr, json } = await ecrp('repo', 'describe', 'uncounted', '--json');
  await setFaults(emulator, []);
  expect(status).toBe(0);
  expect(stderr).toContain('warning: the images are not counted: ');
  expect(json()).not.toHaveProperty('imageCount');
});

describe('repo delete', () => {
  it('needs --yes when there is no terminal, and says so', async () => {
    await ecrp('repo', 'create', 'kept');
    const { status, stderr } = await ecrp('repo', 'delete', 'kept');
    expect(status).toBe(2);
    expect(stderr).toContain('needs --yes');
    expect(await ecrp('repo', 'describe', 'kept')).toMatchObject({ status: 0 });
  });

  it('deletes an empty repository with --yes, one with images only with --force', async () => {
    await ecrp('push', join(fixtures, 'archives', 'docker-20.10-one.tar'), 'full:1', '--create-repo');
    const refused = await ecrp('repo', 'delete', 'full', '--yes');
    expect(refused.status).toBe(6);
    expect(refused.stderr).toContain('--force');
    const deleted = await ecrp('repo', 'delete', 'full', '--yes', '--force', '--json');
    expect(deleted.json()).toEqual({
      schemaVersion: 1,
      repositoryName: 'full',
      repositoryArn: `arn:aws:ecr-public::${emulator.registryId}:repository/full`,
      registryId: emulator.registryId,
      repositoryUri: describeUri('full'),
      createdAt: expect.stringMatching(/Z$/),
      deleted: true,
    });
    expect(await ecrp('repo', 'describe', 'full')).toMatchObject({ status: 5 });
  });
});

it('remembers the alias without naming the key, and only in the cache directory', async () => {
  const cache = join(home.directory, '.cache', 'ecrp', 'registries');
  expect(await readdir(cache)).not.toHaveLength(0);
  for (const name of await readdir(cache)) expect(name).toMatch(/^[0-9a-f]{32}\.json$/);
});
