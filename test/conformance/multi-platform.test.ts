import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { locateArchive } from '../support/archives.ts';
import { runBuildah } from './support/buildah.ts';
import { describeWithClients } from './support/clients.ts';
import { readFetched, readSource } from './support/image-facts.ts';
import { JUDGES } from './support/judge.ts';
import { readFileWithPodman, runPodman } from './support/podman.ts';
import { judgeRoundTrip } from './support/round-trip.ts';
import { Sandbox } from './support/sandbox.ts';
import { copyWithSkopeo, fetchWithSkopeo } from './support/skopeo.ts';

// podman, buildah and skopeo write images for two platforms and read them back. Each platform has a layer of its own, and one that
// is the same in both.

const ARCHITECTURES = ['amd64', 'arm64'];
const CONTAINERFILE = 'FROM scratch\nARG TARGETARCH\nCOPY common /common\nCOPY $TARGETARCH /platform\n';

describeWithClients('images for two platforms', [...JUDGES, 'buildah'], () => {
  let sandbox: Sandbox;
  let context: string;
  beforeAll(async () => {
    sandbox = await Sandbox.start();
    context = sandbox.makeDirectory('context');
    writeFileSync(join(context, 'Containerfile'), CONTAINERFILE);
    for (const name of ['common', ...ARCHITECTURES]) writeFileSync(join(context, name), `linux/${name}`);
  });
  afterAll(() => sandbox.close());

  describe.each([
    ['podman', runPodman, 'oci'],
    ['buildah', runBuildah, 'oci-archive'],
  ] as const)('%s', (client, run, transport) => {
    const reference = `platforms/${client}:1`;
    let layout: string;
    /** Writes an index and its images into a layout, and returns its path. */
    const save = async (index: string, ...options: readonly string[]): Promise<string> => {
      const path = join(sandbox.makeDirectory('saved'), 'image');
      await run(sandbox, 'manifest', 'push', '--quiet', '--all', ...options, index, `${transport}:${path}:1`);
      return path;
    };
    beforeAll(async () => {
      const platforms = ARCHITECTURES.map((architecture) => `linux/${architecture}`).join(',');
      const options = ['--quiet', '--layers', '--timestamp', '0', '--platform', platforms];
      await run(sandbox, 'build', ...options, '--manifest', 'localhost/made:1', context);
      layout = await save('localhost/made:1');
    });

    test(`manifest push --all to ${transport}, and back; podman pulls the image for each platform`, async () => {
      const pushed = await judgeRoundTrip(sandbox, layout, reference, async () => {
        const from = `docker://${sandbox.locate(reference)}`;
        await run(sandbox, 'manifest', 'create', 'back');
        await run(sandbox, 'manifest', 'add', '--all', '--tls-verify=false', 'back', from);
        return save('back', '--tls-verify=false');
      });
      // Two configs, a layer for each platform, and the layer of both.
      expect(pushed.layers).toMatchObject({ total: 5, uploaded: 5 });
      const source = await readSource(sandbox, layout);
      expect(source.images.map((image) => image.architecture).sort()).toEqual(ARCHITECTURES);
      expect(readFetched(await fetchWithSkopeo(sandbox, reference))).toEqual(source);
      for (const platform of ARCHITECTURES.map((architecture) => `linux/${architecture}`)) {
        expect(await readFileWithPodman(sandbox, reference, platform, '/platform')).toBe(platform);
      }
    });
  });

  test.each(['oci', 'oci-archive'])('skopeo copy --all to %s, and back', async (transport) => {
    const reference = `platforms/skopeo-${transport}:1`;
    const copy = async (from: string): Promise<string> => {
      const path = join(sandbox.makeDirectory('copied'), 'image');
      await copyWithSkopeo(sandbox, from, `${transport}:${path}:1`, '--all', '--preserve-digests');
      return path;
    };
    const layout = await copy(`oci:${locateArchive('buildah-multi-oci-dir')}`);
    await judgeRoundTrip(sandbox, layout, reference, () => copy(`docker://${sandbox.locate(reference)}`));
  });

  test('another image is not mistaken for the copy', async () => {
    const [layout, other] = ['buildah-multi-oci-dir', 'skopeo-oci-dir'].map(locateArchive);
    const judged = judgeRoundTrip(sandbox, layout ?? '', 'platforms/other:1', async () => other ?? '');
    await expect(judged).rejects.toThrow('to deeply equal');
  });
});
