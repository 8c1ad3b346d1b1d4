import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { type CliResult, runCli } from '../support/cli.ts';
import { startTestEmulator } from '../support/emulator.ts';
import { writeOciLayout } from '../support/image-writers.ts';
import { makeImage, makeIndex } from '../support/images.ts';
import { startWorkplace } from '../support/workplace.ts';
import { expectValid } from './commands/schemas.ts';

// What is read of a registry that is not one's own: here another emulator, which answers anonymously.

const { home, emulator } = await startWorkplace();
const other = await startTestEmulator({ alias: 'strangers' });
afterAll(() => other.close());
const env = { ...home.env, ...emulator.env };
const theirs = `${other.registryHost}/${other.registryAlias}`;

async function ecrp(...argv: readonly string[]): Promise<CliResult> {
  return runCli([...argv, '--json'], { env, cwd: home.directory });
}

async function publish(layout: string, ...argv: readonly string[]): Promise<void> {
  const result = await runCli(['push', layout, ...argv, '--create-repo'], {
    env: { ...home.env, ...other.env },
    cwd: home.directory,
  });
  expect(result.status, result.stderr).toBe(0);
}

const amd64 = await makeImage({ seed: 1, layers: [{ size: 30_000 }, { size: 2000 }] });
const arm64 = await makeImage({
  seed: 2,
  layers: [{ size: 30_000 }],
  platform: { os: 'linux', architecture: 'arm64' },
});
const riscv64 = await makeImage({
  seed: 3,
  layers: [{ size: 9000 }],
  platform: { os: 'linux', architecture: 'riscv64' },
});
const index = makeIndex([amd64, arm64]);
await writeOciLayout(join(home.directory, 'index'), [index]);
await writeOciLayout(join(home.directory, 'riscv64'), [riscv64]);
await publish('index', 'team/app:1.0', '-t', 'stable');

describe('image describe and image list', () => {
  it('show an image and the tags of another registry', async () => {
    const described = await ecrp('image', 'describe', `${theirs}/team/app:1.0`);
    expect(described.status, described.stderr).toBe(0);
    expectValid(described.json(), 'image-describe');
    expect(described.json()).toMatchObject({
      reference: `${theirs}/team/app:1.0`,
      repositoryName: `${other.registryAlias}/team/app`,
      imageDigest: index.descriptor.digest,
      manifests: [amd64, arm64].map(({ descriptor, platform, layers }) => ({
        imageDigest: descriptor.digest,
        config: platform,
        layers: layers.map((layer) => ({ layerDigest: layer.descriptor.digest })),
      })),
    });
    const listed = await ecrp('image', 'list', `${theirs}/team/app`);
    expect(listed.status, listed.stderr).toBe(0);
    expectValid(listed.json(), 'image-list');
    const { repositoryUri, imageTagDetails = [] } = listed.json() as {
      repositoryUri: string;
      imageTagDetails?: { imageTag: string }[];
    }; // as: its schema says so
    expect(repositoryUri).toBe(`${theirs}/team/app`);
    expect(imageTagDetails.map(({ imageTag }) => imageTag).sort()).toEqual(['1.0', 'stable']);
  });

  it('ask nothing of the own registry, and need no credentials', async () => {
    const before = emulator.requests.length;
    const bare = { ...home.env, ECRP_REGISTRY_HOST: emulator.registryHost };
    const reference = `${theirs}/team/app@${arm64.descriptor.digest}`;
    const { status, stderr, json } = await runCli(['image', 'describe', reference, '--json'], {
      env: bare,
      cwd: home.directory,
    });
    expect(status, stderr).toBe(0);
    expect(json()).toMatchObject({ reference, imageDigest: arm64.descriptor.digest });
    expect(emulator.requests.length).toBe(before);
  });

  it('say what is not there', async () => {
    const tag = await ecrp('image', 'describe', `${theirs}/team/app:none`);
    expect(tag.status).toBe(5);
    expect(JSON.stringify(tag.json())).toContain(`ecrp image list ${theirs}/team/app`);
    expect((await ecrp('image', 'list', `${theirs}/team/none`)).status).toBe(5);
    const both = await ecrp('image', 'describe', `${theirs}/team/app:1.0@${arm64.descriptor.digest}`);
    expect(both.status).toBe(6);
    expect((await ecrp('image', 'list', `${theirs}/team/app:1.0`)).status).toBe(2);
  });
});

describe('index create', () => {
  interface Made {
    readonly imageDigest: string;
    readonly manifests: readonly { readonly imageDigest: string; readonly status: string }[];
    readonly layers: { readonly uploaded: number; readonly existing: number };
  }

  async function create(...argv: readonly string[]): Promise<Made> {
    const result = await ecrp('index', 'create', ...argv);
    expect(result.status, result.stderr + result.stdout).toBe(0);
    expectValid(result.json(), 'index-create');
    return result.json() as unknown as Made; // as: its schema says so
  }

  it('copies images of another registry, of other repositories, and archives into one index', async () => {
    const made = await create('mixed/app:1', `${theirs}/team/app:1.0`, 'riscv64', '--create-repo');
    expect(made.manifests.slice(0, 3)).toMatchObject([
      { imageDigest: amd64.descriptor.digest, status: 'put' },
      { imageDigest: arm64.descriptor.digest, status: 'put' },
      { imageDigest: riscv64.descriptor.digest, status: 'put' },
    ]);
    const pulled = await ecrp('image', 'describe', 'mixed/app:1');
    expect(pulled.json()).toMatchObject({ imageDigest: made.imageDigest });

    // The own registry's other repository.
    const again = await create('mixed/second:1', 'mixed/app:1', '--create-repo');
    expect(again.manifests.map(({ imageDigest }) => imageDigest)).toEqual(
      made.manifests.map(({ imageDigest }) => imageDigest),
    );
    expect(again.imageDigest).toBe(made.imageDigest);
  });

  it('reads only what the repository lacks', async () => {
    const blobs = () => other.requests.filter(({ route }) => route?.includes('/blobs/')).length;
    await create('mixed/lacking:1', `${theirs}/team/app:1.0`, '--create-repo');
    const before = blobs();
    expect(before).toBeGreaterThan(0);
    const made = await create('mixed/lacking:2', `${theirs}/team/app:stable=linux/arm64`);
    expect(made.layers).toMatchObject({ uploaded: 0, existing: 2 });
    expect(made.manifests[0]).toMatchObject({ imageDigest: arm64.descriptor.digest });
    expect(blobs()).toBe(before);
  });

  it('names a reference that is not there as both', async () => {
    const { status, stdout } = await ecrp('index', 'create', 'mixed/app:2', `${theirs}/team/app:none`);
    expect(status).toBe(5);
    expect(stdout).toMatch(/is neither a file nor an image/);
  });
});

describe('index add', () => {
  it('takes an image of another registry', async () => {
    expect((await ecrp('push', 'riscv64', 'added/app:one', '--create-repo')).status).toBe(0);
    expect((await ecrp('index', 'create', 'added/app:1', 'added/app:one')).status).toBe(0);
    const added = await ecrp('index', 'add', 'added/app:1', `${theirs}/team/app:1.0`);
    expect(added.status, added.stderr + added.stdout).toBe(0);
    const described = await ecrp('image', 'describe', 'added/app:1');
    expect(described.json()).toMatchObject({
      manifests: [riscv64, amd64, arm64].map(({ descriptor }) => ({ imageDigest: descriptor.digest })),
    });
  });
});
