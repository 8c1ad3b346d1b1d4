import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, type TestContext, test } from 'vitest';
import { callApi } from '../support/call-api.ts';
import { BuildKit } from './support/buildkit.ts';
import { describeWithClients, findClient, requireClient } from './support/clients.ts';
import { logInGoClients } from './support/go-clients.ts';
import { readSource } from './support/image-facts.ts';
import { JUDGES, judgePush } from './support/judge.ts';
import { readFileWithPodman } from './support/podman.ts';
import { judgePushAgain, judgeRoundTrip } from './support/round-trip.ts';
import { Sandbox } from './support/sandbox.ts';
import { copyWithSkopeo } from './support/skopeo.ts';

// What buildx writes: BuildKit, its back end, builds images for two platforms. Each has a layer of its own, and one that is the same in both.

const ARCHITECTURES = ['amd64', 'arm64'];
const DOCKERFILE = 'FROM scratch\nARG TARGETARCH\nCOPY common /common\nCOPY $TARGETARCH /platform\n';
const OCI_INDEX = 'application/vnd.oci.image.index.v1+json';

const BOTH = ['--opt', `platform=${ARCHITECTURES.map((architecture) => `linux/${architecture}`).join()}`];
/** Provenance is made without a network. An SBOM would need an image that scans. */
const PROVENANCE = [...BOTH, '--opt', 'attest:provenance=mode=max'];

const formatContent = (name: string): string => `linux/${name}\n`.repeat(10_000);

describeWithClients('what BuildKit writes', [...JUDGES, 'crane', 'runc', 'buildctl', 'buildkitd'], () => {
  let sandbox: Sandbox;
  let context: string;
  let started: BuildKit | string;
  beforeAll(async () => {
    sandbox = await Sandbox.start();
    await logInGoClients(sandbox);
    context = sandbox.makeDirectory('context');
    writeFileSync(join(context, 'Dockerfile'), DOCKERFILE);
    for (const name of ['common', ...ARCHITECTURES]) {
      writeFileSync(join(context, name), formatContent(name));
    }
    started = await BuildKit.start(sandbox);
  });
  afterAll(async () => {
    try {
      if (started instanceof BuildKit) await started.close();
    } finally {
      await sandbox.close();
    }
  });

  /** Builds into a new file or directory, and returns its path. Skips the test if the daemon did not start. */
  async function build(
    { skip }: TestContext,
    output: string,
    options: readonly string[] = BOTH,
  ): Promise<string> {
    if (typeof started === 'string') return skip(started);
    const path = join(sandbox.makeDirectory('built'), 'image');
    await started.build(context, `dest=${path},${output}`, ...options);
    return path;
  }

  const copyWithCrane = async (reference: string): Promise<string> => {
    const path = join(sandbox.makeDirectory('copied'), 'image');
    await sandbox.run(requireClient('crane'), 'pull', '--format', 'oci', sandbox.locate(reference), path);
    return path;
  };

  /** The manifest of the image for the first platform. */
  const readManifest = async (reference: string): Promise<string> => {
    const options = ['manifest', '--platform', 'linux/amd64', sandbox.locate(reference)];
    return (await sandbox.run(requireClient('crane'), ...options)).stdout;
  };

  test.for([
    ['a directory', 'type=oci,tar=false', 'tar+gzip"'],
    ['a tar', 'type=oci,tar=true', 'tar+gzip"'],
    ['uncompressed', 'type=oci,compression=uncompressed,force-compression=true', 'layer.v1.tar"'],
    ['zstd', 'type=oci,tar=false,compression=zstd,force-compression=true', 'tar+zstd"'],
    ['estargz', 'type=oci,compression=estargz,force-compression=true', 'snapshot/stargz/toc.digest"'],
    ['provenance', 'type=oci,tar=false', 'tar+gzip"', PROVENANCE],
    ['provenance as artifacts', 'type=oci,oci-artifact=true', 'tar+gzip"', PROVENANCE],
  ] as const)('%s: everything comes back, and podman pulls each platform', async (form, context) => {
    const [name, output, mark, options] = form;
    const layout = await build(context, output, options);
    const reference = `buildkit/${name.replaceAll(' ', '-')}:1`;
    const pushed = await judgeRoundTrip(sandbox, layout, reference, () => copyWithCrane(reference));
    expect(pushed).toMatchObject({ imageManifestMediaType: OCI_INDEX });
    expect(pushed.manifests).toHaveLength(options === undefined ? 3 : 5);
    expect(await readManifest(reference)).toContain(mark);
    for (const architecture of ARCHITECTURES) {
      const platform = `linux/${architecture}`;
      const file = await readFileWithPodman(sandbox, reference, platform, '/platform');
      expect(file).toBe(formatContent(architecture));
    }
  });

  test('skopeo copies all of it, attestations too', async (context) => {
    const layout = await build(context, 'type=oci,tar=false', PROVENANCE);
    const reference = 'buildkit/skopeo:1';
    await judgeRoundTrip(sandbox, layout, reference, async () => {
      const path = join(sandbox.makeDirectory('copied'), 'image');
      const [from, to] = [`docker://${sandbox.locate(reference)}`, `oci:${path}:1`];
      await copyWithSkopeo(sandbox, from, to, '--all', '--preserve-digests');
      return path;
    });
  });

  test('buildx copies all of it, attestations too', async (context) => {
    const buildx = findClient('buildx');
    if (buildx === undefined) return context.skip('buildx is not installed');
    const layout = await build(context, 'type=oci,tar=false', PROVENANCE);
    const [reference, copy] = ['buildkit/buildx:1', 'buildkit/buildx-copy:1'];
    await callApi(sandbox.emulator, 'CreateRepository', { repositoryName: 'buildkit/buildx-copy' });
    await judgeRoundTrip(sandbox, layout, reference, async () => {
      const tag = ['--tag', sandbox.locate(copy)];
      await sandbox.run(buildx, 'imagetools', 'create', ...tag, sandbox.locate(reference));
      return copyWithCrane(copy);
    });
  });

  test.for([
    ['a docker-archive', []],
    ['a docker-archive for another platform', ['--opt', 'platform=linux/arm64']],
  ] as const)('%s: podman pulls the image', async ([name, options], context) => {
    const archive = await build(context, 'type=docker,name=docker.io/library/built:1', options);
    const reference = `buildkit/${name.replaceAll(' ', '-')}:1`;
    const pushed = await sandbox.push(archive, reference);
    await judgePush(sandbox, reference, pushed, await readSource(sandbox, archive));
    await judgePushAgain(sandbox, await copyWithCrane(reference), reference, pushed);
  });
});
