import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { callApi } from '../support/call-api.ts';
import { type CliResult, runCli } from '../support/cli.ts';
import { findRepositories } from '../support/find-repositories.ts';
import { startWorkplace } from '../support/workplace.ts';

// Where an image goes, under which names, and what the result says.

const archives = join(import.meta.dirname, '..', '..', 'fixtures', 'archives');
const one = join(archives, 'docker-20.10-one.tar');
const multi = join(archives, 'skopeo-multi-oci.tar');

const { home, emulator } = await startWorkplace();
const { registryHost: host, registryAlias: alias } = emulator;
const env = { ...home.env, ...emulator.env };

function ecrp(...argv: string[]): Promise<CliResult> {
  return runCli(argv, { env, cwd: home.directory });
}

async function pushDigest(...argv: string[]): Promise<string> {
  const result = await ecrp('push', ...argv, '--json');
  expect(result).toMatchObject({ status: 0 });
  return String(result.json().imageDigest);
}

async function listImages(repositoryName: string) {
  const { imageDetails = [] } = await callApi(emulator, 'DescribeImages', { repositoryName });
  return imageDetails.map(({ imageDigest, imageTags = [] }) => ({ imageDigest, imageTags }));
}

/** Operations that change something. */
function countChanges(): number {
  const operations = ['CreateRepository', 'InitiateLayerUpload', 'UploadLayerPart', 'PutImage'];
  return operations.reduce((sum, operation) => sum + emulator.count(operation), 0);
}

describe('--by-digest', () => {
  it('pushes without a tag, and names the image by its digest', async () => {
    const result = await ecrp('push', one, 'untagged', '--by-digest', '--create-repo', '--verify');
    expect(result).toMatchObject({ status: 0, stderr: expect.stringContaining('Pushed and verified') });
    const [image] = await listImages('untagged');
    expect(result.stdout).toBe(`${host}/${alias}/untagged@${image?.imageDigest}\n`);
    expect(image?.imageTags).toEqual([]);
    const again = await ecrp('push', one, 'untagged', '--by-digest', '--json');
    expect(again.json()).toMatchObject({
      reference: `${host}/${alias}/untagged@${image?.imageDigest}`,
      imageDigest: image?.imageDigest,
      tags: [],
    });
    expect(again.stderr).toContain('Unchanged');
  });

  it('pushes a pipe and each image of an archive, too', async () => {
    const argv = ['push', '-', 'untagged/piped', '--by-digest', '--create-repo'];
    const piped = await runCli(argv, { env, stdin: await readFile(one) });
    expect(piped).toMatchObject({ status: 0, stdout: expect.stringMatching(/piped@sha256:[0-9a-f]{64}\n$/) });
    const two = join(archives, 'docker-20.10-two-images.tar');
    const all = await ecrp('push', two, 'untagged/all', '--all', '--by-digest', '--create-repo');
    expect(all.stdout.trim().split('\n')).toHaveLength(2);
    expect(await listImages('untagged/all')).toMatchObject([{ imageTags: [] }, { imageTags: [] }]);
  });

  it.each([
    ['a tag', ['app:1'], 'Write app.'],
    ['a further tag', ['app', '-t', '1'], 'Leave out --tag'],
  ])('is a usage error with %s', async (_what, argv, hint) => {
    const result = await ecrp('push', one, ...argv, '--by-digest');
    expect(result).toMatchObject({ status: 2, stderr: expect.stringContaining(hint) });
  });
});

describe('--tag', () => {
  it('takes the output of docker/metadata-action as it is', async () => {
    const uri = `${host}/${alias}/metadata`;
    const tags = `${uri}:1.2.3\n${uri}:1.2\n\n  ${uri}:latest\r\n`;
    const result = await ecrp('push', one, '-t', tags, '--create-repo', '--json');
    expect(result.json()).toMatchObject({
      reference: `${uri}:1.2.3`,
      tags: ['1.2.3', '1.2', 'latest'].map((imageTag) => ({ imageTag, status: 'created' })),
    });
    expect(await listImages('metadata')).toMatchObject([{ imageTags: ['1.2.3', '1.2', 'latest'] }]);
  });

  it('refuses more tags than an image can have before anything is sent', async () => {
    const tags = Array.from({ length: 1005 }, (_, index) => `t${index}`).join('\n');
    const before = emulator.requests.length;
    for (const more of [[], ['--dry-run']]) {
      const { status, stderr } = await ecrp('push', one, 'many:1', '-t', tags, '--create-repo', ...more);
      expect({ status, stderr }).toEqual({ status: 7, stderr: expect.stringContaining('up to 1000') });
    }
    expect(emulator.requests).toHaveLength(before);
  });
});

describe('a digest in the reference', () => {
  const wrong = `sha256:${'0'.repeat(64)}`;

  it.each([
    ['a docker-archive', one],
    ['an OCI layout', multi],
  ])('has to be the one of %s, before anything is sent', async (_what, source) => {
    await ecrp('repo', 'create', 'pinned', '--if-missing');
    const before = countChanges();
    const refused = await ecrp('push', source, `pinned:1@${wrong}`, '--json');
    expect(refused).toMatchObject({ status: 3 });
    expect(refused.json().error).toMatchObject({
      code: 'INVALID_INPUT',
      message: expect.stringContaining(wrong),
    });
    expect(countChanges()).toBe(before);
  });

  it('is that of a piped archive, too', async () => {
    await ecrp('repo', 'create', 'pinned', '--if-missing');
    const digest = await pushDigest(one, 'pinned:piped');
    const before = countChanges();
    const stdin = await readFile(one);
    expect(await runCli(['push', '-', `pinned:2@${wrong}`], { env, stdin })).toMatchObject({ status: 3 });
    const further = ['push', '-', 'pinned:2', '-t', `pinned:3@${wrong}`];
    expect(await runCli(further, { env, stdin })).toMatchObject({ status: 3 });
    expect(countChanges()).toBe(before);
    expect(await runCli(['push', '-', `pinned:2@${digest}`], { env, stdin })).toMatchObject({
      status: 0,
      stdout: `${host}/${alias}/pinned:2@${digest}\n`,
    });
  });

  it('stands after the tag, or instead of it', async () => {
    const digest = await pushDigest(multi, 'exact:1', '--create-repo');
    expect(await ecrp('push', multi, `exact:2@${digest}`)).toMatchObject({
      stdout: `${host}/${alias}/exact:2@${digest}\n`,
    });
    expect(await ecrp('push', multi, `${host}/${alias}/exact@${digest}`)).toMatchObject({
      stdout: `${host}/${alias}/exact@${digest}\n`,
    });
  });
});

it('creates the repository with resource tags', async () => {
  const argv = ['--create-repo', '--resource-tag', 'team=web', '--resource-tag', 'tier='];
  expect(await ecrp('push', one, 'tagged:1', ...argv)).toMatchObject({ status: 0 });
  const resourceArn = `arn:aws:ecr-public::${emulator.registryId}:repository/tagged`;
  const { tags } = await callApi(emulator, 'ListTagsForResource', { resourceArn });
  expect(tags).toEqual([
    { Key: 'team', Value: 'web' },
    { Key: 'tier', Value: '' },
  ]);
  const without = await ecrp('push', one, 'tagged:1', '--resource-tag', 'team=web');
  expect(without).toMatchObject({ status: 2, stderr: expect.stringContaining('needs --create-repo') });
});

describe('the tags of a result', () => {
  it('report the outcome of each, and the image it moved from', async () => {
    await ecrp('repo', 'create', 'moving');
    const first = await pushDigest(one, 'moving:1', '-t', 'latest', '-t', 'stable');
    const second = await ecrp('push', multi, 'moving:2', '-t', 'latest', '-t', 'stable', '--json');
    expect(second.json().tags).toEqual([
      { imageTag: '2', status: 'created' },
      { imageTag: 'stable', status: 'moved', previousDigest: first },
      { imageTag: 'latest', status: 'moved', previousDigest: first },
    ]);
    expect(second.stderr).toContain(`Moved the tags stable, latest from ${first}.\n`);
    const third = await ecrp('push', multi, 'moving:2', '--json');
    expect(third.json().tags).toEqual([{ imageTag: '2', status: 'unchanged' }]);
    expect(third.stderr).not.toContain('Moved');
  });

  it('are printed without --json as well, with the page of the Gallery', async () => {
    await ecrp('repo', 'create', 'gallery');
    const first = await pushDigest(one, 'gallery:1');
    const { stdout, stderr } = await ecrp('push', multi, 'gallery:1');
    expect(stderr).toContain(`Moved the tag 1 from ${first}.\n`);
    expect(stderr).toContain(`Gallery: https://gallery.ecr.aws/${alias}/gallery\n`);
    expect(stdout).toMatch(/^\S+\n$/);
    expect(await ecrp('push', one, 'gallery:1', '-q')).toMatchObject({ stderr: '' });
  });

  it('cost one HEAD each, which is no call of the API', async () => {
    await ecrp('repo', 'create', 'heads');
    const before = emulator.requests.length;
    const tags = Array.from({ length: 12 }, (_, index) => ['-t', `t${index}`]).flat();
    const result = await ecrp('push', one, 'heads:1', ...tags, '--json', '--no-remote-cache');
    const made = emulator.requests.slice(before);
    expect(result.json().apiCalls).toBe(made.filter(({ operation }) => operation !== undefined).length);
    const looked = made.filter(({ route, status }) => route?.startsWith('HEAD /v2/') && status === 404);
    expect(looked).toHaveLength(13);
  });

  it('have no status where the registry does not answer', async () => {
    await ecrp('repo', 'create', 'silent');
    await pushDigest(one, 'silent:1');
    const silent = { ...env, ECRP_REGISTRY_HOST: '127.0.0.1:1' };
    const { json } = await runCli(['push', multi, 'silent:1', '--json'], { env: silent });
    expect(json().tags).toEqual([{ imageTag: '1' }]);
  });
});

describe('--dry-run', () => {
  it('says that the repository would be created, and creates none', async () => {
    const argv = ['push', one, 'rehearsed:1', '--create-repo', '--dry-run'];
    const { json, stderr } = await ecrp(...argv, '--json');
    expect(json()).toMatchObject({
      dryRun: true,
      createsRepository: true,
      tags: [{ imageTag: '1', status: 'created' }],
    });
    expect(stderr).toContain('the repository rehearsed would be created');
    expect(await findRepositories(env)).not.toContain('rehearsed');
    expect(await ecrp('push', one, 'rehearsed:1', '--dry-run')).toMatchObject({ status: 5 });
  });

  it('says which tags would move', async () => {
    await ecrp('repo', 'create', 'would-move');
    const first = await pushDigest(one, 'would-move:1');
    const { json, stderr } = await ecrp('push', multi, 'would-move:1', '--dry-run', '--json');
    expect(json()).toMatchObject({
      dryRun: true,
      createsRepository: false,
      tags: [{ imageTag: '1', status: 'moved', previousDigest: first }],
    });
    expect(stderr).toContain(`Would move the tag 1 from ${first}.\n`);
    expect(stderr).not.toContain('Gallery');
  });
});
