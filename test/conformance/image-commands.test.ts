import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { locateArchive } from '../support/archives.ts';
import { callAws } from './support/aws.ts';
import { describeWithClients } from './support/clients.ts';
import { Sandbox } from './support/sandbox.ts';

// The aws CLI and ecrp in the same repository: what one makes, the other reads, field by field.

interface ImageId {
  readonly imageDigest?: string;
  readonly imageTag?: string;
}

interface Deletion {
  readonly imageIds?: readonly ImageId[];
  readonly deleted?: readonly ImageId[];
  readonly failures: readonly object[];
}

describeWithClients('the aws CLI and ecrp agree about images', ['aws'], () => {
  let sandbox: Sandbox;
  let multi: string;
  let single: string;
  beforeAll(async () => {
    sandbox = await Sandbox.start();
    multi = (await sandbox.push(locateArchive('skopeo-multi-oci.tar'), 'both/app:multi', '-t', 'm2'))
      .imageDigest;
    single = (await sandbox.push(locateArchive('docker-20.10-one.tar'), 'both/app:one')).imageDigest;
  });
  afterAll(() => sandbox.close());

  const repository = ['--repository-name', 'both/app'];
  // The documents come from the two programs. The comparisons check their content.
  const aws = async <T>(operation: string, ...options: readonly string[]): Promise<T> =>
    JSON.parse((await callAws(sandbox, operation, ...repository, ...options)).stdout) as T;
  const ecrp = async <T>(...options: readonly string[]): Promise<T> =>
    JSON.parse((await sandbox.tryEcrp([...options, '--json'])).stdout) as T;

  /** Both list all images and tags. Times become milliseconds: the versions of the CLI print them in two ways. */
  const expectEqualLists = async (): Promise<void> => {
    const theirs = {
      ...(await aws<{ imageDetails: object[] }>('describe-images')),
      ...(await aws<{ imageTagDetails: object[] }>('describe-image-tags')),
    };
    const { imageDetails } = await ecrp<typeof theirs>('image', 'list', 'both/app');
    const { imageTagDetails } = await ecrp<typeof theirs>('image', 'list', 'both/app', '--tags');
    expect(readTimes({ imageDetails, imageTagDetails })).toEqual(readTimes(theirs));
  };

  test('about what ecrp pushed and tagged', async () => {
    await expectEqualLists();
    await sandbox.ecrp('image', 'tag', 'both/app:multi', 'by-ecrp');
    const { imageDetails } = await aws<{ imageDetails: { imageDigest: string; imageTags: string[] }[] }>(
      'describe-images',
      ...['--image-ids', 'imageTag=by-ecrp'],
    );
    expect(imageDetails).toMatchObject([{ imageDigest: multi, imageTags: ['multi', 'm2', 'by-ecrp'] }]);
    await expectEqualLists();
  });

  test('about a tag that aws puts on the same bytes: it is there already for ecrp', async () => {
    const { authorizationToken } = await ecrp<{ authorizationToken: string }>('token');
    const { registryHost, registryAlias } = sandbox.emulator;
    const url = `http://${registryHost}/v2/${registryAlias}/both/app/manifests/${single}`;
    const answer = await fetch(url, { headers: { authorization: `Bearer ${authorizationToken}` } });
    const manifest = join(sandbox.directory, 'manifest.json');
    writeFileSync(manifest, Buffer.from(await answer.arrayBuffer()));
    const { image } = await aws<{ image: { imageId: ImageId; imageManifestMediaType: string } }>(
      'put-image',
      ...['--image-tag', 'by-aws', '--image-manifest', `file://${manifest}`],
    );
    expect(image.imageId).toEqual({ imageDigest: single, imageTag: 'by-aws' });
    const tagged = await ecrp<object>('image', 'tag', 'both/app:one', 'by-aws');
    expect(tagged).toMatchObject({
      imageDigest: single,
      imageManifestMediaType: image.imageManifestMediaType,
      tags: [{ imageTag: 'by-aws', status: 'unchanged' }],
    });
    await expectEqualLists();
  });

  test('about what cannot be deleted, code and reason', async () => {
    const { manifests } = await ecrp<{ manifests: { imageDigest: string }[] }>(
      'image',
      'describe',
      'both/app:multi',
    );
    const child = manifests[0]?.imageDigest ?? '';
    const absent = `sha256:${'0'.repeat(64)}`;
    const theirs = await aws<Deletion>(
      'batch-delete-image',
      '--image-ids',
      ...[
        `imageDigest=${child}`,
        'imageTag=no',
        `imageDigest=${absent}`,
        `imageDigest=${multi},imageTag=one`,
      ],
    );
    const ours = await ecrp<Deletion>(
      ...['image', 'delete', '--yes'],
      ...[`both/app@${child}`, 'both/app:no', `both/app@${absent}`, `both/app:one@${multi}`],
    );
    expect(theirs.failures).toHaveLength(4);
    const sort = (failures: readonly object[]) => failures.map((failure) => JSON.stringify(failure)).sort();
    // ecrp looks where a tag is, and then sends the tag alone: with a digest beside it, the image might go too.
    const inOurWords = readTimes(theirs.failures).map((failure) =>
      'failureCode' in failure && failure.failureCode === 'ImageTagDoesNotMatchDigest'
        ? { ...failure, failureReason: `the tag one is on another image, ${single}` }
        : failure,
    );
    expect(sort(readTimes(ours.failures))).toEqual(sort(inOurWords));
    expect([theirs.imageIds, ours.deleted]).toEqual([[], []]);
    await expectEqualLists();
  });

  test('about what each of them deletes', async () => {
    const ours = await ecrp<Deletion>('image', 'delete', 'both/app:m2', '--yes');
    expect(ours).toMatchObject({ deleted: [{ imageDigest: multi, imageTag: 'm2' }], failures: [] });
    await expectEqualLists();
    const theirs = await aws<Deletion>('batch-delete-image', '--image-ids', 'imageTag=by-aws');
    expect(theirs.imageIds).toEqual([{ imageDigest: single, imageTag: 'by-aws' }]);
    await expectEqualLists();
    const pruned = await ecrp<Deletion>(
      'image',
      'prune',
      'both/app',
      '--keep',
      '0',
      '--protect',
      'one',
      '--yes',
    );
    expect(pruned.deleted).toHaveLength(4);
    const { imageDetails } = await aws<{ imageDetails: object[] }>('describe-images');
    expect(imageDetails).toMatchObject([{ imageDigest: single, imageTags: ['one'] }]);
  });
});

/** Replaces texts and numbers that are times, in members named `…At`. Sorts members. */
function readTimes<T>(value: T): T {
  const read = (each: unknown, name = ''): unknown => {
    if (/At$/.test(name)) return typeof each === 'number' ? each * 1000 : Date.parse(String(each));
    if (Array.isArray(each)) return each.map((item) => read(item));
    if (typeof each !== 'object' || each === null) return each;
    const members = Object.entries(each).sort(([a], [b]) => (a < b ? -1 : 1));
    return Object.fromEntries(members.map(([member, item]) => [member, read(item, member)]));
  };
  // The same shape as before.
  return read(value) as T;
}
