import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import { afterAll, describe, expect, it } from 'vitest';
import { buildProgram } from '../../src/cli/program.ts';
import { readAliases } from '../../src/emulator/identity-file.ts';
import { callApi } from '../support/call-api.ts';
import { type CliResult, makeHome, runCli } from '../support/cli.ts';
import { setFaults, startTestEmulator } from '../support/emulator.ts';
import { findRepositories } from '../support/find-repositories.ts';
import { writeDockerArchive } from '../support/image-writers.ts';
import { makeImage } from '../support/images.ts';

// Two accounts: nothing may be created, changed or deleted in another registry than was named.

const fixtures = join(import.meta.dirname, '..', '..', 'fixtures');
const one = join(fixtures, 'archives', 'docker-20.10-one.tar');
const multi = join(fixtures, 'archives', 'buildah-multi-oci-dir');

const THEIRS = '210987654321';
const principal = { allowedActions: ['*'], expiresAt: undefined, sessionToken: undefined };
const aliases = [
  { name: 'firstname', defaultRegistryAlias: true },
  { name: 'brand', primaryRegistryAlias: true },
  { name: 'hoped-for', status: 'PENDING' },
];
const home = await makeHome();
const emulator = await startTestEmulator({
  identities: [
    { ...principal, accessKeyId: 'AKIAMINE', secretAccessKey: 'mine', aliases: readAliases(aliases, 'mine') },
    {
      ...principal,
      accessKeyId: 'AKIATHEIRS',
      secretAccessKey: 'theirs',
      registryId: THEIRS,
      aliases: readAliases([{ name: 'theirs' }], 'theirs'),
    },
  ],
});
afterAll(async () => {
  await emulator.close();
  await home.remove();
});

const { registryHost: host, registryId: mine } = emulator;
const env = { ...home.env, ...emulator.env };
const theirEnv = { ...env, AWS_ACCESS_KEY_ID: 'AKIATHEIRS', AWS_SECRET_ACCESS_KEY: 'theirs' };

function ecrp(...argv: string[]): Promise<CliResult> {
  return runCli(argv, { env, cwd: home.directory });
}

async function listAll() {
  return { mine: await findRepositories(env), theirs: await findRepositories(theirEnv) };
}

/** What a push needs. */
const PUSH_ACTIONS = [
  'BatchCheckLayerAvailability',
  'InitiateLayerUpload',
  'UploadLayerPart',
  'CompleteLayerUpload',
  'PutImage',
].map((operation) => `ecr-public:${operation}`);

/** What a command may ask for before it refuses. */
const QUESTIONS = ['DescribeRegistries', 'BatchCheckLayerAvailability'];

async function expectRefusal(argv: readonly string[], message: RegExp): Promise<CliResult> {
  const before = await listAll();
  const requests = emulator.requests.length;
  const result = await ecrp(...argv);
  const asked = emulator.requests.slice(requests).flatMap(({ operation }) => operation ?? []);
  expect(result).toMatchObject({ status: 4, stdout: '' });
  expect(result.stderr).toMatch(message);
  expect(asked.filter((operation) => !QUESTIONS.includes(operation))).toEqual([]);
  expect(await listAll()).toEqual(before);
  return result;
}

describe.each(['theirs', THEIRS, 'hoped-for', 'nobody'])('the registry %s', (alias) => {
  it('gets no repository by a push or copy with --create-repo, and neither does the own one', async () => {
    const reference = `${host}/${alias}/pushed:1.0`;
    const { stderr } = await expectRefusal(
      ['push', one, reference, '--create-repo', '--no-remote-cache'],
      alias === 'hoped-for' ? /of your registry is PENDING/ : /is not yours/,
    );
    expect(stderr).not.toContain('--create-repo');
    await expectRefusal(['push', one, reference, '--create-repo', '--dry-run', '--no-remote-cache'], /error/);
    await expectRefusal(['index', 'create', reference, multi, '--create-repo', '--no-remote-cache'], /error/);
    expect(await ecrp('push', one, 'copied:1', '--create-repo')).toMatchObject({ status: 0 });
    await expectRefusal(['copy', 'copied:1', reference, '--create-repo'], /error/);
    expect(await ecrp('repo', 'delete', 'copied', '--force', '--yes')).toMatchObject({ status: 0 });
  });
});

it('is refused to an archive that is read while it is sent, too', async () => {
  const before = await listAll();
  const stdin = await readFile(one);
  const argv = ['push', '-', `${host}/theirs/piped:1`, '--create-repo', '--no-remote-cache'];
  const result = await runCli(argv, { env, stdin });
  expect(result).toMatchObject({ status: 4, stderr: expect.stringContaining('theirs is not yours') });
  expect(await listAll()).toEqual(before);
});

/** Every command that takes a repository, with what else it needs. The repository is REPO. */
const COMMANDS: readonly (readonly string[])[] = [
  ['repo', 'create', 'REPO'],
  ['repo', 'create', 'REPO', '--if-missing'],
  ['repo', 'create', 'REPO', '--update'],
  ['repo', 'describe', 'REPO'],
  ['repo', 'delete', 'REPO', '--force', '--yes'],
  ['catalog', 'get', 'REPO'],
  ['catalog', 'set', 'REPO', '--description', 'x'],
  ['catalog', 'diff', 'REPO', join(fixtures, 'catalog.json')],
  ['policy', 'get', 'REPO'],
  ['policy', 'set', 'REPO', '--policy', 'policy.json'],
  ['policy', 'delete', 'REPO'],
  ['policy', 'grant', 'REPO', '--push', THEIRS],
  ['policy', 'revoke', 'REPO', '--push', THEIRS],
  ['resource-tag', 'list', 'REPO'],
  ['resource-tag', 'add', 'REPO', 'a=b'],
  ['resource-tag', 'remove', 'REPO', 'a'],
  ['image', 'untag', 'REPO:1'],
  ['image', 'delete', 'REPO:1', '--yes'],
  ['image', 'prune', 'REPO', '--untagged', '--yes'],
];

/** Commands that read what anybody may read, and those that put manifests as `push` does, which other tests here show. */
const ELSEWHERE: readonly string[] = [
  'copy',
  'image list',
  'image describe',
  'image tag',
  'index add',
  'index create',
  'index remove',
  'push',
  'doctor',
];

it('knows every command that takes a repository', () => {
  const visit = (command: Command, words: readonly string[]): readonly string[] => [
    ...(command.registeredArguments.some(({ description }) => description.includes('[HOST/ALIAS/]REPO'))
      ? [words.join(' ')]
      : []),
    ...command.commands.flatMap((each) => visit(each, [...words, each.name()])),
  ];
  const known = COMMANDS.map((argv) => argv.slice(0, 2).join(' '));
  const taking = visit(
    buildProgram(async () => undefined),
    [],
  );
  expect(taking.filter((name) => !ELSEWHERE.includes(name)).sort()).toEqual([...new Set(known)].sort());
});

describe.each(['theirs', 'hoped-for', 'nobody'])('the alias %s', (alias) => {
  it.each(COMMANDS.map((argv) => [argv.join(' '), argv] as const))(
    'is refused by %s, although there is a repository of that name',
    async (_what, argv) => {
      await ecrp('repo', 'create', 'kept', '--if-missing');
      const statement = { Effect: 'Allow', Principal: '*', Action: 'ecr-public:PutImage' };
      const policy = JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
      await writeFile(join(home.directory, 'policy.json'), policy);
      const uri = `${host}/${alias}/kept`;
      const given = argv.map((word) => word.replace('REPO', uri));
      const { stderr } = await expectRefusal(given, new RegExp(`${alias}\\b`));
      expect(stderr).toMatch(/hint: .*brand/);
    },
  );
});

describe('the id of another account', () => {
  it('creates nothing in the own registry', async () => {
    await expectRefusal(['repo', 'create', `${host}/${THEIRS}/made`], /210987654321 is not yours/);
  });

  it('is passed on to the service, which judges', async () => {
    await ecrp('repo', 'create', 'kept', '--if-missing');
    await runCli(['repo', 'create', 'kept', '--if-missing'], { env: theirEnv });
    const before = await listAll();
    const denied = { status: 4, stderr: expect.stringContaining('AccessDeniedException') };
    const uri = `${host}/${THEIRS}/kept`;
    expect(await ecrp('repo', 'delete', uri, '--force', '--yes')).toMatchObject(denied);
    expect(await ecrp('catalog', 'set', uri, '--description', 'x')).toMatchObject(denied);
    expect(await listAll()).toEqual(before);
  });
});

describe.each(['firstname', 'brand', mine])("one's own registry, named %s", (alias) => {
  const name = `own/${alias}`;
  const uri = `${host}/${alias}/${name}`;

  it('has repositories that are created, described and deleted by their URI', async () => {
    const created = await ecrp('repo', 'create', uri, '--json');
    expect(created.json()).toMatchObject({ repositoryName: name, registryId: mine, status: 'created' });
    const described = await ecrp('repo', 'describe', uri, '--json');
    expect(described.json()).toMatchObject({ repositoryName: name, registryId: mine });
    const set = await ecrp('catalog', 'set', uri, '--description', 'x', '--json');
    expect(set.json()).toMatchObject({ repositoryName: name, status: 'changed' });
    const got = await ecrp('catalog', 'get', uri, '--json');
    expect(got.json()).toMatchObject({ repositoryName: name, catalogData: { description: 'x' } });
    const deleted = await ecrp('repo', 'delete', uri, '--yes');
    expect(deleted).toMatchObject({
      status: 0,
      stderr: expect.stringContaining(`Deleted repository ${name}.\n`),
    });
    expect((await listAll()).mine).not.toContain(name);
  });

  it('gets a repository by a push with --create-repo, and a reference that can be pulled', async () => {
    const pushed = await ecrp('push', one, `${uri}:1.0`, '--create-repo', '--json');
    const shown = alias === mine ? 'brand' : alias;
    expect(pushed.json()).toMatchObject({
      reference: `${host}/${shown}/${name}:1.0`,
      registryId: mine,
      tags: [{ imageTag: '1.0', status: 'created' }],
    });
    const again = await ecrp('push', one, `${uri}:1.0`, '--create-repo', '--json');
    expect(again.json()).toMatchObject({ registryId: mine, tags: [{ status: 'unchanged' }] });
  });
});

it('takes the URI that create prints, whichever command it goes to', async () => {
  const { stdout } = await ecrp('repo', 'create', 'printed');
  const uri = stdout.trim();
  expect(uri).toBe(`${host}/brand/printed`);
  expect(await ecrp('repo', 'describe', uri)).toMatchObject({ status: 0 });
  expect(await ecrp('push', one, `${uri}:1`)).toMatchObject({ status: 0 });
  expect(await ecrp('repo', 'delete', uri, '--force', '--yes')).toMatchObject({ status: 0 });
});

describe('a catalog file that names the repository', () => {
  async function writeCatalog(repositoryName: string): Promise<string> {
    await writeFile(join(home.directory, 'catalog.json'), JSON.stringify({ repositoryName }));
    return 'catalog.json';
  }

  it('may have its URI', async () => {
    const file = await writeCatalog(`${host}/firstname/by/file`);
    const { json } = await ecrp('repo', 'create', '--catalog', file, '--json');
    expect(json()).toMatchObject({ repositoryName: 'by/file' });
  });

  it('creates nothing where it names another registry', async () => {
    const file = await writeCatalog(`${host}/theirs/by-theirs`);
    await expectRefusal(['repo', 'create', '--catalog', file], /theirs is not yours/);
    await expectRefusal(['repo', 'create', 'by-theirs', '--catalog', file], /theirs is not yours/);
    await expectRefusal(
      ['push', one, 'by-theirs:1', '--create-repo', '--catalog', file, '--no-remote-cache'],
      /theirs is not yours/,
    );
  });

  it('is at fault where that is no name', async () => {
    const file = await writeCatalog('docker.io/library/app');
    const result = await ecrp('repo', 'create', '--catalog', file);
    expect(result).toMatchObject({ status: 3, stderr: expect.stringContaining('points at docker.io') });
  });
});

describe('what is no repository', () => {
  it.each([
    ['app:1.0', 'Write it without the tag: app'],
    ['docker.io/library/app', '--registry-host'],
    ['public.ecr.aws/brand/app', '--registry-host'],
    ['https://public.ecr.aws/brand/app', 'without the scheme'],
    [`${host}/app`, `Write ${host}/ALIAS/app, or app alone`],
    ['Team/App', 'lower case'],
  ])('%s is refused by each command, with a hint', async (name, hint) => {
    const before = emulator.requests.length;
    for (const argv of [['create'], ['describe'], ['delete', '--yes']]) {
      const { status, stderr } = await ecrp('repo', ...argv, name);
      expect({ status, stderr }).toEqual({ status: 2, stderr: expect.stringContaining(hint) });
    }
    expect(emulator.requests).toHaveLength(before);
  });
});

describe("a push to another's repository whose policy allows it", () => {
  const uri = `${host}/theirs/shared`;

  it('succeeds, and needs nothing to be created', async () => {
    const signer = { url: emulator.url, accessKeyId: 'AKIATHEIRS', secretAccessKey: 'theirs' };
    await callApi(signer, 'CreateRepository', { repositoryName: 'shared' });
    const statement = { Effect: 'Allow', Principal: { AWS: mine }, Action: PUSH_ACTIONS };
    const policyText = JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
    await callApi(signer, 'SetRepositoryPolicy', { repositoryName: 'shared', policyText });

    const { json } = await ecrp('push', one, `${uri}:1`, '--create-repo', '--json');
    expect(json()).toMatchObject({
      reference: `${uri}:1`,
      registryId: THEIRS,
      tags: [{ imageTag: '1', status: 'created' }],
    });
    const again = await ecrp('push', one, `${uri}:1`, '-t', '2', '--json');
    expect(again.json()).toMatchObject({ tags: [{ status: 'unchanged' }, { status: 'created' }] });
    expect((await listAll()).mine).not.toContain('shared');
  });

  it('can make and change an index there', async () => {
    const created = await ecrp('index', 'create', `${uri}:index`, multi, '--json');
    expect(created.json()).toMatchObject({ reference: `${uri}:index`, registryId: THEIRS });
    const removed = await ecrp('index', 'remove', `${uri}:index`, 'linux/arm64', '--json');
    expect(removed.json()).toMatchObject({ registryId: THEIRS, tags: [{ status: 'moved' }] });
    const added = await ecrp('index', 'add', `${uri}:index`, multi, '--json');
    expect(added.json()).toMatchObject({ registryId: THEIRS, tags: [{ status: 'moved' }] });
    expect((await listAll()).mine).not.toContain('shared');
  });
});

describe('a push to a repository that is not there', () => {
  it("says for another's registry that its owner has to create it", async () => {
    const { status, stderr } = await ecrp('push', one, `${host}/theirs/missing:1`, '--no-remote-cache');
    expect(status).toBe(5);
    expect(stderr).toContain('The registry theirs is not yours');
    expect(stderr).not.toMatch(/--create-repo|repo create/);
  });

  it("says for one's own how to create it", async () => {
    const { status, stderr } = await ecrp('push', one, `${host}/firstname/missing:1`);
    expect({ status, stderr }).toEqual({ status: 5, stderr: expect.stringContaining('--create-repo') });
  });

  it('does not say to create what was just created', async () => {
    const missing = 'error RepositoryNotFoundException';
    const faults = [`BatchCheckLayerAvailability ${missing}`, `InitiateLayerUpload ${missing}`];
    await setFaults(emulator, faults);
    const { status, stderr } = await ecrp('push', one, 'slow-to-appear:1', '--create-repo');
    await setFaults(emulator, []);
    expect(status).toBe(5);
    expect(stderr).toContain('hint: It was created just now');
  });
});

it('cannot tell whose an alias is without DescribeRegistries, and says so', async () => {
  const faults = ['DescribeRegistries error AccessDeniedException'];
  await setFaults(emulator, faults);
  const { status, stderr } = await ecrp('repo', 'delete', `${host}/brand/kept`, '--yes');
  await setFaults(emulator, []);
  expect(status).toBe(4);
  expect(stderr).toContain('ecr-public:DescribeRegistries');
});

describe('the names in an archive', () => {
  async function writeArchive(...names: readonly string[]): Promise<string> {
    const file = join(home.directory, 'named.tar');
    const images = await Promise.all(
      names.map((name, seed) => makeImage({ seed, layers: [{ size: 100 }], names: [name] })),
    );
    await writeDockerArchive(file, images, { style: 'skopeo' });
    return file;
  }

  it("create nothing in another's registry, nor in one's own", async () => {
    const file = await writeArchive(`${host}/theirs/named:1`);
    await expectRefusal(['push', file, '--create-repo', '--no-remote-cache'], /theirs is not yours/);
  });

  it('are taken apart one by one with --all', async () => {
    const file = await writeArchive(`${host}/brand/named/one:1`, `${host}/firstname/named/two:1`);
    const { json } = await ecrp('push', file, '--all', '--create-repo', '--json');
    expect(json()).toMatchObject({
      images: [{ reference: `${host}/brand/named/one:1` }, { reference: `${host}/firstname/named/two:1` }],
    });
  });
});

describe('a repository by several names', () => {
  const push = (...argv: string[]) => ecrp('push', one, ...argv, '--create-repo', '--json');

  it("is one when the aliases are one's own", async () => {
    const tags = ['-t', `${host}/brand/several:2`, '-t', `${host}/firstname/several:3`];
    const { status, stderr, json } = await push('several:1', ...tags, '-t', `${host}/${mine}/several:4`);
    expect(status, stderr).toBe(0);
    expect(json()).toMatchObject({
      repositoryName: 'several',
      tags: ['1', '2', '3', '4'].map((imageTag) => ({ imageTag, status: 'created' })),
    });
    const other = await push(`${host}/firstname/several:5`, '-t', `${host}/brand/several:6`);
    expect(other.json()).toMatchObject({ registryId: mine, tags: [{ imageTag: '5' }, { imageTag: '6' }] });
  });

  it.each([
    ['mixed:1', `${host}/theirs/mixed:2`],
    [`${host}/theirs/mixed:1`, 'mixed:2'],
    [`${host}/brand/mixed:1`, `${host}/theirs/mixed:2`],
    ['mixed:1', `${host}/hoped-for/mixed:2`],
  ])("is refused as two when one is another registry's: %s %s", async (reference, tag) => {
    const before = await listAll();
    const { status, json } = await push(reference, '-t', tag);
    expect(status).toBe(2);
    expect(json()).toMatchObject({
      error: { code: 'USAGE', message: expect.stringContaining('these are two: '), hint: expect.any(String) },
    });
    expect(await listAll()).toEqual(before);
  });
});
