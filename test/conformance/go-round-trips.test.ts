import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { locateArchive } from '../support/archives.ts';
import { describeWithClients, requireClient } from './support/clients.ts';
import { logInGoClients } from './support/go-clients.ts';
import { judgePushAgain, judgeRoundTrip } from './support/round-trip.ts';
import { type PushResult, Sandbox } from './support/sandbox.ts';

// crane, oras and regctl make images, indexes and artifacts in the registry, and save them. ecrp pushes what they saved to another
// repository, and the same client saves that again.

const OCI_INDEX = 'application/vnd.oci.image.index.v1+json';
const DOCKER_LIST = 'application/vnd.docker.distribution.manifest.list.v2+json';

/** Saves a reference, and returns the path of the layout. */
type Save = (reference: string) => Promise<string>;

describeWithClients('what clients written in Go save, and back', ['crane', 'oras', 'regctl', 'tar'], () => {
  let sandbox: Sandbox;
  let index: string;
  /** The digests of the images in the index. */
  let images: readonly string[];
  beforeAll(async () => {
    sandbox = await Sandbox.start();
    await logInGoClients(sandbox);
    const pushed = await sandbox.push(locateArchive('skopeo-multi-oci.tar'), 'made/app:1');
    index = pushed.imageDigest;
    images = listDigests(pushed).filter((digest) => digest !== index);
  });
  afterAll(() => sandbox.close());

  const newPath = (): string => join(sandbox.makeDirectory('saved'), 'image');
  const run = (client: 'crane' | 'oras' | 'regctl', ...options: readonly string[]) =>
    sandbox.run(requireClient(client), ...options);
  /** Pushes what is saved of `made` to the same tag of another repository. */
  const judgeSaved = async (save: Save, made: string): Promise<PushResult> => {
    const reference = made.replace(/^made/, 'copied');
    return judgeRoundTrip(sandbox, await save(made), reference, () => save(reference));
  };

  describe('crane', () => {
    const save: Save = async (reference) => {
      const path = newPath();
      await run('crane', 'pull', '--format', 'oci', sandbox.locate(reference), path);
      return path;
    };
    const append = (tag: string, digests: readonly string[], ...options: readonly string[]) => {
      const given = digests.flatMap((digest) => ['--manifest', sandbox.locate(`made/app@${digest}`)]);
      const target = ['--tag', sandbox.locate(`made/app:${tag}`)];
      return run('crane', 'index', 'append', ...options, ...given, ...target);
    };

    test('an index', async () => {
      await append('crane-index', images);
      const pushed = await judgeSaved(save, 'made/app:crane-index');
      expect(pushed.imageManifestMediaType).toBe(OCI_INDEX);
      expect(pushed.layers).toMatchObject({ total: 4, uploaded: 4 });
    });

    test('a docker manifest list', async () => {
      await append('crane-list', images, '--docker-empty-base');
      const pushed = await judgeSaved(save, 'made/app:crane-list');
      expect(pushed.imageManifestMediaType).toBe(DOCKER_LIST);
    });

    test('an image as a docker-archive, and one that docker saved', async () => {
      const saved = await sandbox.push(locateArchive('docker-20.10-one.tar'), 'made/docker:1');
      const file = newPath();
      await run('crane', 'pull', '--format', 'tarball', sandbox.locate('made/docker:1'), file);
      await judgePushAgain(sandbox, file, 'made/docker:1', saved);
    });

    test('an index in an index', async () => {
      await append('crane-nested', [index], '--flatten=false');
      const pushed = await judgeSaved(save, 'made/app:crane-nested');
      expect(listDigests(pushed)).toEqual([...images, index, pushed.imageDigest]);
    });
  });

  describe('oras', () => {
    const save: Save = async (reference) => {
      const path = newPath();
      const options = ['--recursive', '--from-plain-http', '--to-oci-layout'];
      await run('oras', 'copy', ...options, sandbox.locate(reference), `${path}:1`);
      return path;
    };

    test('an index', async () => {
      const create = ['manifest', 'index', 'create', '--plain-http', sandbox.locate('made/app:oras-index')];
      await run('oras', ...create, ...images);
      const pushed = await judgeSaved(save, 'made/app:oras-index');
      expect(pushed.manifests).toHaveLength(3);
    });

    test('an artifact, what refers to it, and what refers to that', async () => {
      const name = sandbox.locate('made/oras-artifact');
      const file = join(sandbox.makeDirectory('artifact'), 'notes.txt');
      writeFileSync(file, 'what it is');
      await sandbox.ecrp('repo', 'create', 'made/oras-artifact');
      const make = async (verb: 'push' | 'attach', reference: string, type: string): Promise<string> => {
        const options = ['--plain-http', '--disable-path-validation', '--format', 'json'];
        const given = ['--artifact-type', `application/vnd.example.${type}`, reference, `${file}:text/plain`];
        const { stdout } = await run('oras', verb, ...options, ...given);
        // The document is that of oras. A missing member fails the comparison.
        return (JSON.parse(stdout) as { digest: string }).digest;
      };
      const artifact = await make('push', `${name}:1`, 'notes');
      const sbom = await make('attach', `${name}:1`, 'sbom');
      const signature = await make('attach', `${name}@${sbom}`, 'signature');
      const pushed = await judgeSaved(save, 'made/oras-artifact:1');
      expect(listDigests(pushed)).toEqual([artifact, sbom, signature]);
    });
  });

  describe('regctl', () => {
    test('docker media types, in a tar', async () => {
      const options = ['--to-docker', '--create', sandbox.locate('made/app:regctl-docker')];
      await run('regctl', 'image', 'mod', sandbox.locate('made/app:1'), ...options);
      const save: Save = async (reference) => {
        const path = newPath();
        await run('regctl', 'image', 'export', sandbox.locate(reference), path);
        return path;
      };
      const pushed = await judgeSaved(save, 'made/app:regctl-docker');
      expect(pushed.imageManifestMediaType).toBe(DOCKER_LIST);
    });

    test('an index, and what refers to one of its images', async () => {
      const name = sandbox.locate('made/regctl-index');
      await sandbox.push(locateArchive('skopeo-multi-oci.tar'), 'made/regctl-index:1');
      const subject = ['--subject', `${name}:1`, '--platform', 'linux/arm64'];
      const put = ['artifact', 'put', '--artifact-type', 'application/vnd.example', ...subject];
      const result = await sandbox.tryRun(requireClient('regctl'), put, { input: 'what it is' });
      expect(result, result.stderr).toMatchObject({ status: 0 });
      const save: Save = async (reference) => {
        const path = newPath();
        const copy = ['image', 'copy', '--referrers', '--digest-tags', sandbox.locate(reference)];
        await run('regctl', ...copy, `ocidir://${path}:1`);
        return path;
      };
      const pushed = await judgeSaved(save, 'made/regctl-index:1');
      expect(pushed.manifests).toHaveLength(4);
    });
  });
});

function listDigests({ manifests }: PushResult): readonly string[] {
  return manifests.map(({ imageDigest }) => imageDigest);
}
