import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { callApi } from '../support/call-api.ts';
import { describeWithClients, requireClient } from './support/clients.ts';
import { logInGoClients } from './support/go-clients.ts';
import { readSource } from './support/image-facts.ts';
import { Sandbox } from './support/sandbox.ts';

// The clients of `.ci/go-clients` push to the emulator, and pull their own images and those of ecrp.

const archives = join(import.meta.dirname, '../../fixtures/archives');
const multi = join(archives, 'skopeo-multi-oci.tar');

describe('clients written in Go', () => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = await Sandbox.start();
    await logInGoClients(sandbox);
    await sandbox.push(multi, 'go/ours:1');
  });
  afterAll(() => sandbox.close());

  const create = async (repositoryName: string): Promise<string> => {
    await callApi(sandbox.emulator, 'CreateRepository', { repositoryName });
    return repositoryName;
  };
  /** Finds the digest of a tag in the service. */
  const findDigest = async (repositoryName: string, imageTag: string): Promise<string | undefined> => {
    const imageIds = [{ imageTag }];
    const { imageDetails } = await callApi(sandbox.emulator, 'DescribeImages', { repositoryName, imageIds });
    return imageDetails?.[0]?.imageDigest;
  };
  const unpack = async (archive: string): Promise<string> => {
    const directory = sandbox.makeDirectory('layout');
    await sandbox.run('tar', '--extract', '--file', archive, '--directory', directory);
    return directory;
  };

  describeWithClients('crane', ['crane', 'tar'], () => {
    const crane = (...options: readonly string[]) => sandbox.run(requireClient('crane'), ...options);

    test('pushes a docker-archive and an OCI layout, and finds both whole', async () => {
      const name = await create('go/crane');
      const [one, all] = [sandbox.locate(`${name}:one`), sandbox.locate(`${name}:all`)];
      await crane('push', join(archives, 'docker-20.10-one.tar'), one);
      await crane('push', '--index', await unpack(multi), all);
      for (const reference of [one, all]) await crane('validate', '--remote', reference);
      expect((await crane('digest', all)).stdout.trim()).toBe(await findDigest(name, 'all'));
      const { stdout } = await crane('ls', sandbox.locate(name));
      expect(stdout.trim().split('\n').sort()).toEqual(['all', 'one']);
    });

    test('pulls what ecrp pushed', async () => {
      const reference = sandbox.locate('go/ours:1');
      await crane('validate', '--remote', reference);
      const layout = join(sandbox.makeDirectory('pulled'), 'layout');
      await crane('pull', '--format', 'oci', reference, layout);
      const { images } = await readSource(sandbox, layout);
      expect(images).toEqual((await readSource(sandbox, multi)).images);
    });
  });

  describeWithClients('oras', ['oras', 'tar'], () => {
    const oras = (...options: readonly string[]) => sandbox.run(requireClient('oras'), ...options);

    test('pushes an artifact, attaches another to it, and pulls both', async () => {
      const reference = sandbox.locate(`${await create('go/oras')}:1`);
      const [directory, pulled] = [sandbox.makeDirectory('artifact'), sandbox.makeDirectory('pulled')];
      writeFileSync(join(directory, 'notes.txt'), 'what it is');
      const given = [reference, `${join(directory, 'notes.txt')}:text/plain`];
      const artifact = ['--plain-http', '--disable-path-validation', '--artifact-type'];
      await oras('push', ...artifact, 'application/vnd.example', ...given);
      await oras('attach', ...artifact, 'application/vnd.example.note', ...given);
      const found = await oras('discover', '--plain-http', '--format', 'json', reference);
      expect(JSON.parse(found.stdout).referrers).toMatchObject([
        { artifactType: 'application/vnd.example.note' },
      ]);
      // `oras pull` writes a file to its original path.
      writeFileSync(join(directory, 'notes.txt'), 'changed');
      await oras('pull', '--plain-http', '--allow-path-traversal', '--output', pulled, reference);
      expect(readFileSync(join(directory, 'notes.txt'), 'utf8')).toBe('what it is');
    });

    test('copies a layout in, and what ecrp pushed out', async () => {
      const name = await create('go/oras-copy');
      const digest = await findDigest('go/ours', '1');
      const source = `${await unpack(multi)}@${digest}`;
      const target = sandbox.locate(`${name}:1`);
      await oras('cp', '--from-oci-layout', source, '--to-plain-http', target);
      expect(await findDigest(name, '1')).toBe(digest);
      const layout = join(sandbox.makeDirectory('pulled'), 'layout');
      const ours = sandbox.locate('go/ours:1');
      await oras('cp', '--from-plain-http', ours, '--to-oci-layout', `${layout}:1`);
      expect((await readSource(sandbox, layout)).images).toEqual((await readSource(sandbox, multi)).images);
    });
  });

  describeWithClients('regctl', ['regctl', 'tar'], () => {
    const regctl = (...options: readonly string[]) => sandbox.run(requireClient('regctl'), ...options);

    test('copies a layout in, and what ecrp pushed out', async () => {
      const name = await create('go/regctl');
      const digest = await findDigest('go/ours', '1');
      await regctl('image', 'copy', `ocidir://${await unpack(multi)}@${digest}`, sandbox.locate(`${name}:1`));
      expect(await findDigest(name, '1')).toBe(digest);
      expect((await regctl('tag', 'ls', sandbox.locate(name))).stdout).toBe('1\n');
      const layout = join(sandbox.makeDirectory('pulled'), 'layout');
      await regctl('image', 'copy', sandbox.locate('go/ours:1'), `ocidir://${layout}:1`);
      expect((await readSource(sandbox, layout)).images).toEqual((await readSource(sandbox, multi)).images);
    });
  });

  describeWithClients('helm', ['helm'], () => {
    const helm = (...options: readonly string[]) => sandbox.run(requireClient('helm'), ...options);

    test('pushes a chart and pulls it', async () => {
      await create('go/chart');
      const directory = sandbox.makeDirectory('chart');
      mkdirSync(join(directory, 'chart'));
      const chart = 'apiVersion: v2\nname: chart\nversion: 1.2.3+build.4\n';
      writeFileSync(join(directory, 'chart', 'Chart.yaml'), chart);
      await helm('package', join(directory, 'chart'), '--destination', directory);
      const file = join(directory, 'chart-1.2.3+build.4.tgz');
      await helm('push', '--plain-http', file, `oci://${sandbox.locate('go')}`);
      expect(await findDigest('go/chart', '1.2.3_build.4')).toBeDefined();
      const pulled = sandbox.makeDirectory('pulled');
      const version = ['--version', '1.2.3+build.4', '--destination', pulled];
      await helm('pull', '--plain-http', `oci://${sandbox.locate('go/chart')}`, ...version);
      expect(readFileSync(join(pulled, 'chart-1.2.3+build.4.tgz')).equals(readFileSync(file))).toBe(true);
    });
  });
});
