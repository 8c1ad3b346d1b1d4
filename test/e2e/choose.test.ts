import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { type CliResult, runCli } from '../support/cli.ts';
import { writeDockerArchive } from '../support/image-writers.ts';
import { makeImage } from '../support/images.ts';
import { startWorkplace } from '../support/workplace.ts';

const multi = join(import.meta.dirname, '..', '..', 'fixtures', 'archives', 'skopeo-multi-oci.tar');

const { home, emulator } = await startWorkplace();
let many: string;
beforeAll(async () => {
  many = join(home.directory, 'many.tar');
  const host = `${emulator.registryHost}/${emulator.registryAlias}`;
  const images = await Promise.all([
    makeImage({ seed: 1, layers: [{}, {}], names: [`${host}/all/one:1.0`] }),
    makeImage({ seed: 2, layers: [{}], names: [`${host}/all/two:2.0`, `${host}/all/two:latest`] }),
  ]);
  await writeDockerArchive(many, images, { style: 'skopeo' });
});

function ecrp(...argv: string[]): Promise<CliResult> {
  return runCli(argv, { env: { ...home.env, ...emulator.env }, cwd: home.directory });
}

describe('--platform', () => {
  it('pushes an index of these platforms alone, and nothing of the others', async () => {
    const argv = ['push', multi, 'platforms:1.0', '--create-repo', '--json', '--verify'];
    const result = await ecrp(...argv, '--platform', 'linux/arm64');
    expect(result.json()).toMatchObject({
      imageManifestMediaType: 'application/vnd.oci.image.index.v1+json',
      manifests: [
        { platform: { os: 'linux', architecture: 'arm64' }, status: 'put' },
        { imageDigest: result.json().imageDigest },
      ],
      verified: { manifests: 2 },
    });
    const again = await ecrp(...argv, '--platform', 'linux/arm64/v8');
    expect(again.json()).toMatchObject({
      imageDigest: result.json().imageDigest,
      tags: [{ status: 'unchanged' }],
    });
    const whole = await ecrp(...argv, '--platform', 'linux/arm64', '--platform', 'linux/amd64');
    expect(whole.json()).toMatchObject({ tags: [{ status: 'moved' }], verified: { manifests: 3 } });
  });

  it.each([['linux/s390x'], ['arm64']])('is a usage error for %s', async (platform) => {
    const result = await ecrp('push', multi, 'platforms:1.0', '--platform', platform, '--json');
    expect(result.status).toBe(2);
  });
});

describe('--all', () => {
  it('pushes each image where its names point', async () => {
    const argv = ['push', many, '--all', '--create-repo', '--digest-file', 'digests.txt'];
    const result = await ecrp(...argv, '--json');
    const { images, ...others } = result.json();
    expect(others).toEqual({ schemaVersion: 1 });
    expect(images).toMatchObject([
      { repositoryName: 'all/one', tags: [{ imageTag: '1.0', status: 'created' }], layers: { total: 3 } },
      {
        repositoryName: 'all/two',
        tags: [{ imageTag: '2.0' }, { imageTag: 'latest' }],
        layers: { total: 2 },
      },
    ]);
    const lines = (await ecrp(...argv)).stdout.trim().split('\n');
    expect(lines).toHaveLength(2);
    const digests = await readFile(join(home.directory, 'digests.txt'), 'utf8');
    expect(digests.split('\n')).toEqual(lines.map((line) => line.slice(line.indexOf('@') + 1)));
  });

  it('pushes each image to one repository, under the tags of its names', async () => {
    const result = await ecrp('push', many, 'all/together', '--all', '--create-repo', '--json');
    expect(result.json()).toMatchObject({
      images: [
        { repositoryName: 'all/together', tags: [{ imageTag: '1.0' }] },
        { repositoryName: 'all/together', tags: [{ imageTag: '2.0' }, { imageTag: 'latest' }] },
      ],
    });
  });

  it.each([[['all/together:1.0', '--all']], [['--all', '--image', 'one']], [['all/together:1.0']]])(
    'is a usage error: %j',
    async (options) => {
      expect(await ecrp('push', many, ...options)).toMatchObject({ status: 2 });
    },
  );
});
