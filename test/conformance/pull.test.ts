import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { digestOf } from '../../src/oci/digest.ts';
import { openSource } from '../../src/source/open-source.ts';
import { locateArchive } from '../support/archives.ts';
import { writeOciLayout } from '../support/image-writers.ts';
import { makeImage } from '../support/images.ts';
import { describeWithClients, requireClient } from './support/clients.ts';
import { type DockerRegistry, startDockerRegistry } from './support/docker-registry.ts';
import { Dockerd } from './support/dockerd.ts';
import { runPodman } from './support/podman.ts';
import { Sandbox } from './support/sandbox.ts';
import { copyWithSkopeo } from './support/skopeo.ts';

// What `ecrp pull` writes is read by the clients that people use. Images come from the emulator, and from Debian's docker-registry.

/** Images by the names of their sources. */
const IMAGES: Readonly<Record<string, string>> = {
  docker: 'docker-20.10-one.tar',
  oci: 'skopeo-oci.tar',
  platforms: 'skopeo-multi-oci.tar',
  chart: 'helm-chart.tgz',
};

let sandbox: Sandbox;

/** Pulls into the sandbox, and returns the path and the digest. */
async function pull(reference: string, name: string, ...options: readonly string[]) {
  const path = join(sandbox.makeDirectory('pulled'), name);
  const { stdout } = await sandbox.ecrp('pull', reference, path, ...options, '--json');
  const { imageDigest } = JSON.parse(stdout) as { imageDigest: string }; // as: its schema says so
  return { path, imageDigest };
}

/** The digest of the raw manifest that skopeo reads. */
async function readWithSkopeo(from: string): Promise<string> {
  const { stdout } = await sandbox.run(
    requireClient('skopeo'),
    'inspect',
    '--raw',
    '--tls-verify=false',
    from,
  );
  return digestOf(stdout);
}

async function readConfigWithSkopeo(from: string): Promise<string> {
  const { stdout } = await sandbox.run(
    requireClient('skopeo'),
    'inspect',
    '--config',
    '--raw',
    '--tls-verify=false',
    from,
  );
  return digestOf(stdout);
}

beforeAll(async () => {
  sandbox = await Sandbox.start();
  for (const [name, archive] of Object.entries(IMAGES)) {
    await sandbox.ecrp('push', locateArchive(archive), `${name}:1`, '--create-repo');
  }
  const layers = [{ size: 3_000_000 }, { size: 100, compression: 'none' as const }, { duplicateOf: 0 }];
  const layout = sandbox.makeDirectory('layout');
  await writeOciLayout(layout, [await makeImage({ seed: 91, layers })]);
  await sandbox.ecrp('push', layout, 'made:1', '--create-repo');
});
afterAll(() => sandbox.close());

describeWithClients('what a pull writes', ['skopeo', 'podman', 'docker-registry'], () => {
  let registry: DockerRegistry;
  beforeAll(async () => {
    registry = await startDockerRegistry();
  });
  afterAll(() => registry.close());

  /** The same image in docker-registry, by skopeo. */
  async function mirror(name: string): Promise<string> {
    const there = `${registry.host}/mirror/${name}:1`;
    await copyWithSkopeo(
      sandbox,
      `docker://${sandbox.locate(`${name}:1`)}`,
      `docker://${there}`,
      '--all',
      '--preserve-digests',
    );
    return there;
  }

  test.each(['oci', 'platforms', 'made'])('skopeo copies a layout, by its tag: %s', async (name) => {
    const reference = sandbox.locate(`${name}:1`);
    const { path, imageDigest } = await pull(reference, 'layout');
    expect(await readWithSkopeo(`oci:${path}:1`)).toBe(imageDigest);
    expect(await readWithSkopeo(`docker://${reference}`)).toBe(imageDigest);
    const copied = join(sandbox.makeDirectory('copied'), 'dir');
    await copyWithSkopeo(sandbox, `oci:${path}:1`, `dir:${copied}`, '--all', '--preserve-digests');
    expect(digestOf(readFileSync(join(copied, 'manifest.json')))).toBe(imageDigest);
    const tar = await pull(reference, 'image.tar');
    expect(await readWithSkopeo(`oci-archive:${tar.path}:1`)).toBe(imageDigest);
  });

  test('skopeo copies an image with media types of docker, which is alone in its layout', async () => {
    const { path, imageDigest } = await pull(sandbox.locate('docker:1'), 'layout');
    expect(await readWithSkopeo(`oci:${path}`)).toBe(imageDigest);
    const copied = join(sandbox.makeDirectory('copied'), 'dir');
    await copyWithSkopeo(sandbox, `oci:${path}`, `dir:${copied}`, '--preserve-digests');
    expect(digestOf(readFileSync(join(copied, 'manifest.json')))).toBe(imageDigest);
  });

  test.each(['docker', 'platforms', 'made'])('from docker-registry comes the same: %s', async (name) => {
    const [there, here] = [await mirror(name), sandbox.locate(`${name}:1`)];
    const [theirs, ours] = [await pull(there, 'image.tar'), await pull(here, 'image.tar')];
    expect(theirs.imageDigest).toBe(ours.imageDigest);
    const configs: string[] = [];
    for (const reference of [there, here]) {
      const { path } = await pull(
        reference,
        'image.tar',
        '--format',
        'docker-archive',
        '--platform',
        'linux/amd64',
      );
      configs.push(await readConfigWithSkopeo(`docker-archive:${path}`));
    }
    expect(configs[0]).toBe(configs[1]);
  });

  test.each(['docker', 'platforms', 'made'])(
    'podman loads a docker-archive and an OCI tar: %s',
    async (name) => {
      const reference = sandbox.locate(`${name}:1`);
      const platform = ['--platform', 'linux/amd64'];
      const archive = await pull(reference, 'image.tar', '--format', 'docker-archive', ...platform);
      const expected = await readConfigWithSkopeo(`docker-archive:${archive.path}`);
      const tar = await pull(reference, 'image.tar', ...platform);
      for (const { path } of [archive, tar]) {
        const loaded = await runPodman(sandbox, 'load', '--quiet', '--input', path);
        expect(loaded.stdout).toContain(reference);
        const { stdout } = await runPodman(sandbox, 'image', 'inspect', '--format', '{{.Id}}', reference);
        expect(`sha256:${stdout.trim()}`).toBe(expected);
        await runPodman(sandbox, 'image', 'rm', '--force', reference);
      }
    },
  );

  test('podman loads standard output', async () => {
    const reference = sandbox.locate('made:1');
    const program = join(import.meta.dirname, '../../bin/ecrp.js');
    const file = join(sandbox.makeDirectory('pulled'), 'image.tar');
    const command = '"$0" "$1" pull "$2" - --quiet > "$3"';
    await sandbox.run('sh', '-c', command, process.execPath, program, reference, file);
    const loaded = await runPodman(sandbox, 'load', '--quiet', '--input', file);
    expect(loaded.stdout).toContain(reference);
  });
});

describeWithClients('what a pull writes, for clients in Go', ['crane', 'oras', 'docker-registry'], () => {
  let registry: DockerRegistry;
  beforeAll(async () => {
    registry = await startDockerRegistry();
  });
  afterAll(() => registry.close());

  test.each(['docker', 'oci', 'made'])('crane validates a docker-archive: %s', async (name) => {
    const { path } = await pull(sandbox.locate(`${name}:1`), 'image.tar', '--format', 'docker-archive');
    await sandbox.run(requireClient('crane'), 'validate', '--tarball', path);
  });

  // `crane validate` takes gzipped layers only.
  test.each(['docker', 'oci'])('crane pushes a layout: %s', async (name) => {
    const { path, imageDigest } = await pull(sandbox.locate(`${name}:1`), 'layout');
    const there = `${registry.host}/crane/${name}:1`;
    const crane = requireClient('crane');
    const pushed = await sandbox.run(crane, 'push', path, there);
    expect(pushed.stdout.trim()).toBe(`${registry.host}/crane/${name}@${imageDigest}`);
    await sandbox.run(crane, 'validate', '--remote', there);
  });

  test.each(['docker', 'oci', 'platforms', 'chart'])('oras copies a layout, by its tag: %s', async (name) => {
    const { path, imageDigest } = await pull(sandbox.locate(`${name}:1`), 'layout');
    const oras = requireClient('oras');
    const there = `${registry.host}/oras/${name}:1`;
    await sandbox.run(oras, 'copy', '--from-oci-layout', '--to-plain-http', `${path}:1`, there);
    const { stdout } = await sandbox.run(oras, 'resolve', '--plain-http', there);
    expect(stdout.trim()).toBe(imageDigest);
  });
});

describeWithClients('what a pull writes, for the Docker engine', ['docker', 'dockerd'], () => {
  let started: Dockerd | string;
  beforeAll(async () => {
    started = await Dockerd.start(sandbox);
  });
  afterAll(async () => {
    if (started instanceof Dockerd) await started.close();
  });

  test.for(['docker', 'platforms', 'made'])(
    'docker loads a docker-archive and standard output: %s',
    async (name, context) => {
      const dockerd = started instanceof Dockerd ? started : context.skip(started);
      const reference = sandbox.locate(`${name}:1`);
      const { path } = await pull(reference, 'image.tar', '--format', 'docker-archive');
      const source = await openSource(path, { temporaryDirectory: sandbox.directory });
      const [image] = source.images;
      await source.close();
      if (image?.kind !== 'archive') throw new Error('no docker-archive');
      const expected = [digestOf(image.config), image.layers.map(({ diffId }) => diffId)];
      const program = join(import.meta.dirname, '../../bin/ecrp.js');
      const piped = '"$0" "$1" pull "$2" - --quiet | "$3" --host "$4" load --quiet';
      const loads: readonly (() => Promise<unknown>)[] = [
        () => dockerd.docker('load', '--quiet', '--input', path),
        () =>
          sandbox.run(
            'sh',
            '-c',
            piped,
            process.execPath,
            program,
            reference,
            requireClient('docker'),
            dockerd.host,
          ),
      ];
      for (const load of loads) {
        await load();
        const format = '[{{json .Id}},{{json .RootFS.Layers}}]';
        const { stdout } = await dockerd.docker('image', 'inspect', '--format', format, reference);
        expect(JSON.parse(stdout)).toEqual(expected);
        await dockerd.docker('image', 'rm', reference);
      }
    },
  );
});
