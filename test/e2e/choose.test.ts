import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { type CliResult, runCli } from '../support/cli.ts';
import { setFaults } from '../support/emulator.ts';
import {
  type ArchiveStyle,
  listArchiveItems,
  writeDockerArchive,
  writeTar,
} from '../support/image-writers.ts';
import { makeImage } from '../support/images.ts';
import { startWorkplace } from '../support/workplace.ts';

const one = join(import.meta.dirname, '..', '..', 'fixtures', 'archives', 'docker-20.10-one.tar');
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

/** Writes an archive of three images. The second lacks a layer; `lost` is the entry of that layer. */
async function writeDamaged(style: ArchiveStyle): Promise<{ archive: string; lost: string }> {
  const images = await Promise.all(
    [1, 2, 3].map((seed) => makeImage({ seed: 10 + seed, layers: [{}], names: [`app:${seed}.0`] })),
  );
  const items = listArchiveItems(images, style);
  const manifest = items.find(({ name }) => name === 'manifest.json')?.content;
  const lost: string = JSON.parse(String(manifest))[1].Layers[0];
  const archive = join(home.directory, `damaged-${style}.tar`);
  const kept = items.filter(({ name }) => name !== lost);
  await writeTar(archive, kept);
  expect(kept).toHaveLength(items.length - 1);
  return { archive, lost };
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
    expect(others).toEqual({ schemaVersion: 1, exitStatus: 0 });
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

  it('continues after the error of an image, and reports the outcome of each', async () => {
    await ecrp('push', one, 'all/guarded:1.0', '--create-repo');
    const argv = [
      'push',
      many,
      'all/guarded',
      '--all',
      '--if-exists',
      'fail',
      '--digest-file',
      'guarded.txt',
    ];
    const plain = await ecrp(...argv);
    expect(plain).toMatchObject({ status: 6 });
    expect(plain.stderr).toMatch(/^error: all\/guarded:1\.0: .*1\.0/m);
    expect(plain.stderr).toMatch(/all\/guarded:2\.0: Pushed in/);
    expect(plain.stdout).toMatch(/^\S+\/all\/guarded:2\.0@sha256:\w{64}\n$/);
    const digest = await readFile(join(home.directory, 'guarded.txt'), 'utf8');
    expect(plain.stdout).toContain(digest);
    const asked = await ecrp(...argv, '--json');
    expect(asked).toMatchObject({ status: 6 });
    expect(asked.stderr).not.toContain('error:');
    expect(asked.json()).toMatchObject({
      images: [
        { reference: 'all/guarded:1.0', error: { code: 'CONFLICT', message: expect.any(String) } },
        { repositoryName: 'all/guarded', imageDigest: digest },
      ],
      exitStatus: 6,
    });
  });

  it('ends with the first error about the credentials, and says of the others that they are not pushed', async () => {
    const faults = ['InitiateLayerUpload error AccessDeniedException'];
    await setFaults(emulator, faults);
    try {
      const result = await ecrp('push', many, 'all/denied', '--all', '--create-repo', '--json');
      expect(result).toMatchObject({ status: 4 });
      expect(result.json()).toMatchObject({
        images: [
          { reference: 'all/denied:1.0', error: { code: 'AUTH', awsError: 'AccessDeniedException' } },
          {
            reference: 'all/denied:2.0',
            error: { code: 'AUTH', message: 'not sent: the credentials failed at all/denied:1.0' },
          },
        ],
        exitStatus: 4,
      });
    } finally {
      await setFaults(emulator, []);
    }
  });

  it.each(['skopeo', 'legacy-symlink', 'hybrid', 'hybrid-packed'] as const)(
    'pushes the whole images of an archive beside one that lacks a layer: %s',
    async (style) => {
      const { archive, lost } = await writeDamaged(style);
      const result = await ecrp('push', archive, `damaged/${style}`, '--all', '--create-repo', '--json');
      expect(result).toMatchObject({ status: 3 });
      const message = expect.stringContaining(lost);
      expect(result.json()).toMatchObject({
        images: [
          { repositoryName: `damaged/${style}`, tags: [{ imageTag: '1.0', status: 'created' }] },
          { reference: `damaged/${style}:2.0`, error: { code: 'INVALID_INPUT', message } },
          { repositoryName: `damaged/${style}`, tags: [{ imageTag: '3.0', status: 'created' }] },
        ],
        exitStatus: 3,
      });
    },
  );

  it('hints at a form that is taken when the names point nowhere', async () => {
    const elsewhere = ['push', many, '--all', '--registry-host', 'registry.example'];
    const { status, stderr } = await ecrp(...elsewhere);
    expect(status).toBe(2);
    expect(stderr).toContain('ecrp push SOURCE REPOSITORY --all');
  });

  it('prints no line of a dry run', async () => {
    const argv = ['push', many, 'all/rehearsed', '--all', '--create-repo', '--dry-run'];
    expect(await ecrp(...argv)).toMatchObject({ status: 0, stdout: '' });
    const { images } = (await ecrp(...argv, '--json')).json();
    expect(images).toMatchObject([{ dryRun: true, createsRepository: true }, { dryRun: true }]);
  });

  it.each([[['all/together:1.0', '--all']], [['--all', '--image', 'one']], [['all/together:1.0']]])(
    'is a usage error: %j',
    async (options) => {
      expect(await ecrp('push', many, ...options)).toMatchObject({ status: 2 });
    },
  );
});

describe('--image, beside an image that is damaged', () => {
  it('pushes a whole image', async () => {
    const { archive } = await writeDamaged('skopeo');
    const argv = ['push', archive, 'damaged/chosen:1', '--create-repo', '--json'];
    expect(await ecrp(...argv, '--image', 'app:3.0')).toMatchObject({ status: 0 });
  });

  it('refuses the damaged one by its name and its ID, and says which one it is', async () => {
    const { archive, lost } = await writeDamaged('skopeo');
    const push = ['push', archive, 'damaged/refused:1', '--create-repo'];
    const unclear = await ecrp(...push);
    expect(unclear.status).toBe(2);
    const [, id = ''] = /app:2\.0 \((\w{12}), damaged\)/.exec(unclear.stderr) ?? [];
    for (const name of ['app:2.0', id]) {
      const refused = await ecrp(...push, '--image', name);
      expect(refused).toMatchObject({ status: 3, stdout: '' });
      expect(refused.stderr).toContain(lost);
    }
  });
});
