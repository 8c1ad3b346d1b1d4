import { afterAll, beforeAll, expect, test } from 'vitest';
import { locateArchive } from '../support/archives.ts';
import { describeWithClients, requireClient } from './support/clients.ts';
import { type DockerRegistry, startDockerRegistry } from './support/docker-registry.ts';
import { readFetched } from './support/image-facts.ts';
import { pullWithPodman } from './support/podman.ts';
import { type PushResult, Sandbox } from './support/sandbox.ts';
import { copyWithSkopeo } from './support/skopeo.ts';

// What `ecrp push --transport registry` leaves, read by clients of others: in the emulator, as public.ecr.aws and as the specification, and in
// Debian's docker-registry beside the emulator's API.

const multi = locateArchive('skopeo-multi-oci.tar');
const one = locateArchive('docker-20.10-one.tar');

let sandbox: Sandbox;
let registry: DockerRegistry | undefined;
const start =
  (...options: readonly string[]) =>
  async (): Promise<void> => {
    sandbox = await Sandbox.start(...options);
  };
const stop = async (): Promise<void> => {
  await registry?.close();
  registry = undefined;
  await sandbox.close();
};

/** Where pushes go: docker-registry, if it runs. */
const locate = (name: string): string =>
  registry === undefined
    ? sandbox.locate(name)
    : `${registry.host}/${sandbox.emulator.registryAlias}/${name}`;

async function push(archive: string, name: string): Promise<PushResult> {
  const options = ['--transport', 'registry', '--create-repo', '--verify', '--json'];
  const host = registry?.host ?? sandbox.emulator.registryHost;
  const argv = ['push', archive, locate(name), '--registry-host', host, ...options];
  // The schema of the document is checked elsewhere.
  return JSON.parse((await sandbox.ecrp(...argv)).stdout) as PushResult;
}

/** Expects that skopeo copies all of an image, whose digests are as pushed. */
async function expectFetched(name: string, { imageDigest, manifests }: PushResult): Promise<void> {
  const directory = sandbox.makeDirectory('fetched');
  await copyWithSkopeo(
    sandbox,
    `docker://${locate(name)}`,
    `dir:${directory}`,
    '--all',
    '--preserve-digests',
  );
  const { rootDigest, images } = readFetched(directory);
  expect(rootDigest).toBe(imageDigest);
  const digests = manifests.map((each) => each.imageDigest);
  for (const { manifestDigest } of images) expect(digests).toContain(manifestDigest);
}

const places: readonly (readonly [string, () => Promise<void>])[] = [
  ['the emulator, as public.ecr.aws', start('--registry-mode', 'aws')],
  ['the emulator, as the specification', start('--registry-mode', 'oci')],
];

for (const [place, prepare] of places) {
  describeWithClients(`what goes raw into ${place}`, ['skopeo', 'podman'], () => {
    beforeAll(prepare);
    afterAll(stop);

    test('an index, for skopeo and podman', async () => {
      const pushed = await push(multi, 'raw/multi:1');
      await expectFetched('raw/multi:1', pushed);
      const pulled = await pullWithPodman(sandbox, 'raw/multi:1', '--platform', 'linux/arm64');
      expect(pulled.manifestDigests).toContain(pushed.imageDigest);
    });

    test('layers that were compressed on the way', async () => {
      const pushed = await push(one, 'raw/one:1');
      await expectFetched('raw/one:1', pushed);
      expect((await pullWithPodman(sandbox, 'raw/one:1')).manifestDigests).toContain(pushed.imageDigest);
    });
  });
}

describeWithClients('what goes raw into docker-registry', ['skopeo', 'docker-registry'], () => {
  beforeAll(async () => {
    sandbox = await Sandbox.start();
    registry = await startDockerRegistry();
  });
  afterAll(stop);

  test('an index', async () => {
    await expectFetched('raw/multi:1', await push(multi, 'raw/multi:1'));
  });

  test('layers that were compressed on the way, from a file and a pipe', async () => {
    const pushed = await push(one, 'raw/one:1');
    await expectFetched('raw/one:1', pushed);
    const host = registry?.host ?? '';
    const options = ['--registry-host', host, '--transport', 'registry'];
    const piped = await sandbox.pushPiped(['cat', one], locate('raw/piped:1'), ...options);
    expect(piped.imageDigest).toBe(pushed.imageDigest);
    await expectFetched('raw/piped:1', pushed);
  });
});

describeWithClients('what goes raw into docker-registry, for crane', ['crane', 'docker-registry'], () => {
  beforeAll(async () => {
    sandbox = await Sandbox.start();
    registry = await startDockerRegistry();
  });
  afterAll(stop);

  test.each([multi, one])('%s is valid', async (archive) => {
    await push(archive, 'raw/valid:1');
    const argv = ['validate', '--insecure', '--remote', locate('raw/valid:1')];
    // It must succeed.
    await sandbox.run(requireClient('crane'), ...argv);
  });
});
