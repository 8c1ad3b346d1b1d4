import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, describe, expect, it } from 'vitest';
import type { BlobDigest } from '../../src/emulator/storage/model.ts';
import type { Io } from '../../src/io.ts';
import { main } from '../../src/main.ts';
import { callApi } from '../support/call-api.ts';
import { type CliResult, makeHome, runCli } from '../support/cli.ts';
import { setFaults, startTestEmulator } from '../support/emulator.ts';
import { type FilledImage, fillRepository } from '../support/fill-repository.ts';
import { readWritten } from '../support/read-written.ts';

const home = await makeHome();
const dataDirectory = await mkdtemp(join(tmpdir(), 'ecrp-test-'));

/** Fills a repository before the emulator starts. Returns the digests. */
async function fill(name: string, images: readonly Omit<FilledImage, 'pushedAtMs'>[]): Promise<BlobDigest[]> {
  const digests: BlobDigest[] = [];
  const dated = images.map((image, number) => ({ ...image, pushedAtMs: 1000 * number }));
  await fillRepository(dataDirectory, name, dated, (digest) => digests.push(digest));
  return digests;
}
const [single = ''] = await fill('tags', [{ tag: '1' }]);
const [multi = ''] = await fill('index', [{ tag: 'multi', platforms: 2 }]);
const [bare = ''] = await fill('children', [{ tag: 'multi', platforms: 2 }, { tag: 'solo' }]);
await fill(
  'many',
  Array.from({ length: 250 }, (_, number) => ({ tag: `t${number}` })),
);
await fill('lost', [{ tag: 'a' }, { tag: 'b' }]);
await fill(
  'broken',
  Array.from({ length: 150 }, (_, number) => ({ tag: `t${number}` })),
);
const emulator = await startTestEmulator({ dataDirectory });
afterAll(async () => {
  await emulator.close();
  await home.remove();
  await rm(dataDirectory, { recursive: true, force: true });
});
const env = { ...home.env, ...emulator.env };

function ecrp(...argv: string[]): Promise<CliResult> {
  return runCli(argv, { env, cwd: home.directory });
}

/** The question on a terminal, which is answered with no. */
async function readQuestion(...references: readonly string[]): Promise<string> {
  const stdin = Object.assign(new PassThrough(), { isTTY: true });
  const stderr = Object.assign(new PassThrough(), { isTTY: true, columns: 80 });
  stdin.end('n\n');
  const stdout = new PassThrough();
  const { signal } = new AbortController();
  const io: Io = { stdin, stdout, stderr, env, cwd: home.directory, signal };
  const argv = ['image', 'delete', ...references, '--progress', 'none'];
  expect(await main(argv, io)).toBe(2);
  return readWritten(stderr).replace('Cancelled; nothing was changed.\n', '');
}

async function listDigests(repositoryName: string): Promise<string[]> {
  const { imageDetails = [] } = await callApi(emulator, 'DescribeImages', {
    repositoryName,
    maxResults: 1000,
  });
  return imageDetails.map(({ imageDigest = '' }) => imageDigest);
}

describe('image delete', () => {
  it('removes a tag, and the image with its last one', async () => {
    await ecrp('image', 'tag', 'tags:1', '2');
    const unasked = await ecrp('image', 'delete', 'tags:1', '--json');
    expect(unasked.json()).toMatchObject({ error: { code: 'USAGE' }, exitStatus: 2 });
    expect(await readQuestion('tags:1')).toBe('Delete tag 1 of tags? This cannot be undone. [y/N] ');
    expect(await readQuestion('tags:1', 'tags:2')).toMatch(/^Delete 1 image \(tags 1, 2\) of tags\? /);
    const absent = `sha256:${'0'.repeat(64)}`;
    expect(await readQuestion(`tags@${absent}`)).toMatch(`Delete ${absent} of tags? `);
    const first = await ecrp('image', 'delete', 'tags:1', '--yes', '--json');
    expect(first.json()).toEqual({
      schemaVersion: 1,
      deleted: [{ imageDigest: single, imageTag: '1' }],
      failures: [],
    });
    expect(await listDigests('tags')).toEqual([single]);
    const last = await ecrp('image', 'delete', 'tags:2', '--yes');
    expect(last).toMatchObject({ status: 0, stdout: `tags:2@${single}\n`, stderr: '' });
    expect(await listDigests('tags')).toEqual([]);
  });

  it('deletes an index before its children in one command, whatever their order', async () => {
    const children = (await listDigests('index')).filter((digest) => digest !== multi);
    const held = await ecrp('image', 'delete', `index@${children[0]}`, '--yes', '--json');
    expect(held.json()).toMatchObject({
      deleted: [],
      failures: [{ imageId: { imageDigest: children[0] }, failureCode: 'ImageReferencedByManifestList' }],
      exitStatus: 6,
    });
    const references = [...children, multi].map((digest) => `index@${digest}`);
    const all = await ecrp('image', 'delete', ...references, '--yes', '--json');
    expect(all.json()).toMatchObject({
      deleted: [
        { imageDigest: multi, imageTag: 'multi' },
        ...children.map((imageDigest) => ({ imageDigest })),
      ],
      failures: [],
    });
    expect(await listDigests('index')).toEqual([]);
  });

  it('keeps children of an index, and deletes those that nothing else refers to with --with-children', async () => {
    const children = (await listDigests('children')).slice(0, 2);
    // The first child gets a tag, so something else refers to it.
    await ecrp('image', 'tag', `children@${children[0]}`, 'amd64');
    const { stderr } = await ecrp('image', 'delete', `children@${bare}`, '--yes');
    expect(stderr).toContain("'ecrp image prune children --untagged'");
    expect((await listDigests('children')).slice(0, 2)).toEqual(children);
    await callApi(emulator, 'PutImage', {
      repositoryName: 'children',
      imageTag: 'multi',
      imageManifest: JSON.stringify({
        schemaVersion: 2,
        mediaType: 'application/vnd.oci.image.index.v1+json',
        manifests: children.map((digest) => ({
          mediaType: 'application/vnd.oci.image.manifest.v1+json',
          digest,
          size: 1,
        })),
      }),
    });
    const { json } = await ecrp('image', 'delete', 'children:multi', '--with-children', '--yes', '--json');
    expect(json()).toMatchObject({
      deleted: [{ imageTag: 'multi' }, { imageDigest: children[1] }],
      failures: [],
    });
    const left = await listDigests('children');
    expect(left).toContain(children[0]);
    expect(left).toHaveLength(2);
  });

  it('deletes more than a batch, 100 at a time', async () => {
    const calls = emulator.count('BatchDeleteImage');
    const references = Array.from({ length: 250 }, (_, number) => `many:t${number}`);
    const { json } = await ecrp('image', 'delete', ...references, '--yes', '--json');
    expect(json().deleted).toHaveLength(250);
    expect(emulator.count('BatchDeleteImage') - calls).toBe(3);
    expect(await listDigests('many')).toEqual([]);
  });

  it('counts what an attempt deleted whose answer was lost', async () => {
    await setFaults(emulator, ['BatchDeleteImage reset-after on=1']);
    const { status, json } = await ecrp('image', 'delete', 'lost:a', 'lost:b', '--yes', '--json');
    await setFaults(emulator, []);
    expect(status).toBe(0);
    expect(json()).toMatchObject({ deleted: [{ imageTag: 'a' }, { imageTag: 'b' }], failures: [] });
  });

  it('does not count what a throttled attempt did not delete', async () => {
    await setFaults(emulator, ['BatchDeleteImage error ThrottlingException on=1']);
    const { status, json } = await ecrp('image', 'delete', 'tags:never', '--yes', '--json');
    await setFaults(emulator, []);
    expect(status).toBe(5);
    expect(json()).toMatchObject({ deleted: [], failures: [{ failureCode: 'ImageNotFound' }] });
    const text = await ecrp('image', 'delete', 'tags:never', '--yes');
    expect(text.stderr).toContain("hint: 'ecrp image list tags' shows what is there.");
  });

  it('says what it has deleted when it cannot go on', async () => {
    await setFaults(emulator, ['BatchDeleteImage error AccessDeniedException on=2']);
    const references = Array.from({ length: 150 }, (_, number) => `broken:t${number}`);
    const { status, json } = await ecrp('image', 'delete', ...references, '--yes', '--json');
    expect(status).toBe(4);
    expect(json().deleted).toHaveLength(100);
    expect(json()).toMatchObject({ error: { code: 'AUTH', operation: 'BatchDeleteImage' }, exitStatus: 4 });
    await setFaults(emulator, ['BatchDeleteImage error AccessDeniedException']);
    const text = await ecrp('image', 'delete', 'broken:t149', '--yes');
    await setFaults(emulator, []);
    expect(text).toMatchObject({
      status: 4,
      stdout: '',
      stderr: expect.stringContaining('ecr-public:BatchDeleteImage'),
    });
  });

  it('reports a failure for each image that is not there, and needs a tag or digest', async () => {
    const { status, stderr } = await ecrp('image', 'delete', 'tags:nope', `tags@${single}`, '--yes');
    expect(status).toBe(5);
    expect(stderr).toContain('error: tags:nope: Requested image not found');
    expect(stderr).toContain(`error: tags@${single}: Requested image not found`);
    expect((await ecrp('image', 'delete', 'tags', '--yes')).status).toBe(2);
    expect((await ecrp('image', 'delete', 'missing:1', '--yes')).status).toBe(5);
  });
});
