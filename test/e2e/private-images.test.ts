import { describe, expect, it } from 'vitest';
import { locateArchive } from '../support/archives.ts';
import { callPrivate } from '../support/call-api.ts';
import { type CliResult, type CliSettings, runCli } from '../support/cli.ts';
import { setFaults } from '../support/emulator.ts';
import { describeIndex, describeManifest, type SampleImage, uploadImage } from '../support/push-by-hand.ts';
import { privateOf } from '../support/signed-request.ts';
import { startWorkplace } from '../support/workplace.ts';

// Images of private ECR: listed, tagged, untagged, deleted, pruned and put into indexes, through the API alone.

const { home, emulator } = await startWorkplace({ private: {} });
const host = emulator.privateRegistryHost ?? '';
const signer = privateOf(emulator);

function ecrp(argv: readonly string[], settings: CliSettings = {}): Promise<CliResult> {
  return runCli(argv, { env: { ...home.env, ...emulator.env }, cwd: home.directory, ...settings });
}

async function put(repositoryName: string, { imageManifest }: SampleImage, ...tags: string[]): Promise<void> {
  for (const imageTag of tags.length === 0 ? [undefined] : tags) {
    await callPrivate(signer, 'PutImage', { repositoryName, imageManifest, imageTag });
  }
}

/** An index of two images, and a signature of one of them that is not tagged. */
async function putSigned(repositoryName: string, ...tags: string[]) {
  const children = [
    await uploadImage(signer, repositoryName, `${tags.join()}-amd64`),
    await uploadImage(signer, repositoryName, `${tags.join()}-arm64`),
  ];
  for (const child of children) await put(repositoryName, child);
  const index = describeIndex(children);
  await put(repositoryName, index, ...tags);
  const { config, layers } = JSON.parse(children[0]?.imageManifest ?? '');
  const signature = describeManifest({
    ...{ schemaVersion: 2, mediaType: 'application/vnd.oci.image.manifest.v1+json', config, layers },
    subject: {
      mediaType: 'application/vnd.oci.image.index.v1+json',
      digest: index.imageDigest,
      size: index.imageManifest.length,
    },
  });
  await put(repositoryName, signature);
  return { children, index, signature };
}

async function listDigests(repositoryName: string): Promise<readonly (string | undefined)[]> {
  const { imageIds = [] } = await callPrivate(signer, 'ListImages', { repositoryName });
  return [...new Set(imageIds.map(({ imageDigest }) => imageDigest))].sort();
}

const sort = (...images: readonly SampleImage[]) => images.map(({ imageDigest }) => imageDigest).sort();

/** Requests to the registry: the commands need none. */
const countRoutes = () => emulator.requests.filter(({ route }) => route !== undefined).length;

describe('a list', () => {
  it('shows images and tags with their pull addresses', async () => {
    const name = `${host}/team/listed`;
    await ecrp(['repo', 'create', name]);
    const { index, signature } = await putSigned('team/listed', '1.0', 'latest');
    const text = await ecrp(['image', 'list', name]);
    expect(text.stdout).toContain(`${name}:1.0`);
    expect(text.stdout).toContain('oci index');
    const tags = await ecrp(['image', 'list', name, '--tags']);
    expect(tags.stdout.split('\n')[0]).not.toContain('CREATED');
    expect(tags.stdout).toContain(`${name}:latest`);
    const { imageDetails } = (await ecrp(['image', 'list', name, '--json'])).json();
    expect(imageDetails).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          imageDigest: index.imageDigest,
          imageTags: ['1.0', 'latest'],
          imageStatus: 'ACTIVE',
        }),
        expect.objectContaining({
          imageDigest: signature.imageDigest,
          subjectManifestDigest: index.imageDigest,
        }),
      ]),
    );
    const { imageTagDetails } = (await ecrp(['image', 'list', name, '--tags', '--json'])).json();
    expect(imageTagDetails).toEqual([
      { imageTag: '1.0', imageDetail: expect.objectContaining({ imageDigest: index.imageDigest }) },
      { imageTag: 'latest', imageDetail: expect.objectContaining({ imageDigest: index.imageDigest }) },
    ]);
  });

  it('of a missing repository says which list shows what is there', async () => {
    const { status, stderr } = await ecrp(['image', 'list', `${host}/missing`]);
    expect(status).toBe(5);
    expect(stderr).toContain(`'ecrp repo list ${host}'`);
  });
});

describe('tags', () => {
  it('are put with the exact bytes of the manifest, and moved', async () => {
    const name = `${host}/tagged`;
    await ecrp(['repo', 'create', name]);
    const { index, children } = await putSigned('tagged', '1.0');
    const routes = countRoutes();
    const tagged = await ecrp(['image', 'tag', `${name}:1.0`, '1', 'latest', '--json']);
    expect(tagged.json()).toMatchObject({
      reference: `${name}@${index.imageDigest}`,
      registryId: emulator.registryId,
      tags: [
        { imageTag: '1', status: 'created' },
        { imageTag: 'latest', status: 'created' },
      ],
    });
    const [amd64] = children;
    const moved = await ecrp(['image', 'tag', `${name}@${amd64?.imageDigest}`, 'latest', '--json']);
    expect(moved.json().tags).toEqual([
      { imageTag: 'latest', status: 'moved', previousDigest: index.imageDigest },
    ]);
    const guarded = await ecrp(['image', 'tag', `${name}:1.0`, 'latest', '--if-exists', 'fail']);
    expect(guarded.status).toBe(6);
    expect((await ecrp(['image', 'tag', `${name}:2.0`, '2'])).status).toBe(5);
    expect(countRoutes()).toBe(routes);
  });

  it('that are immutable do not move; the same again is done, and a new one is put', async () => {
    const name = `${host}/immutable`;
    await ecrp(['repo', 'create', name, '--immutable-tags']);
    const { children } = await putSigned('immutable', '1.0');
    expect((await ecrp(['image', 'tag', `${name}:1.0`, '1.0', '1.1', '--json'])).json().tags).toEqual([
      { imageTag: '1.0', status: 'unchanged' },
      { imageTag: '1.1', status: 'created' },
    ]);
    const moved = await ecrp(['image', 'tag', `${name}@${children[0]?.imageDigest}`, '1.0']);
    expect(moved).toMatchObject({ status: 6, stderr: expect.stringContaining('does not let it move') });
    // Deleting a tag frees its name.
    expect((await ecrp(['image', 'untag', `${name}:1.1`])).status).toBe(0);
    expect((await ecrp(['image', 'tag', `${name}@${children[0]?.imageDigest}`, '1.1'])).status).toBe(0);
  });

  it('are removed, and a last one only for another', async () => {
    const name = `${host}/untagged`;
    await ecrp(['repo', 'create', name]);
    const { index } = await putSigned('untagged', '1.0', '1.1');
    expect((await ecrp(['image', 'untag', `${name}:1.1`])).status).toBe(0);
    const last = await ecrp(['image', 'untag', `${name}:1.0`]);
    expect(last).toMatchObject({ status: 6, stderr: expect.stringContaining('--keep-as') });
    const kept = await ecrp(['image', 'untag', `${name}:1.0`, '--keep-as', 'old', '--yes', '--json']);
    expect(kept.json()).toMatchObject({ tags: [{ imageTag: 'old' }], deleted: [{ imageTag: '1.0' }] });
    const { images } = await callPrivate(signer, 'BatchGetImage', {
      repositoryName: 'untagged',
      imageIds: [{ imageTag: 'old' }],
    });
    expect(images).toEqual([expect.objectContaining({ imageManifest: index.imageManifest })]);
  });
});

describe('images', () => {
  it('are deleted with their children', async () => {
    const name = `${host}/deleted`;
    await ecrp(['repo', 'create', name]);
    const gone = await putSigned('deleted', '1.0');
    const kept = await putSigned('deleted', '2.0');
    const { status, stderr } = await ecrp(['image', 'delete', `${name}:1.0`, '--with-children', '--yes']);
    expect(status, stderr).toBe(0);
    expect(await listDigests('deleted')).toEqual(
      sort(gone.signature, kept.index, kept.signature, ...kept.children),
    );
    const missing = await ecrp(['image', 'delete', `${name}:3.0`, '--yes']);
    expect(missing.status).toBe(5);
  });

  it('are pruned: what an index lists and what refers to it stay with it, and manifests come a hundred in a call', async () => {
    const name = `${host}/pruned`;
    await ecrp(['repo', 'create', name]);
    const kept = await putSigned('pruned', '1.0');
    const others: SampleImage[] = [];
    for (let number = 0; number < 120; number += 1) {
      const { config, layers } = JSON.parse(kept.children[0]?.imageManifest ?? '');
      const other = describeManifest({
        ...{ schemaVersion: 2, mediaType: 'application/vnd.oci.image.manifest.v1+json', config, layers },
        annotations: { number: String(number) },
      });
      others.push(other);
      await put('pruned', other);
    }
    const routes = countRoutes();
    const reads = emulator.count('BatchGetImage');
    const dry = await ecrp(['image', 'prune', name, '--untagged', '--dry-run', '--json']);
    const verdicts = dry.json().images as { imageDigest: string; action: string }[]; // as: the schema says so
    const going = verdicts.filter(({ action }) => action === 'delete').map(({ imageDigest }) => imageDigest);
    expect(going.sort()).toEqual(sort(...others));
    // The index, then 122 untagged images and the signature.
    expect(emulator.count('BatchGetImage') - reads).toBe(3);
    const pruned = await ecrp(['image', 'prune', name, '--untagged', '--yes']);
    expect(pruned.status, pruned.stderr).toBe(0);
    expect(await listDigests('pruned')).toEqual(sort(kept.index, kept.signature, ...kept.children));
    expect(countRoutes()).toBe(routes);
    const emptied = await ecrp(['image', 'prune', name, '--keep', '0', '--with-children', '--yes']);
    expect(emptied).toMatchObject({ status: 6, stderr: expect.stringContaining('--allow-empty') });
  });

  it('that vanish while prune reads are no error', async () => {
    const name = `${host}/racing`;
    await ecrp(['repo', 'create', name]);
    await put('racing', await uploadImage(signer, 'racing', 'kept'), 'main');
    const gone = await uploadImage(signer, 'racing', 'gone');
    await put('racing', gone);
    const vanished = emulator.until(
      () => emulator.requests.at(-1)?.operation === 'DescribeImages',
      () =>
        void callPrivate(signer, 'BatchDeleteImage', {
          repositoryName: 'racing',
          imageIds: [{ imageDigest: gone.imageDigest }],
        }),
    );
    const { status, stderr } = await ecrp(['image', 'prune', name, '--untagged', '--yes']);
    await vanished;
    expect(status, stderr).toBe(0);
    expect((await ecrp(['image', 'list', name, '--json'])).json().imageDetails).toHaveLength(1);
  });

  it('of two registries are not changed by one command', async () => {
    const before = emulator.requests.length;
    const other = '210987654321.dkr.ecr.eu-west-1.amazonaws.com/app:1.0';
    for (const argv of [
      ['image', 'delete', `${host}/app:1.0`, 'app:1.0', '--yes'],
      ['image', 'delete', `${host}/app:1.0`, other, '--yes'],
      ['image', 'untag', 'app:1.0', other],
    ]) {
      const { status, stderr } = await ecrp(argv);
      expect({ status, stderr }).toMatchObject({
        status: 2,
        stderr: expect.stringContaining('are in different registries'),
      });
    }
    expect(emulator.requests.length).toBe(before);
  });

  it('that cannot be read end a prune before it deletes anything', async () => {
    const name = `${host}/unreadable`;
    await ecrp(['repo', 'create', name]);
    await putSigned('unreadable', '1.0');
    const orphan = await uploadImage(signer, 'unreadable', 'orphan');
    await put('unreadable', orphan);
    const before = await listDigests('unreadable');
    await setFaults(emulator, ['BatchGetImage error AccessDeniedException']);
    const { status, stderr } = await ecrp(['image', 'prune', name, '--untagged', '--yes']);
    await setFaults(emulator, []);
    expect(status).toBe(4);
    expect(stderr).toContain('ecr:BatchGetImage');
    expect(await listDigests('unreadable')).toEqual(before);
  });
});

describe('an index', () => {
  it('is made of images there and in ECR Public, changed, and moved', async () => {
    const name = `${host}/indexed`;
    await ecrp(['repo', 'create', name]);
    const archive = locateArchive('skopeo-oci.tar');
    await ecrp(['push', archive, 'source:1.0', '--create-repo']);
    await ecrp(['push', archive, `${name}:1.0`]);
    await ecrp(['push', locateArchive('docker-20.10-one.tar'), `${name}:arm`]);
    const created = await ecrp([
      ...['index', 'create', `${name}:all`, `${name}:1.0`, `${name}:arm=linux/arm64`, '--json'],
    ]);
    expect(created.status, created.stdout).toBe(0);
    expect(created.json()).toMatchObject({ reference: `${name}:all` });
    const added = await ecrp([
      ...[
        'index',
        'add',
        `${name}:all`,
        `${emulator.registryHost}/${emulator.registryAlias}/source:1.0=linux/s390x`,
      ],
      '--json',
    ]);
    expect(added.status, added.stdout).toBe(0);
    const described = (await ecrp(['image', 'describe', `${name}:all`, '--json'])).json();
    expect(described.manifests).toHaveLength(3);
    const removed = await ecrp(['index', 'remove', `${name}:all`, 'linux/s390x', '--json']);
    expect(removed.status, removed.stdout).toBe(0);
    expect((await ecrp(['image', 'describe', `${name}:all`, '--json'])).json().manifests).toHaveLength(2);
  });
});
