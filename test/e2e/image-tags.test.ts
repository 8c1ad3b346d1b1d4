import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { callApi } from '../support/call-api.ts';
import { type CliResult, runCli } from '../support/cli.ts';
import { writeOciLayout } from '../support/image-writers.ts';
import { makeImage, makeIndex } from '../support/images.ts';
import { startWorkplace } from '../support/workplace.ts';

const { home, emulator } = await startWorkplace();
const env = { ...home.env, ...emulator.env };
const uri = `${emulator.registryHost}/${emulator.registryAlias}`;

function ecrp(...argv: string[]): Promise<CliResult> {
  return runCli(argv, { env, cwd: home.directory });
}

const one = await makeImage({ seed: 1, layers: [{}] });
const two = await makeImage({ seed: 2, layers: [{}] });
const index = makeIndex([one, two]);
await writeOciLayout(join(home.directory, 'one'), [one]);
await writeOciLayout(join(home.directory, 'two'), [two]);
await writeOciLayout(join(home.directory, 'index'), [index]);

/** Pushes into a new repository: one as 1, two as 2, and the index as multi. */
async function fill(repository: string): Promise<void> {
  const pushed = [
    await ecrp('push', 'one', `${repository}:1`, '--create-repo'),
    await ecrp('push', 'two', `${repository}:2`),
    await ecrp('push', 'index', `${repository}:multi`),
  ];
  expect(pushed.map(({ status }) => status)).toEqual([0, 0, 0]);
}

/** Digests by tag, as the API says. */
async function listTags(repositoryName: string): Promise<Record<string, string | undefined>> {
  const { imageTagDetails = [] } = await callApi(emulator, 'DescribeImageTags', { repositoryName });
  return Object.fromEntries(
    imageTagDetails.map(({ imageTag, imageDetail }) => [imageTag, imageDetail?.imageDigest]),
  );
}

await fill('tag/wrong');

describe('image tag', () => {
  it('puts further tags on the same bytes, and sends no layer', async () => {
    await fill('tag/more');
    const uploads = emulator.count('InitiateLayerUpload');
    const puts = emulator.count('PutImage');
    const { status, stdout, stderr, json } = await ecrp(
      'image',
      'tag',
      'tag/more:multi',
      'latest',
      '1.0',
      '2',
      '--json',
    );
    expect({ status, stderr }).toEqual({
      status: 0,
      // On a slow machine, it also says what it waits for.
      stderr: expect.stringContaining(`Moved the tag 2 from ${two.descriptor.digest}.\n`),
    });
    expect(json(), stdout).toEqual({
      schemaVersion: 1,
      reference: `${uri}/tag/more@${index.descriptor.digest}`,
      registryId: emulator.registryId,
      repositoryName: 'tag/more',
      imageDigest: index.descriptor.digest,
      imageManifestMediaType: index.descriptor.mediaType,
      tags: [
        { imageTag: '1.0', status: 'created' },
        { imageTag: '2', status: 'moved', previousDigest: two.descriptor.digest },
        { imageTag: 'latest', status: 'created' },
      ],
    });
    expect(emulator.count('InitiateLayerUpload')).toBe(uploads);
    expect(emulator.count('PutImage') - puts).toBe(3);
    const digest = index.descriptor.digest;
    expect(await listTags('tag/more')).toEqual({
      ...{ 1: one.descriptor.digest, multi: digest, '1.0': digest, 2: digest, latest: digest },
    });
  });

  it('takes an image by digest and by URI, and prints a line for each tag', async () => {
    await fill('tag/digest');
    const reference = `${uri}/tag/digest@${one.descriptor.digest}`;
    expect((await ecrp('image', 'tag', reference, 'a', '1')).stdout).toBe(
      `${uri}/tag/digest:a@${one.descriptor.digest}\n${uri}/tag/digest:1@${one.descriptor.digest}\n`,
    );
    const { json } = await ecrp('image', 'tag', reference, 'a', '--json');
    expect(json()).toMatchObject({ tags: [{ imageTag: 'a', status: 'unchanged' }] });
  });

  it('leaves or refuses tags of other images with --if-exists', async () => {
    await fill('tag/guarded');
    const argv = ['image', 'tag', 'tag/guarded:1', '2', 'new', '--json', '--if-exists'];
    const refused = await ecrp(...argv, 'fail');
    expect(refused.json()).toMatchObject({ error: { code: 'CONFLICT' }, exitStatus: 6 });
    expect(await listTags('tag/guarded')).not.toHaveProperty('new');
    const skipped = await ecrp(...argv, 'skip');
    expect(skipped.json()).toMatchObject({
      tags: [
        { imageTag: '2', status: 'unchanged', imageDigest: two.descriptor.digest },
        { imageTag: 'new', status: 'created' },
      ],
    });
    expect(await listTags('tag/guarded')).toMatchObject({
      2: two.descriptor.digest,
      new: one.descriptor.digest,
    });
  });

  it.each([
    ['a missing tag', ['tag/wrong:nope', 'x'], 5],
    ['a missing digest', [`tag/wrong@sha256:${'0'.repeat(64)}`, 'x'], 5],
    ['a tag on another image than the digest', [`tag/wrong:1@${two.descriptor.digest}`, 'x'], 6],
    ['a reference without tag and digest', ['tag/wrong', 'x'], 2],
    ['what is no tag', ['tag/wrong:1', 'a:b'], 2],
  ])('fails for %s, and changes nothing', async (_what, argv, exitStatus) => {
    const result = await ecrp('image', 'tag', ...argv, '--json');
    expect(result.status).toBe(exitStatus);
    expect(await listTags('tag/wrong')).not.toHaveProperty('x');
  });
});

describe('image untag', () => {
  it('removes tags and keeps the image', async () => {
    await fill('untag/some');
    await ecrp('image', 'tag', 'untag/some:1', 'a', 'b');
    const { status, json } = await ecrp('image', 'untag', 'untag/some:a', 'untag/some:1', '--json');
    const { digest: imageDigest } = one.descriptor;
    expect(status).toBe(0);
    expect(json()).toEqual({
      schemaVersion: 1,
      tags: [],
      deleted: [
        { imageDigest, imageTag: 'a' },
        { imageDigest, imageTag: '1' },
      ],
      failures: [],
    });
    expect(await listTags('untag/some')).toMatchObject({ b: imageDigest });
  });

  it('refuses the last tags with status 6, before it removes any', async () => {
    await fill('untag/last');
    await ecrp('image', 'tag', 'untag/last:1', 'a');
    const before = await listTags('untag/last');
    const argv = ['image', 'untag', 'untag/last:2', 'untag/last:a', '--yes'];
    const { status, stderr } = await ecrp(...argv);
    expect(status).toBe(6);
    expect(stderr).toContain(`untag/last:2: this is the last tag of ${two.descriptor.digest}`);
    expect(stderr).toContain('--keep-as TAG');
    expect(await listTags('untag/last')).toEqual(before);
  });

  it('puts --keep-as on the image first, and needs --yes without a terminal', async () => {
    await fill('untag/keep');
    await ecrp('image', 'tag', 'untag/keep:multi', 'multi-2');
    const argv = ['image', 'untag', 'untag/keep:multi', 'untag/keep:multi-2', '--json', '--keep-as'];
    const unasked = await ecrp(...argv, 'kept');
    expect(unasked.json()).toMatchObject({ error: { code: 'USAGE' }, exitStatus: 2 });
    const taken = await ecrp(...argv, '2', '--yes');
    expect(taken.json()).toMatchObject({ error: { code: 'CONFLICT' }, exitStatus: 6 });
    const circular = await ecrp(...argv, 'multi', '--yes');
    expect(circular.status).toBe(2);
    expect(await listTags('untag/keep')).not.toHaveProperty('kept');
    const { status, json } = await ecrp(...argv, 'kept', '--yes');
    expect(status).toBe(0);
    expect(json()).toMatchObject({
      tags: [{ imageTag: 'kept', status: 'created' }],
      deleted: [{ imageTag: 'multi' }, { imageTag: 'multi-2' }],
    });
    expect(await listTags('untag/keep')).toEqual({
      ...{ 1: one.descriptor.digest, 2: two.descriptor.digest, kept: index.descriptor.digest },
    });
  });

  it('says which tag does not exist, and removes the others', async () => {
    await fill('untag/missing');
    await ecrp('image', 'tag', 'untag/missing:1', 'a');
    const { status, json } = await ecrp('image', 'untag', 'untag/missing:nope', 'untag/missing:a', '--json');
    expect(status).toBe(5);
    expect(json()).toMatchObject({
      deleted: [{ imageTag: 'a' }],
      failures: [{ imageId: { imageTag: 'nope' }, failureCode: 'ImageNotFound' }],
      exitStatus: 5,
    });
    expect((await ecrp('image', 'untag', 'untag/missing')).status).toBe(2);
    expect((await ecrp('image', 'untag', `untag/missing@${one.descriptor.digest}`)).status).toBe(2);
  });
});
