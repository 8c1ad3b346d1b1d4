import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { describeWithClients, requireAwsCli, requireClient } from './support/clients.ts';
import { logInGoClients } from './support/go-clients.ts';
import { digestOf, listContents, readFetched, readSource } from './support/image-facts.ts';
import { spoilPassword } from './support/login-file.ts';
import { makeRootTar } from './support/made-image.ts';
import { readInspection, runPodman, tryPodman } from './support/podman.ts';
import { PrivateRegistry } from './support/private-registry.ts';
import { copyWithSkopeo } from './support/skopeo.ts';

// Clients of others push to the registry of private ECR in the emulator, and pull from it.

const archives = join(import.meta.dirname, '../../fixtures/archives');
const single = `oci-archive:${join(archives, 'skopeo-oci.tar')}`;
const multi = join(archives, 'skopeo-multi-oci.tar');
const IMMUTABLE = { imageTagMutability: 'IMMUTABLE' };
/** Shown by clients for the code TAG_INVALID. */
const REFUSED_TAG = /tag invalid|TAG_INVALID|cannot be overwritten because the tag is immutable/i;

describe('the registry of private ECR', () => {
  let registry: PrivateRegistry;
  beforeAll(async () => {
    registry = await PrivateRegistry.start();
    await logInGoClients(registry.sandbox, registry);
  });
  afterAll(() => registry.sandbox.close());

  /** Unpacks the archive of several platforms, and returns its directory. */
  const unpack = async (): Promise<string> => {
    const directory = registry.sandbox.makeDirectory('layout');
    await registry.sandbox.run(requireClient('tar'), '--extract', '--file', multi, '--directory', directory);
    return directory;
  };

  describeWithClients('skopeo', ['skopeo', 'tar'], () => {
    const creds = () => `AWS:${registry.password}`;
    const copy = (source: string, reference: string, ...options: readonly string[]) =>
      copyWithSkopeo(
        registry.sandbox,
        source,
        `docker://${registry.locate(reference)}`,
        ...['--dest-creds', creds(), ...options],
      );
    const skopeo = (command: string, ...options: readonly string[]) =>
      registry.sandbox.run(
        requireClient('skopeo'),
        command,
        '--tls-verify=false',
        '--creds',
        creds(),
        ...options,
      );

    test('pushes an index, inspects it, lists tags, pulls every byte, deletes', async () => {
      const name = await registry.create('private/skopeo');
      for (const tag of ['1.0', 'latest']) {
        await copy(`oci-archive:${multi}`, `${name}:${tag}`, '--all', '--preserve-digests');
      }
      const directory = registry.sandbox.makeDirectory('fetched');
      const from = `docker://${registry.locate(`${name}:1.0`)}`;
      await copyWithSkopeo(registry.sandbox, from, `dir:${directory}`, '--all', '--src-creds', creds());
      expect(readFetched(directory)).toEqual(await readSource(registry.sandbox, multi));
      // Blobs came from the bucket, which refuses the credentials of the registry.
      expect(registry.countAnswers(/^GET \/v2\/private\/skopeo\/blobs\//, 307)).toBeGreaterThan(0);
      const inspected = JSON.parse((await skopeo('inspect', from)).stdout);
      expect(inspected).toMatchObject({ Name: registry.locate(name), RepoTags: ['1.0', 'latest'] });
      const list = await skopeo('list-tags', `docker://${registry.locate(name)}`);
      expect(JSON.parse(list.stdout).Tags).toEqual(['1.0', 'latest']);
      const root = readFetched(directory).rootDigest;
      expect(await registry.findDigest(name, 'latest')).toBe(root);
      await skopeo('delete', from);
      expect((await registry.describe(name)).map((image) => image.imageDigest)).not.toContain(root);
    });

    test('gets a reason for a missing login, a missing repository and an immutable tag', async () => {
      const name = await registry.create('private/fixed', IMMUTABLE);
      await expect(
        copyWithSkopeo(
          registry.sandbox,
          single,
          `docker://${registry.locate(`${name}:1`)}`,
          '--dest-no-creds',
        ),
      ).rejects.toThrow(/unauthorized|authentication required|401/i);
      await expect(copy(single, 'private/missing:1')).rejects.toThrow(
        /repository with name 'private\/missing' does not exist/,
      );
      await copy(single, `${name}:1`, '--preserve-digests');
      const pushed = await registry.findDigest(name, '1');
      await copy(single, `${name}:1`, '--preserve-digests');
      await expect(copy(single, `${name}:1`, '--format', 'v2s2')).rejects.toThrow(REFUSED_TAG);
      expect(await registry.findDigest(name, '1')).toBe(pushed);
    });
  });

  describeWithClients('skopeo and the aws CLI', ['skopeo', 'aws', 'tar'], () => {
    test('what one pushes, the other reads byte for byte', async () => {
      const { sandbox } = registry;
      const repositoryName = await registry.create('private/both');
      const target = `docker://${registry.locate(`${repositoryName}:1`)}`;
      const creds = ['--dest-creds', `AWS:${registry.password}`];
      await copyWithSkopeo(sandbox, single, target, '--preserve-digests', ...creds);
      const { images = [] } = await readSource(sandbox, join(archives, 'skopeo-oci.tar'));
      const aws = async (operation: string, ...options: readonly string[]) => {
        const where = ['--endpoint-url', sandbox.emulator.privateUrl ?? '', '--region', 'us-east-1'];
        const name = ['--repository-name', repositoryName, '--output', 'json'];
        const ended = await sandbox.run(requireAwsCli(), 'ecr', operation, ...where, ...name, ...options);
        // The service model fixes the members. A missing one fails the comparison.
        return JSON.parse(ended.stdout) as {
          images: { imageManifest: string }[];
          downloadUrl: string;
        };
      };
      const { images: read } = await aws('batch-get-image', '--image-ids', 'imageTag=1');
      const manifest = Buffer.from(read[0]?.imageManifest ?? '');
      expect(digestOf(manifest)).toBe(images[0]?.manifestDigest);
      const [layer = ''] = images[0]?.layerDigests ?? [];
      const { downloadUrl } = await aws('get-download-url-for-layer', '--layer-digest', layer);
      expect(digestOf(Buffer.from(await (await fetch(downloadUrl)).arrayBuffer()))).toBe(layer);
    });
  });

  describeWithClients('podman', ['podman', 'tar'], () => {
    test('logs in with the password alone, pushes, pulls, and pushes the same image again', async () => {
      const { sandbox, host, password } = registry;
      const name = await registry.create('private/podman');
      const authfile = join(sandbox.makeDirectory('login'), 'auth.json');
      const login = (secret: string) =>
        tryPodman(
          sandbox,
          ...['login', '--authfile', authfile, '--tls-verify=false', '--username', 'AWS'],
          ...['--password', secret, host],
        );
      expect((await login(spoilPassword(password))).status).not.toBe(0);
      expect(await login(password)).toMatchObject({ status: 0 });
      await runPodman(sandbox, 'import', '--quiet', await makeRootTar(sandbox), 'localhost/private:1');
      const options = ['--quiet', '--authfile', authfile, '--tls-verify=false'];
      const target = registry.locate(`${name}:1`);
      for (const _ of ['new', 'there already']) {
        await runPodman(sandbox, 'push', ...options, 'localhost/private:1', target);
      }
      const [image, ...others] = await registry.describe(name);
      expect(others).toEqual([]);
      const found = await runPodman(
        sandbox,
        'search',
        '--list-tags',
        ...options.slice(1),
        registry.locate(name),
      );
      expect(found.stdout).toContain(registry.locate(name));
      await runPodman(sandbox, 'rmi', '--all', '--force');
      await runPodman(sandbox, 'pull', ...options, target);
      const pulled = readInspection((await runPodman(sandbox, 'image', 'inspect', target)).stdout);
      expect(pulled.manifestDigests).toContain(image?.imageDigest);
    });
  });

  describeWithClients('crane', ['crane', 'tar'], () => {
    const crane = (...options: readonly string[]) => registry.sandbox.run(requireClient('crane'), ...options);

    test('pushes, finds its images whole, lists tags and repositories, and pulls them back', async () => {
      const name = await registry.create('private/crane');
      const [one, all] = [registry.locate(`${name}:one`), registry.locate(`${name}:all`)];
      await crane('push', join(archives, 'docker-20.10-one.tar'), one);
      await crane('push', '--index', await unpack(), all);
      for (const reference of [one, all]) await crane('validate', '--remote', reference);
      expect((await crane('digest', all)).stdout.trim()).toBe(await registry.findDigest(name, 'all'));
      const tags = (await crane('ls', registry.locate(name))).stdout.trim().split('\n');
      expect(tags.sort()).toEqual(['all', 'one']);
      const repositories = (await crane('catalog', registry.host)).stdout.trim().split('\n');
      expect(repositories).toContain(name);
      const layout = join(registry.sandbox.makeDirectory('pulled'), 'layout');
      await crane('pull', '--format', 'oci', all, layout);
      // crane takes index.json itself for the index, so its digest is there too.
      const contents = await listContents(registry.sandbox, multi);
      expect(await listContents(registry.sandbox, layout)).toEqual(expect.arrayContaining([...contents]));
    });

    test('pages through tags and repositories by the links of the registry', async () => {
      const name = await registry.create('private/pages');
      await crane('push', '--index', await unpack(), registry.locate(`${name}:0`));
      const numbers = Array.from({ length: 120 }, (_, index) => String(index));
      for (const number of numbers.slice(1)) await crane('tag', registry.locate(`${name}:0`), number);
      const tags = (await crane('ls', registry.locate(name))).stdout.trim().split('\n');
      expect(tags.sort()).toEqual(numbers.sort());
      for (const number of numbers) await registry.create(`private/page-${number}`);
      const repositories = (await crane('catalog', registry.host)).stdout.trim().split('\n');
      expect(repositories).toEqual(expect.arrayContaining(numbers.map((number) => `private/page-${number}`)));
      expect(new Set(repositories).size).toBe(repositories.length);
    });

    test('copies between repositories by mounting, if the account has that enabled, else by uploading', async () => {
      const from = await registry.create('private/from');
      await crane('push', '--index', await unpack(), registry.locate(`${from}:1`));
      for (const value of ['DISABLED', 'ENABLED']) {
        await registry.call('PutAccountSetting', { name: 'BLOB_MOUNTING', value });
        const to = await registry.create(`private/to-${value.toLowerCase()}`);
        await crane('copy', registry.locate(`${from}:1`), registry.locate(`${to}:1`));
        await crane('validate', '--remote', registry.locate(`${to}:1`));
        expect(await registry.findDigest(to, '1')).toBe(await registry.findDigest(from, '1'));
        const uploads = new RegExp(`^POST /v2/${to}/blobs/uploads/`);
        const [mounted, started] = [201, 202].map((status) => registry.countAnswers(uploads, status));
        if (value === 'ENABLED') expect([mounted, started]).toEqual([expect.any(Number), 0]);
        else expect([mounted, started]).toEqual([0, expect.any(Number)]);
        expect((mounted ?? 0) + (started ?? 0)).toBeGreaterThan(0);
      }
    });
  });

  describeWithClients('oras', ['oras'], () => {
    const oras = (...options: readonly string[]) => registry.sandbox.run(requireClient('oras'), ...options);

    test('pushes an artifact, attaches another to it, discovers and pulls both', async () => {
      const reference = registry.locate(`${await registry.create('private/oras')}:1`);
      const directory = registry.sandbox.makeDirectory('artifact');
      writeFileSync(join(directory, 'notes.txt'), 'what it is');
      const given = [reference, `${join(directory, 'notes.txt')}:text/plain`];
      const artifact = ['--plain-http', '--disable-path-validation', '--artifact-type'];
      await oras('push', ...artifact, 'application/vnd.example', ...given);
      await oras('attach', ...artifact, 'application/vnd.example.note', ...given);
      const found = await oras('discover', '--plain-http', '--format', 'json', reference);
      const referrers = [{ artifactType: 'application/vnd.example.note' }];
      expect(JSON.parse(found.stdout).referrers).toMatchObject(referrers);
      writeFileSync(join(directory, 'notes.txt'), 'changed');
      const pulled = registry.sandbox.makeDirectory('pulled');
      await oras('pull', '--plain-http', '--allow-path-traversal', '--output', pulled, reference);
      // `oras pull` writes a file to its original path.
      expect(readFileSync(join(directory, 'notes.txt'), 'utf8')).toBe('what it is');
      const listed = await oras('repo', 'ls', '--plain-http', registry.host);
      expect(listed.stdout.split('\n')).toContain('private/oras');
    });
  });

  describeWithClients('regctl', ['regctl', 'tar'], () => {
    const regctl = (...options: readonly string[]) =>
      registry.sandbox.run(requireClient('regctl'), ...options);

    test('copies a layout in and out, and cannot move an immutable tag', async () => {
      const name = await registry.create('private/regctl', IMMUTABLE);
      const layout = await unpack();
      const { rootDigest = '' } = await readSource(registry.sandbox, multi);
      await regctl('image', 'copy', `ocidir://${layout}@${rootDigest}`, registry.locate(`${name}:1`));
      expect(await registry.findDigest(name, '1')).toBe(rootDigest);
      expect((await regctl('tag', 'ls', registry.locate(name))).stdout).toBe('1\n');
      const listed = await regctl('repo', 'ls', '--limit', '1000', registry.host);
      expect(listed.stdout.split('\n')).toContain(name);
      const pulled = join(registry.sandbox.makeDirectory('pulled'), 'layout');
      await regctl('image', 'copy', registry.locate(`${name}:1`), `ocidir://${pulled}:1`);
      const source = await readSource(registry.sandbox, multi);
      expect((await readSource(registry.sandbox, pulled)).images).toEqual(source.images);
      const [child = ''] = source.images.map((image) => image.manifestDigest ?? '');
      await expect(
        regctl('image', 'copy', `ocidir://${layout}@${child}`, registry.locate(`${name}:1`)),
      ).rejects.toThrow(/400|immutable/);
      expect(await registry.findDigest(name, '1')).toBe(rootDigest);
    });
  });

  describeWithClients('helm', ['helm'], () => {
    const helm = (...options: readonly string[]) => registry.sandbox.run(requireClient('helm'), ...options);

    test('pushes a chart and pulls it', async () => {
      await registry.create('private/chart');
      const directory = registry.sandbox.makeDirectory('chart');
      mkdirSync(join(directory, 'chart'));
      const chart = 'apiVersion: v2\nname: chart\nversion: 1.2.3+build.4\n';
      writeFileSync(join(directory, 'chart', 'Chart.yaml'), chart);
      await helm('package', join(directory, 'chart'), '--destination', directory);
      const file = join(directory, 'chart-1.2.3+build.4.tgz');
      await helm('push', '--plain-http', file, `oci://${registry.locate('private')}`);
      expect(await registry.findDigest('private/chart', '1.2.3_build.4')).toBeDefined();
      const pulled = registry.sandbox.makeDirectory('pulled');
      const version = ['--version', '1.2.3+build.4', '--destination', pulled];
      await helm('pull', '--plain-http', `oci://${registry.locate('private/chart')}`, ...version);
      const bytes = readFileSync(join(pulled, 'chart-1.2.3+build.4.tgz'));
      expect(digestOf(bytes)).toBe(digestOf(readFileSync(file)));
    });
  });
});
