import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { locateArchive } from '../support/archives.ts';
import { callPrivate } from '../support/call-api.ts';
import { type CliResult, runCli, spawnCli } from '../support/cli.ts';
import { setFaults } from '../support/emulator.ts';
import { writeOciLayout } from '../support/image-writers.ts';
import { makeImage } from '../support/images.ts';
import { privateOf } from '../support/signed-request.ts';
import { startWorkplace } from '../support/workplace.ts';

const MIB = 1024 * 1024;

// Pushes to private ECR, from the command line to what is stored.

const one = locateArchive('docker-20.10-one.tar');
const other = locateArchive('skopeo-oci.tar');
const index = locateArchive('skopeo-multi-oci.tar');

const { home, emulator } = await startWorkplace({ private: {} });
const host = String(emulator.privateRegistryHost);

function ecrp(argv: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<CliResult> {
  return runCli(argv, { env: { ...home.env, ...emulator.env, ...env }, cwd: home.directory });
}

/** Runs it with `--json`. Fails unless it succeeds. */
async function succeed(argv: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const result = await ecrp([...argv, '--json'], env);
  expect(result, result.stderr).toMatchObject({ status: 0 });
  return result.json();
}

/** Runs it with `--json`, and gives its exit status and its error. */
async function fail(argv: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const result = await ecrp([...argv, '--json'], env);
  return { status: result.status, error: result.json().error, stderr: result.stderr };
}

describe('a push to private ECR', () => {
  it('creates the repository, and tells created, moved and unchanged tags apart', async () => {
    const reference = `${host}/team/app:1.0`;
    const created = await succeed(['push', one, reference, '--create-repo', '--resource-tag', 'team=web']);
    const { imageDigest } = created;
    expect(created).toMatchObject({
      reference,
      registryId: emulator.registryId,
      repositoryName: 'team/app',
      tags: [{ imageTag: '1.0', status: 'created' }],
      layers: { total: 5, uploaded: 5 },
      transport: 'api',
    });
    expect(await succeed(['push', one, reference, '-t', 'latest'])).toMatchObject({
      imageDigest,
      tags: [
        { imageTag: '1.0', status: 'unchanged' },
        { imageTag: 'latest', status: 'created' },
      ],
      layers: { uploaded: 0, existing: 5 },
    });
    expect(await succeed(['push', other, reference])).toMatchObject({
      tags: [{ imageTag: '1.0', status: 'moved', previousDigest: imageDigest }],
    });
    const plain = await ecrp(['push', one, reference]);
    expect(plain.stdout).toBe(`${reference}@${imageDigest}\n`);
    expect(plain.stderr).not.toMatch(/gallery|public/i);
  });

  it('sends an index, children first and untagged', async () => {
    const pushed = await succeed(['push', index, `${host}/multi:1`, '--create-repo', '--verify']);
    expect(pushed).toMatchObject({
      manifests: [{ status: 'put' }, { status: 'put' }, { status: 'put' }],
      tags: [{ imageTag: '1', status: 'created' }],
      verified: { manifests: 3 },
    });
  });

  it('asks about a tag once, and makes only calls of private ECR', async () => {
    const reference = `${host}/calls:1`;
    await succeed(['push', other, reference, '--create-repo']);
    const since = emulator.requests.length;
    expect(await succeed(['push', other, reference])).toMatchObject({ apiCalls: 3 });
    const operations = emulator.requests.slice(since).map(({ operation }) => operation);
    expect(operations.sort()).toEqual(['BatchCheckLayerAvailability', 'BatchGetImage', 'PutImage']);
  });
});

describe('a missing repository', () => {
  it('is named with its registry and what creates it', async () => {
    const { status, error, stderr } = await fail(['push', one, `${host}/none:1`]);
    expect(status).toBe(5);
    expect(error).toMatchObject({
      code: 'NOT_FOUND',
      awsError: 'RepositoryNotFoundException',
      hint: `Create it with 'ecrp repo create ${host}/none', or push with --create-repo.`,
    });
    expect(stderr).not.toMatch(/public/i);
  });

  it('is created by nothing in a dry run', async () => {
    const since = emulator.count('InitiateLayerUpload');
    expect(await fail(['push', one, `${host}/dry:1`, '--dry-run'])).toMatchObject({ status: 5 });
    expect(await succeed(['push', one, `${host}/dry:1`, '--dry-run', '--create-repo'])).toMatchObject({
      createsRepository: true,
      tags: [{ imageTag: '1', status: 'created' }],
    });
    expect(emulator.count('InitiateLayerUpload')).toBe(since);
    expect(await fail(['push', one, `${host}/dry:1`])).toMatchObject({ status: 5 });
  });
});

describe('a template of the registry', () => {
  it('creates a missing repository, unless the command line describes it', async () => {
    const template = { prefix: 'made', appliedFor: ['CREATE_ON_PUSH'], imageTagMutability: 'IMMUTABLE' };
    await callPrivate(privateOf(emulator), 'CreateRepositoryCreationTemplate', template);
    const made = await ecrp(['push', one, `${host}/made/app:1`]);
    expect(made.status, made.stderr).toBe(0);
    expect(made.stderr).toContain(`A template of the registry created the repository ${host}/made/app.`);
    expect(await succeed(['repo', 'describe', `${host}/made/app`])).toMatchObject({
      imageTagMutability: 'IMMUTABLE',
    });
    // The upload that created it has become that of a layer.
    expect(emulator.count('CreateRepository')).toBeGreaterThan(0);
    const created = emulator.count('CreateRepository');
    await succeed(['push', one, `${host}/made/plain:1`, '--create-repo']);
    expect(emulator.count('CreateRepository')).toBe(created);
    await succeed(['push', one, `${host}/made/described:1`, '--create-repo', '--scan-on-push']);
    expect(await succeed(['repo', 'describe', `${host}/made/described`])).toMatchObject({
      imageTagMutability: 'MUTABLE',
      imageScanningConfiguration: { scanOnPush: true },
    });
    const raw = ['push', one, `${host}/made/raw:1`, '--transport', 'registry'];
    expect(await succeed(raw)).toMatchObject({ tags: [{ status: 'created' }] });
  });
});

describe('an immutable tag', () => {
  it('is unchanged on the same image, and a conflict on another one', async () => {
    const reference = `${host}/kept:1.0`;
    const create = ['--create-repo', '--immutable-tags', '--scan-on-push'];
    const { imageDigest } = await succeed(['push', one, reference, ...create]);
    expect(await succeed(['push', one, reference])).toMatchObject({
      imageDigest,
      tags: [{ imageTag: '1.0', status: 'unchanged' }],
    });
    const { status, error } = await fail(['push', other, reference]);
    expect(status).toBe(6);
    expect(error).toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining(String(imageDigest)),
      hint: expect.stringContaining(`ecrp image untag ${reference}`),
    });
    expect(await succeed(['push', other, reference, '--if-exists', 'skip'])).toMatchObject({ imageDigest });
    expect(await succeed(['push', other, `${host}/kept:2.0`])).toMatchObject({
      tags: [{ imageTag: '2.0', status: 'created' }],
    });
  });
});

describe('a command line', () => {
  it.each([
    [['app:1', '--create-repo', '--immutable-tags'], '--immutable-tags'],
    [[`${host}/app:1`, '--scan-on-push'], '--create-repo'],
    [[`${host}/app:1`, '--create-repo', '--catalog', 'none.json'], 'catalog data'],
    [[`${host}/app:1`, '-t', 'app:2'], 'these are two'],
    [['123456789012.dkr.ecr.eu-west-1.amazonaws.com/app:1', '--region', 'us-east-1'], 'eu-west-1'],
    [['123456789012.dkr.ecr.eu-west-1.amazonaws.com/app:1', '--transport', 'registry'], 'belongs to AWS'],
    [['123456789012.dkr.ecr.eu-west-1.amazonaws.com.example.com/app:1'], 'example.com'],
  ])('%j is refused', async (argv, message) => {
    const before = emulator.requests.length;
    const { status, error } = await fail(['push', one, ...argv]);
    expect({ status, error }).toMatchObject({
      status: 2,
      error: { message: expect.stringContaining(message) },
    });
    expect(emulator.requests.length).toBe(before);
  });
});

it('plain files become an artifact about an image there', async () => {
  const { imageDigest } = await succeed(['push', one, `${host}/about:1`, '--create-repo']);
  await writeFile(join(home.directory, 'note.txt'), 'a note');
  const argv = ['push', `${host}/about:note`, 'note.txt', '--artifact-type', 'application/vnd.example'];
  const pushed = await succeed([...argv, '--subject', `${host}/about:1`]);
  expect(pushed).toMatchObject({ tags: [{ imageTag: 'note', status: 'created' }] });
  expect(pushed.imageDigest).not.toBe(imageDigest);
  expect(await fail([...argv, '--subject', 'about:1'])).toMatchObject({ status: 2 });
});

it('an interrupted push resumes where the service has acknowledged the layer', async () => {
  const image = await makeImage({ seed: 19, layers: [{ size: 11 * MIB }] });
  await writeOciLayout(join(home.directory, 'large'), [image]);
  await succeed(['repo', 'create', `${host}/resumed`]);
  const argv = ['push', 'large', `${host}/resumed:1`, '--concurrency', '1', '--json'];
  // The config, then the first part of the layer, then its second.
  await setFaults(emulator, ['UploadLayerPart stall on=3']);
  const stalled = emulator.untilStalled(1);
  const env = { ...home.env, ...emulator.env };
  const { child, ended } = spawnCli(argv, { env, cwd: home.directory });
  await stalled;
  child.kill('SIGINT');
  expect(await ended).toMatchObject({ status: 130 });
  await setFaults(emulator, []);
  const resumed = await succeed([...argv.slice(0, -1), '--verify']);
  expect(resumed.bytes).toMatchObject({ resumed: 10 * MIB });
});
