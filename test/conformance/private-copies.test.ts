import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { locateArchive } from '../support/archives.ts';
import { describeWithClients, requireClient } from './support/clients.ts';
import { logInGoClients } from './support/go-clients.ts';
import { readFetched, readSource } from './support/image-facts.ts';
import { PrivateRegistry } from './support/private-registry.ts';
import type { PushResult } from './support/sandbox.ts';
import { copyWithSkopeo } from './support/skopeo.ts';

// Clients of others, which have logged in, put images into private ECR. `ecrp copy` and `ecrp pull` read them there without a login, and the
// same clients judge what came out.

const multi = locateArchive('skopeo-multi-oci.tar');

describe('an image of private ECR', () => {
  let registry: PrivateRegistry;
  beforeAll(async () => {
    registry = await PrivateRegistry.start();
    await logInGoClients(registry.sandbox, registry);
  });
  afterAll(() => registry.sandbox.close());

  async function copy(from: string, to: string, ...options: readonly string[]): Promise<PushResult> {
    const given = ['copy', from, to, '--create-repo', '--yes', '--json', ...options];
    // as: the contract of the command line fixes the members
    return JSON.parse((await registry.sandbox.ecrp(...given)).stdout) as PushResult;
  }

  describeWithClients('of skopeo', ['skopeo', 'tar'], () => {
    const creds = () => `AWS:${registry.password}`;
    const fetchImage = async (reference: string, ...options: readonly string[]) => {
      const directory = registry.sandbox.makeDirectory('fetched');
      const given = ['--all', ...options];
      await copyWithSkopeo(registry.sandbox, `docker://${reference}`, `dir:${directory}`, ...given);
      return readFetched(directory);
    };

    test('goes to ECR Public, back to private ECR and into a layout with every byte', async () => {
      const name = registry.locate(await registry.create('from/skopeo'));
      const put = ['--all', '--preserve-digests', '--dest-creds', creds()];
      await copyWithSkopeo(registry.sandbox, `oci-archive:${multi}`, `docker://${name}:1`, ...put);
      const expected = await readSource(registry.sandbox, multi);

      const there = await copy(`${name}:1`, 'to/public', '--verify');
      expect(there.imageDigest).toBe(expected.rootDigest);
      expect(await fetchImage(registry.sandbox.locate('to/public:1'))).toEqual(expected);

      await copy(registry.sandbox.locate('to/public:1'), registry.locate('to/private'));
      const back = registry.locate('to/private:1');
      expect(await fetchImage(back, '--src-creds', creds())).toEqual(expected);

      const layout = join(registry.sandbox.makeDirectory('pulled'), 'layout');
      await registry.sandbox.ecrp('pull', back, layout);
      const pulled = registry.sandbox.makeDirectory('fetched');
      await copyWithSkopeo(registry.sandbox, `oci:${layout}:1`, `dir:${pulled}`, '--all');
      expect(readFetched(pulled)).toEqual(expected);
    });

    test('is read without the registry: its API alone is asked', async () => {
      const name = registry.locate(await registry.create('from/quiet'));
      const put = ['--all', '--dest-creds', creds()];
      await copyWithSkopeo(registry.sandbox, `oci-archive:${multi}`, `docker://${name}:1`, ...put);
      const before = registry.countAnswers(/\/v2\/from\/quiet\//, 200);
      await copy(`${name}:1`, 'to/quiet');
      expect(registry.countAnswers(/\/v2\/from\/quiet\//, 200)).toBe(before);
    });
  });

  describeWithClients('of clients written in Go', ['crane', 'oras'], () => {
    const run = async (client: 'crane' | 'oras', ...options: readonly string[]): Promise<string> =>
      (await registry.sandbox.run(requireClient(client), ...options)).stdout.trim();

    test('takes along what oras attached to it, and what was attached to that', async () => {
      const name = registry.locate(await registry.create('from/oras'));
      const file = join(registry.sandbox.makeDirectory('artifact'), 'notes.txt');
      writeFileSync(file, 'what it is');
      const attach = async (verb: 'push' | 'attach', subject: string, type: string): Promise<string> => {
        const options = ['--plain-http', '--disable-path-validation', '--format', 'json'];
        const given = ['--artifact-type', `application/vnd.example.${type}`, subject, `${file}:text/plain`];
        // as: the document is that of oras; a missing member fails the comparison
        return (JSON.parse(await run('oras', verb, ...options, ...given)) as { digest: string }).digest;
      };
      const artifact = await attach('push', `${name}:1`, 'notes');
      const sbom = await attach('attach', `${name}:1`, 'sbom');
      const signature = await attach('attach', `${name}@${sbom}`, 'signature');
      const { manifests } = await copy(`${name}:1`, registry.locate('to/oras'));
      const copied = manifests.map(({ imageDigest }) => imageDigest).toSorted();
      expect(copied).toEqual([artifact, sbom, signature].toSorted());
      const found = await run(
        'oras',
        'discover',
        '--plain-http',
        '--format',
        'json',
        registry.locate('to/oras:1'),
      );
      for (const digest of [sbom, signature]) expect(found).toContain(digest);
    });

    test('has every tag that crane gave it', async () => {
      const name = registry.locate(await registry.create('from/crane'));
      await run('crane', 'push', locateArchive('docker-20.10-one.tar'), `${name}:1.0`);
      for (const tag of ['1', 'latest']) await run('crane', 'tag', `${name}:1.0`, tag);
      await registry.sandbox.ecrp('copy', name, registry.locate('to/crane'), '--all-tags', '--create-repo');
      for (const tag of ['1.0', '1', 'latest']) {
        const digests = [`${name}:${tag}`, registry.locate(`to/crane:${tag}`)].map((each) =>
          run('crane', 'digest', each),
        );
        const [here, there] = await Promise.all(digests);
        expect(there).toBe(here);
      }
      await run('crane', 'validate', '--remote', registry.locate('to/crane:1.0'));
    });
  });
});
