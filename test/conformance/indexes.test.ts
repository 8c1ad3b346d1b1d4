import { join } from 'node:path';
import { afterAll, beforeAll, expect, type TestContext, test } from 'vitest';
import type { Platform } from '../../src/oci/platform.ts';
import { writeDockerArchive, writeOciTar } from '../support/image-writers.ts';
import { type GeneratedImage, makeImage } from '../support/images.ts';
import { describeWithClients, requireClient } from './support/clients.ts';
import { Dockerd } from './support/dockerd.ts';
import { pullWithPodman, readInspection, runPodman } from './support/podman.ts';
import { type PushResult, Sandbox } from './support/sandbox.ts';

// Indexes that `ecrp index` makes are read by other clients, and compared with those that other clients make of the same images.

const PLATFORMS: Readonly<Record<string, Platform>> = {
  amd64: { os: 'linux', architecture: 'amd64' },
  arm64: { os: 'linux', architecture: 'arm64', variant: 'v8' },
  arm: { os: 'linux', architecture: 'arm', variant: 'v7' },
  ltsc2019: { os: 'windows', architecture: 'amd64', 'os.version': '10.0.17763.5329' },
  ltsc2022: { os: 'windows', architecture: 'amd64', 'os.version': '10.0.20348.2227' },
};

interface Entry {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly platform: Platform;
}

let sandbox: Sandbox;
const images = new Map<string, GeneratedImage>();
beforeAll(async () => {
  sandbox = await Sandbox.start();
  for (const [name, platform] of Object.entries(PLATFORMS)) {
    // The first layer is the same for all.
    const layers = [{ content: Buffer.alloc(300_000, 'shared') }, { content: Buffer.from(name) }];
    const image = await makeImage({ seed: 7, layers, platform, names: [`made/app:${name}`] });
    images.set(name, image);
    await writeDockerArchive(archive(name), [image], { style: 'skopeo' });
    await writeOciTar(layout(name), [image]);
  }
});
afterAll(() => sandbox.close());

const archive = (name: string): string => join(sandbox.directory, `${name}.tar`);
const layout = (name: string): string => join(sandbox.directory, `${name}-oci.tar`);
const findImage = (name: string): GeneratedImage => {
  const image = images.get(name);
  if (image === undefined) throw new Error(`no image ${name}`);
  return image;
};

async function index(...words: readonly string[]): Promise<PushResult> {
  const { stdout } = await sandbox.ecrp('index', ...words, '--json');
  // The contract of the command line fixes the members.
  return JSON.parse(stdout) as PushResult;
}

/** Reads the entries of an index with skopeo, which shows the bytes as the registry serves them. */
async function readEntries(reference: string): Promise<readonly Entry[]> {
  const location = `docker://${sandbox.locate(reference)}`;
  const { stdout } = await sandbox.run(
    requireClient('skopeo'),
    'inspect',
    '--raw',
    '--tls-verify=false',
    location,
  );
  return (JSON.parse(stdout) as { manifests: readonly Entry[] }).manifests;
}

describeWithClients('podman and skopeo', ['skopeo', 'podman'], () => {
  test.each([
    ['docker-archives', archive],
    ['OCI layouts', layout],
  ])('podman pulls each platform of an index of %s', async (title, locate) => {
    const reference = `read/${title.toLowerCase().replaceAll(' ', '-')}:1`;
    const names = Object.keys(PLATFORMS);
    const made = await index('create', reference, ...names.map(locate), '--create-repo', '--verify');
    const entries = await readEntries(reference);
    expect(entries.map(({ platform }) => platform)).toEqual(Object.values(PLATFORMS));
    for (const name of ['amd64', 'arm64', 'arm']) {
      const { platform, layers } = findImage(name);
      const { os, architecture, variant } = platform;
      const asked = [os, architecture, ...(variant === undefined ? [] : [variant])].join('/');
      const pulled = await pullWithPodman(sandbox, reference, '--platform', asked);
      expect(pulled.diffIds).toEqual(layers.map(({ diffId }) => diffId));
      expect(pulled.manifestDigests).toContain(made.imageDigest);
    }
  });

  test('podman pulls what add has added, and no longer what remove has removed', async () => {
    await index('create', 'read/changed:1', archive('amd64'), '--create-repo');
    await index('add', 'read/changed:1', layout('arm64'));
    const arm64 = ['--platform', 'linux/arm64'] as const;
    const pulled = await pullWithPodman(sandbox, 'read/changed:1', ...arm64);
    expect(pulled.diffIds).toEqual(findImage('arm64').layers.map(({ diffId }) => diffId));
    await index('remove', 'read/changed:1', 'linux/arm64');
    await expect(pullWithPodman(sandbox, 'read/changed:1', ...arm64)).rejects.toThrow(/no image found/);
  });

  test('podman manifest makes an index with the same entries', async () => {
    const names = ['amd64', 'arm64', 'ltsc2022'];
    for (const name of names) await sandbox.push(layout(name), `podman/app:${name}`);
    await runPodman(sandbox, 'manifest', 'create', 'localhost/compared:1');
    for (const name of names) {
      const location = `docker://${sandbox.locate(`podman/app:${name}`)}`;
      await runPodman(sandbox, 'manifest', 'add', '--tls-verify=false', 'localhost/compared:1', location);
    }
    const { stdout } = await runPodman(sandbox, 'manifest', 'inspect', 'localhost/compared:1');
    const { manifests } = JSON.parse(stdout) as { manifests: readonly Entry[] };
    await index('create', 'podman/app:ours', ...names.map((name) => `podman/app:${name}`));
    expect(await readEntries('podman/app:ours')).toEqual(manifests);
  });
});

describeWithClients('docker', ['docker', 'skopeo'], () => {
  test('docker manifest push makes the same bytes', async () => {
    // docker lists the images by name, in whatever order they are given.
    const names = ['amd64', 'arm', 'arm64', 'ltsc2022'];
    for (const name of names) await sandbox.push(archive(name), `docker/app:${name}`);
    const env = { DOCKER_CONFIG: sandbox.makeDirectory('config') };
    const docker = async (...words: readonly string[]) => {
      const ended = await sandbox.tryRun(requireClient('docker'), words, { env });
      expect(ended, ended.stderr).toMatchObject({ status: 0 });
      return ended.stdout;
    };
    await sandbox.tryEcrp(['login'], { env });
    const [theirs, ...given] = ['theirs', ...names].map((tag) => sandbox.locate(`docker/app:${tag}`));
    await docker('manifest', 'create', '--insecure', theirs ?? '', ...given);
    const pushed = await docker('manifest', 'push', '--insecure', theirs ?? '');
    const ours = await index('create', 'docker/app:ours', ...names.map((name) => `docker/app:${name}`));
    expect(pushed.trim()).toBe(ours.imageDigest);
    const again = await index('create', 'docker/app:archives', ...names.map(archive));
    expect(again.imageDigest).toBe(ours.imageDigest);
  });
});

describeWithClients('the Docker engine', ['docker', 'dockerd'], () => {
  let started: Dockerd | string;
  beforeAll(async () => {
    started = await Dockerd.start(sandbox);
  });
  afterAll(async () => {
    if (started instanceof Dockerd) await started.close();
  });

  const engine = (context: TestContext): Dockerd =>
    typeof started === 'string' ? context.skip(started) : started;

  test('docker pull takes the image for the platform, its own or another', async (context) => {
    const dockerd = engine(context);
    await index('create', 'engine/app:1', archive('arm64'), layout('amd64'), '--create-repo');
    const name = sandbox.locate('engine/app:1');
    for (const [image, options] of [
      ['amd64', []],
      ['arm64', ['--platform', 'linux/arm64']],
    ] as const) {
      await dockerd.docker('pull', '--quiet', ...options, name);
      const pulled = readInspection((await dockerd.docker('image', 'inspect', name)).stdout);
      expect(pulled.diffIds).toEqual(findImage(image).layers.map(({ diffId }) => diffId));
    }
  });

  test('ecrp takes images out of the engine, beside archives', async (context) => {
    const dockerd = engine(context);
    for (const name of ['amd64', 'arm']) await dockerd.docker('load', '--quiet', '--input', archive(name));
    const [, , host = ''] = dockerd.command();
    const words = ['docker:made/app:amd64', archive('arm64'), 'docker:made/app:arm', '--create-repo'];
    const made = await sandbox.tryEcrp(['index', 'create', 'engine/sources:1', ...words], {
      env: { DOCKER_HOST: host },
    });
    expect(made, made.stderr).toMatchObject({ status: 0 });
    const ours = await index('create', 'engine/sources:2', ...['amd64', 'arm64', 'arm'].map(archive));
    expect(made.stdout).toContain(ours.imageDigest);
  });
});

describeWithClients('crane', ['crane', 'skopeo'], () => {
  test('validates an index, and appends to an empty one the same entries', async () => {
    const names = ['amd64', 'arm64', 'arm', 'ltsc2019'];
    await index('create', 'crane/app:ours', ...names.map(layout), '--create-repo');
    await sandbox.run(requireClient('crane'), 'validate', '--remote', sandbox.locate('crane/app:ours'));
    for (const name of names) await sandbox.push(layout(name), `crane/app:${name}`);
    const password = (await sandbox.ecrp('token', '--password')).stdout;
    const login = ['auth', 'login', '--username', 'AWS', '--password-stdin', sandbox.emulator.registryHost];
    const loggedIn = await sandbox.tryRun(requireClient('crane'), login, { input: password });
    expect(loggedIn, loggedIn.stderr).toMatchObject({ status: 0 });
    const given = names.flatMap((name) => ['--manifest', sandbox.locate(`crane/app:${name}`)]);
    await sandbox.run(
      requireClient('crane'),
      ...['index', 'append', ...given, '--tag', sandbox.locate('crane/app:theirs')],
    );
    // crane writes the media type of the config as the type of an artifact, which nothing else does for images.
    const theirs = await readEntries('crane/app:theirs');
    const comparable = theirs.map(({ mediaType, digest, size, platform }) => ({
      mediaType,
      digest,
      size,
      platform,
    }));
    expect(await readEntries('crane/app:ours')).toEqual(comparable);
  });
});

describeWithClients('regctl', ['regctl', 'skopeo'], () => {
  test('finds the image of each platform, and deletes an entry as remove does', async () => {
    const regctl = (...words: readonly string[]) => sandbox.run(requireClient('regctl'), ...words);
    await regctl('registry', 'set', '--tls', 'disabled', sandbox.emulator.registryHost);
    await index('create', 'regctl/app:1', ...['amd64', 'arm64', 'arm'].map(layout), '--create-repo');
    const entries = await readEntries('regctl/app:1');
    for (const { platform, digest } of entries) {
      const { os, architecture, variant } = platform;
      const asked = [os, architecture, ...(variant === undefined ? [] : [variant])].join('/');
      const found = await regctl('image', 'digest', '--platform', asked, sandbox.locate('regctl/app:1'));
      expect(found.stdout.trim()).toBe(digest);
    }
    await index('remove', 'regctl/app:1', 'linux/arm/v7');
    expect(await readEntries('regctl/app:1')).toEqual(entries.slice(0, 2));
  });
});
