import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { locateArchive } from '../support/archives.ts';
import { type RegistryFront, startRegistryFront } from '../support/registry-front.ts';
import { describeWithClients, requireClient } from './support/clients.ts';
import { type DockerRegistry, REGISTRY_LOGIN, startDockerRegistry } from './support/docker-registry.ts';
import { logInGoClients } from './support/go-clients.ts';
import { pullWithPodman } from './support/podman.ts';
import { type PushResult, Sandbox } from './support/sandbox.ts';
import { copyWithSkopeo } from './support/skopeo.ts';

// Clients of others put images into Debian's docker-registry, which has no referrers API. `ecrp copy` reads them from there, through a front
// that counts, and the same clients judge what it put into the emulator.

let sandbox: Sandbox;
let registry: DockerRegistry;
let front: RegistryFront;

const start = async (): Promise<void> => {
  sandbox = await Sandbox.start();
  registry = await startDockerRegistry();
  front = await startRegistryFront(registry.host);
  await logInGoClients(sandbox);
};
const stop = async (): Promise<void> => {
  await front.close();
  await registry.close();
  await sandbox.close();
};

/** The name of an image in docker-registry. */
const at = (reference: string): string => `${registry.host}/${reference}`;

async function copy(from: string, to: string, ...options: readonly string[]): Promise<PushResult> {
  const { stdout } = await sandbox.ecrp(
    'copy',
    `${front.host}/${from}`,
    to,
    ...options,
    '--create-repo',
    '--json',
  );
  // The contract of the command line fixes the members.
  return JSON.parse(stdout) as PushResult;
}

/** Copies twice. The second copy must change nothing, and read no byte of a blob. */
async function copyTwice(from: string, to: string): Promise<PushResult> {
  const first = await copy(from, to);
  const read = sum(front.blobBytes.values());
  expect(read).toBeGreaterThan(0);
  const again = await copy(from, to);
  expect(again).toMatchObject({
    imageDigest: first.imageDigest,
    tags: first.tags.map(({ imageTag }) => ({ imageTag, status: 'unchanged' })),
    layers: { uploaded: 0 },
  });
  expect(sum(front.blobBytes.values())).toBe(read);
  return first;
}

function sum(numbers: Iterable<number>): number {
  return [...numbers].reduce((all, each) => all + each, 0);
}

function listDigests({ manifests }: PushResult): readonly string[] {
  return manifests.map(({ imageDigest }) => imageDigest).toSorted();
}

describeWithClients('what skopeo puts into a registry', ['skopeo', 'podman', 'docker-registry'], () => {
  beforeAll(start);
  afterAll(stop);

  const put = (archive: string, name: string, ...options: readonly string[]) =>
    copyWithSkopeo(sandbox, archive, `docker://${at(name)}`, ...options);
  const digestOf = async (name: string): Promise<string> => {
    const options = [
      'inspect',
      '--tls-verify=false',
      '--no-tags',
      '--format',
      '{{.Digest}}',
      `docker://${name}`,
    ];
    return (await sandbox.run(requireClient('skopeo'), ...options)).stdout.trim();
  };

  test('an index, which podman pulls for each platform', async () => {
    await put(`oci-archive:${locateArchive('skopeo-multi-oci.tar')}`, 'made/multi:1', '--all');
    const { imageDigest } = await copyTwice('made/multi:1', 'copied/multi');
    expect(imageDigest).toBe(await digestOf(at('made/multi:1')));
    expect(imageDigest).toBe(await digestOf(sandbox.locate('copied/multi:1')));
    for (const platform of ['linux/amd64', 'linux/arm64']) {
      const pulled = await pullWithPodman(sandbox, 'copied/multi:1', '--platform', platform);
      expect(pulled.manifestDigests).toContain(imageDigest);
    }
    // Back to a registry, with every digest as it was.
    const preserved = ['--all', '--preserve-digests'];
    await copyWithSkopeo(
      sandbox,
      `docker://${sandbox.locate('copied/multi:1')}`,
      `docker://${at('back:1')}`,
      ...preserved,
    );
    expect(await digestOf(at('back:1'))).toBe(imageDigest);
  });

  test('an image with the media types of docker', async () => {
    await put(`docker-archive:${locateArchive('docker-20.10-one.tar')}`, 'made/docker:1');
    const { imageDigest, imageManifestMediaType } = await copyTwice('made/docker:1', 'copied/docker');
    expect(imageDigest).toBe(await digestOf(at('made/docker:1')));
    expect(imageManifestMediaType).toBe('application/vnd.docker.distribution.manifest.v2+json');
    expect((await pullWithPodman(sandbox, 'copied/docker:1')).manifestDigests).toContain(imageDigest);
  });

  test('a repository with all its tags', async () => {
    for (const tag of ['1.0', '1', 'latest']) {
      await put(`docker-archive:${locateArchive('docker-20.10-one.tar')}`, `made/tags:${tag}`);
    }
    await put(`oci-archive:${locateArchive('skopeo-multi-oci.tar')}`, 'made/tags:2.0', '--all');
    await copy('made/tags', 'copied/tags', '--all-tags');
    const listTags = async (name: string): Promise<unknown> => {
      const options = ['list-tags', '--tls-verify=false', `docker://${name}`];
      return JSON.parse((await sandbox.run(requireClient('skopeo'), ...options)).stdout).Tags.toSorted();
    };
    const tags = await listTags(at('made/tags'));
    expect(await listTags(sandbox.locate('copied/tags'))).toEqual(tags);
    expect(tags).toHaveLength(4);
    for (const tag of ['1', '2.0']) {
      expect(await digestOf(sandbox.locate(`copied/tags:${tag}`))).toBe(
        await digestOf(at(`made/tags:${tag}`)),
      );
    }
    const read = sum(front.blobBytes.values());
    await copy('made/tags', 'copied/tags', '--all-tags');
    expect(sum(front.blobBytes.values())).toBe(read);
  });
});

describeWithClients('a registry that wants a login', ['skopeo', 'docker-registry'], () => {
  let closed: DockerRegistry;
  beforeAll(async () => {
    sandbox = await Sandbox.start();
    closed = await startDockerRegistry('htpasswd');
  });
  afterAll(async () => {
    await closed.close();
    await sandbox.close();
  });

  test('takes the name and password of the command line', async () => {
    const { username, password } = REGISTRY_LOGIN;
    const name = `${closed.host}/private/app:1`;
    const archive = `docker-archive:${locateArchive('docker-20.10-one.tar')}`;
    await copyWithSkopeo(sandbox, archive, `docker://${name}`, `--dest-creds=${username}:${password}`);
    const options = ['copy', name, 'copied/private', '--create-repo', '--json'];
    const given = [...options, '--from-username', username, '--from-password-stdin'];
    for (const refused of [
      await sandbox.tryEcrp(options),
      await sandbox.tryEcrp(given, { input: 'another password\n' }),
    ]) {
      expect(refused).toMatchObject({ status: 4 });
      expect(refused.stdout + refused.stderr).not.toContain('another password');
    }
    expect(await sandbox.tryEcrp(given, { input: '' })).toMatchObject({ status: 2 });
    const result = await sandbox.tryEcrp(given, { input: `${password}\n` });
    expect(result, result.stderr).toMatchObject({ status: 0 });
    expect(result.stdout + result.stderr).not.toContain(password);
  });
});

describeWithClients(
  'what clients written in Go put into a registry',
  ['crane', 'oras', 'regctl', 'docker-registry'],
  () => {
    beforeAll(async () => {
      await start();
      await sandbox.run(requireClient('regctl'), 'registry', 'set', '--tls', 'disabled', registry.host);
    });
    afterAll(stop);

    const run = async (client: 'crane' | 'oras' | 'regctl', ...options: readonly string[]): Promise<string> =>
      (await sandbox.run(requireClient(client), ...options)).stdout.trim();

    test('crane: an index of two images', async () => {
      for (const [archive, name] of [
        ['docker-20.10-one.tar', 'made/crane:a'],
        ['skopeo-docker-archive.tar', 'made/crane:b'],
      ] as const) {
        await run('crane', 'push', locateArchive(archive), at(name));
      }
      const members = ['-m', at('made/crane:a'), '-m', at('made/crane:b')];
      await run('crane', 'index', 'append', ...members, '-t', at('made/crane:index'));
      const { imageDigest } = await copyTwice('made/crane:index', 'copied/crane');
      expect(imageDigest).toBe(await run('crane', 'digest', at('made/crane:index')));
      expect(imageDigest).toBe(await run('crane', 'digest', sandbox.locate('copied/crane:index')));
      await run('crane', 'validate', '--remote', sandbox.locate('copied/crane:index'));
    });

    test('oras: an artifact, what refers to it, and what refers to that', async () => {
      const file = join(sandbox.makeDirectory('artifact'), 'notes.txt');
      writeFileSync(file, 'what it is');
      const make = async (verb: 'push' | 'attach', name: string, type: string): Promise<string> => {
        const options = ['--plain-http', '--disable-path-validation', '--format', 'json'];
        const given = ['--artifact-type', `application/vnd.example.${type}`, name, `${file}:text/plain`];
        // The document is that of oras. A missing member fails the comparison.
        return (JSON.parse(await run('oras', verb, ...options, ...given)) as { digest: string }).digest;
      };
      const artifact = await make('push', at('made/oras:1'), 'notes');
      const sbom = await make('attach', at('made/oras:1'), 'sbom');
      const signature = await make('attach', at(`made/oras@${sbom}`), 'signature');
      const first = await copyTwice('made/oras:1', 'copied/oras');
      expect(listDigests(first)).toEqual([artifact, sbom, signature].toSorted());
      const discover = ['discover', '--plain-http', '--format', 'json', sandbox.locate('copied/oras:1')];
      const found = await run('oras', ...discover);
      for (const digest of [sbom, signature]) expect(found).toContain(digest);
      // The list of referrers under a fallback tag is not copied: ECR lists them itself.
      const tags = await run('oras', 'repo', 'tags', '--plain-http', sandbox.locate('copied/oras'));
      expect(tags.split('\n')).toEqual(['1']);
    });

    test('regctl: an image, and what refers to it', async () => {
      const layout = join(sandbox.makeDirectory('layout'), 'image');
      cpSync(locateArchive('regctl-copy'), layout, { recursive: true });
      await run('regctl', 'image', 'copy', '--referrers', `ocidir://${layout}:1.0`, at('made/regctl:1'));
      const digest = await run('regctl', 'image', 'digest', at('made/regctl:1'));
      const first = await copyTwice('made/regctl:1', 'copied/regctl');
      expect(first.imageDigest).toBe(digest);
      expect(await run('regctl', 'image', 'digest', sandbox.locate('copied/regctl:1'))).toBe(digest);
      const list = async (name: string) =>
        (
          await run(
            'regctl',
            'artifact',
            'list',
            '--format',
            '{{range .Descriptors}}{{println .Digest}}{{end}}',
            name,
          )
        )
          .split('\n')
          .filter(Boolean)
          .toSorted();
      const referrers = await list(at('made/regctl:1'));
      expect(referrers).toHaveLength(2);
      expect(await list(sandbox.locate('copied/regctl:1'))).toEqual(referrers);
    });
  },
);

describeWithClients('what cosign puts into a registry', ['cosign', 'skopeo', 'docker-registry'], () => {
  beforeAll(start);
  afterAll(stop);

  const cosign = async (...options: readonly string[]): Promise<string> => {
    const [command = '', ...rest] = options;
    const isKeys = command === 'generate-key-pair';
    const given = isKeys ? options : [command, '--allow-http-registry', ...rest];
    const result = await sandbox.tryRun(requireClient('cosign'), given, { env: { COSIGN_PASSWORD: '' } });
    expect(result, result.stderr).toMatchObject({ status: 0 });
    return result.stdout;
  };

  describe('a signature and an attestation', () => {
    test('are verified where the image is copied to', async () => {
      const archive = `oci-archive:${locateArchive('skopeo-multi-oci.tar')}`;
      await copyWithSkopeo(sandbox, archive, `docker://${at('made/signed:1')}`, '--all');
      await cosign('generate-key-pair', '--output-key-prefix', 'key');
      const { imageDigest } = await copy('made/signed:1', 'copied/signed');
      const image = at(`made/signed@${imageDigest}`);
      const withKey = ['--yes', '--tlog-upload=false', '--key', 'key.key'];
      const predicate = join(sandbox.directory, 'sbom.json');
      writeFileSync(predicate, '{"spdxVersion":"SPDX-2.3"}');
      await cosign('sign', ...withKey, image);
      await cosign('attest', ...withKey, '--type', 'spdxjson', '--predicate', predicate, image);
      // They came after the first copy.
      const again = await copyTwice('made/signed:1', 'copied/signed');
      expect(again).toMatchObject({ imageDigest, tags: [{ status: 'unchanged' }] });
      await sandbox.ecrp('login');
      const check = ['--insecure-ignore-tlog', '--key', 'key.pub'];
      const copied = sandbox.locate('copied/signed:1');
      const [signature] = JSON.parse(await cosign('verify', ...check, copied));
      expect(signature.critical.image).toEqual({ 'docker-manifest-digest': imageDigest });
      await cosign('verify-attestation', ...check, '--type', 'spdxjson', copied);
    });
  });
});
