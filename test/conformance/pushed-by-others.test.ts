import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { callApi } from '../support/call-api.ts';
import { describeWithClients, requireClient } from './support/clients.ts';
import { readFetched } from './support/image-facts.ts';
import { makeRootTar } from './support/made-image.ts';
import { pullWithPodman, runPodman } from './support/podman.ts';
import { Sandbox } from './support/sandbox.ts';
import { copyWithSkopeo, fetchWithSkopeo } from './support/skopeo.ts';

const archives = join(import.meta.dirname, '../../fixtures/archives');

describeWithClients('images that skopeo and podman push to the emulator', ['skopeo', 'podman', 'tar'], () => {
  let sandbox: Sandbox;
  let password: string;
  beforeAll(async () => {
    sandbox = await Sandbox.start();
    password = (await sandbox.ecrp('token', '--password')).stdout.trim();
  });
  afterAll(() => sandbox.close());

  const create = async (repositoryName: string): Promise<string> => {
    await callApi(sandbox.emulator, 'CreateRepository', { repositoryName });
    return repositoryName;
  };
  const describe = async (repositoryName: string) =>
    (await callApi(sandbox.emulator, 'DescribeImages', { repositoryName })).imageDetails ?? [];
  const credentials = () => `AWS:${password}`;
  const skopeo = (command: string, ...options: readonly string[]) =>
    sandbox.run(requireClient('skopeo'), command, '--tls-verify=false', '--creds', credentials(), ...options);
  const copy = (source: string, reference: string, ...options: readonly string[]) =>
    copyWithSkopeo(
      sandbox,
      source,
      `docker://${sandbox.locate(reference)}`,
      '--dest-creds',
      credentials(),
      ...options,
    );

  test('skopeo pushes an index, inspects it, lists tags, deletes', async () => {
    const name = await create('others/skopeo');
    const source = `oci-archive:${join(archives, 'skopeo-multi-oci.tar')}`;
    await copy(source, `${name}:1.0`, '--all', '--preserve-digests');
    await copy(source, `${name}:latest`, '--all', '--preserve-digests');
    const fetched = readFetched(await fetchWithSkopeo(sandbox, `${name}:1.0`));
    expect(fetched.images.length).toBeGreaterThan(1);
    const images = await describe(name);
    expect(images).toHaveLength(fetched.images.length + 1);
    expect(images.find((image) => image.imageDigest === fetched.rootDigest)).toMatchObject({
      imageTags: ['1.0', 'latest'],
    });

    const reference = `docker://${sandbox.locate(name)}`;
    const inspected = JSON.parse((await skopeo('inspect', `${reference}:latest`)).stdout);
    expect(inspected).toMatchObject({ Name: sandbox.locate(name), RepoTags: ['1.0', 'latest'] });
    expect(JSON.parse((await skopeo('list-tags', reference)).stdout).Tags).toEqual(['1.0', 'latest']);
    await skopeo('delete', `${reference}:latest`);
    expect((await describe(name)).map((image) => image.imageDigest)).not.toContain(fetched.rootDigest);
  });

  test('podman logs in, pushes, pulls, and pushes the same image again', async () => {
    const name = await create('others/podman');
    await runPodman(sandbox, 'import', '--quiet', await makeRootTar(sandbox), 'localhost/others:1');
    const authfile = join(sandbox.makeDirectory('login'), 'auth.json');
    const { registryHost } = sandbox.emulator;
    const login = ['login', '--authfile', authfile, '--tls-verify=false', '--username', 'AWS'];
    await runPodman(sandbox, ...login, '--password', password, registryHost);
    const push = ['push', '--quiet', '--authfile', authfile, '--tls-verify=false', 'localhost/others:1'];
    for (const _ of ['new', 'there already']) await runPodman(sandbox, ...push, sandbox.locate(`${name}:1`));
    const [image, ...others] = await describe(name);
    expect(others).toEqual([]);
    expect(image).toMatchObject({ imageTags: ['1'] });
    expect((await pullWithPodman(sandbox, `${name}:1`)).manifestDigests).toContain(image?.imageDigest);
  });

  test('without a login, clients can pull but not push', async () => {
    const name = await create('others/anonymous');
    const source = `oci-archive:${join(archives, 'skopeo-oci.tar')}`;
    await expect(copyWithSkopeo(sandbox, source, `docker://${sandbox.locate(`${name}:1`)}`)).rejects.toThrow(
      /denied|unauthorized/i,
    );
    expect(await describe(name)).toEqual([]);
    await copy(source, `${name}:1`);
    expect(readFetched(await fetchWithSkopeo(sandbox, `${name}:1`)).images).toHaveLength(1);
  });

  test('ten clients push at once, into one repository and into many', async () => {
    const source = `oci-archive:${join(archives, 'skopeo-multi-oci.tar')}`;
    const shared = await create('others/shared');
    const names = await Promise.all(Array.from({ length: 5 }, (_, at) => create(`others/own${at}`)));
    const references = [...names.map((name) => `${name}:1`), ...names.map((_, at) => `${shared}:v${at}`)];
    await Promise.all(references.map((reference) => copy(source, reference, '--all', '--preserve-digests')));
    const roots = await Promise.all(
      references.map(async (reference) => readFetched(await fetchWithSkopeo(sandbox, reference))),
    );
    for (const root of roots) expect(root).toEqual(roots[0]);
    const tags = (await describe(shared)).flatMap((image) => image.imageTags ?? []);
    expect(tags.sort()).toEqual(['v0', 'v1', 'v2', 'v3', 'v4']);
  });
});

describeWithClients('skopeo and the emulator in the mode of the OCI specification', ['skopeo'], () => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = await Sandbox.start('--registry-mode', 'oci');
  });
  afterAll(() => sandbox.close());

  test('an index is pushed to two repositories, listed, deleted', async () => {
    const credentials = `AWS:${(await sandbox.ecrp('token', '--password')).stdout.trim()}`;
    const source = `oci-archive:${join(archives, 'skopeo-multi-oci.tar')}`;
    const [first, second] = ['mode/first', 'mode/second'];
    for (const repositoryName of [first, second]) {
      await callApi(sandbox.emulator, 'CreateRepository', { repositoryName });
      const place = `docker://${sandbox.locate(`${repositoryName}:1`)}`;
      const options = ['--dest-creds', credentials, '--all', '--preserve-digests'];
      await copyWithSkopeo(sandbox, source, place, ...options);
    }
    const fetched = readFetched(await fetchWithSkopeo(sandbox, `${first}:1`));
    expect(readFetched(await fetchWithSkopeo(sandbox, `${second}:1`))).toEqual(fetched);
    const reference = `docker://${sandbox.locate(first)}`;
    const ask = (command: string, name: string) =>
      sandbox.run(requireClient('skopeo'), command, '--tls-verify=false', '--creds', credentials, name);
    expect(JSON.parse((await ask('list-tags', reference)).stdout).Tags).toEqual(['1']);
    await ask('delete', `${reference}:1`);
    const { imageDetails = [] } = await callApi(sandbox.emulator, 'DescribeImages', {
      repositoryName: first,
    });
    expect(imageDetails.map((image) => image.imageDigest)).not.toContain(fetched.rootDigest);
  });
});
