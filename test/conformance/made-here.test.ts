import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeWithClients } from './support/clients.ts';
import { readFetched, readSource } from './support/image-facts.ts';
import { JUDGES, judgePush } from './support/judge.ts';
import { IN_PARTS, makeRootTar } from './support/made-image.ts';
import { runPodman } from './support/podman.ts';
import { Sandbox } from './support/sandbox.ts';
import { copyWithSkopeo, fetchWithSkopeo } from './support/skopeo.ts';

describeWithClients('images made here by podman and skopeo', JUDGES, () => {
  let sandbox: Sandbox;
  let archive: string;
  beforeAll(async () => {
    sandbox = await Sandbox.start();
    archive = join(sandbox.makeDirectory('podman'), 'image.tar');
    await runPodman(sandbox, 'import', '--quiet', await makeRootTar(sandbox), 'localhost/made:1');
    await runPodman(
      sandbox,
      'save',
      '--quiet',
      '--format',
      'oci-archive',
      '--output',
      archive,
      'localhost/made:1',
    );
  });
  afterAll(() => sandbox.close());

  async function pushAndJudge(source: string, repository: string): Promise<void> {
    const reference = `made/${repository}:1`;
    const result = await sandbox.push(source, reference, ...IN_PARTS);
    await judgePush(sandbox, reference, result, await readSource(sandbox, source));
  }

  test('podman save --format oci-archive', () => pushAndJudge(archive, 'podman-oci-archive'));

  test.each(['docker-archive', 'oci-archive'])(
    'podman save --format %s through a pipe, without a temporary file',
    async (format) => {
      const file = join(sandbox.makeDirectory(format), 'image');
      await runPodman(sandbox, 'save', '--quiet', '--format', format, '--output', file, 'localhost/made:1');
      const result = await sandbox.pushPiped(['cat', file], `made/piped-${format}:1`, ...IN_PARTS);
      await judgePush(sandbox, `made/piped-${format}:1`, result, await readSource(sandbox, file));
    },
  );

  test.each(['docker-archive', 'oci-dir'])('podman save --format %s', async (format) => {
    const file = join(sandbox.makeDirectory(format), 'image');
    await runPodman(sandbox, 'save', '--quiet', '--format', format, '--output', file, 'localhost/made:1');
    await pushAndJudge(file, `podman-${format}`);
  });

  test('podman manifest push --all: an index', async () => {
    const index = 'localhost/index:1';
    const other = join(import.meta.dirname, '../../fixtures/archives/skopeo-oci.tar');
    await runPodman(sandbox, 'manifest', 'create', index);
    await runPodman(sandbox, 'manifest', 'add', index, `oci-archive:${archive}`);
    await runPodman(sandbox, 'manifest', 'add', '--arch', 'arm64', index, `oci-archive:${other}`);
    const layout = join(sandbox.makeDirectory('index'), 'layout');
    await runPodman(sandbox, 'manifest', 'push', '--quiet', '--all', index, `oci:${layout}:1`);
    const source = await readSource(sandbox, layout);
    expect(source.images).toHaveLength(2);
    const result = await sandbox.push(layout, 'made/podman-index:1', ...IN_PARTS);
    expect(result.imageDigest).toBe(source.rootDigest);
    expect(readFetched(await fetchWithSkopeo(sandbox, 'made/podman-index:1'))).toEqual(source);
  });

  test.each([
    ['docker-archive', 'docker-archive:', ':made/app:1', []],
    ['oci-archive', 'oci-archive:', ':1', []],
    ['oci', 'oci:', ':1', []],
    ['oci uncompressed', 'oci:', ':1', ['--dest-decompress', '--dest-oci-accept-uncompressed-layers']],
    ['oci zstd', 'oci:', ':1', ['--dest-compress', '--dest-compress-format', 'zstd']],
  ])('skopeo copy to %s', async (title, transport, name, options) => {
    const slug = title.replaceAll(' ', '-');
    const file = join(sandbox.makeDirectory(slug), 'image');
    await copyWithSkopeo(sandbox, `oci-archive:${archive}`, `${transport}${file}${name}`, ...options);
    await pushAndJudge(file, `skopeo-${slug}`);
  });

  test('skopeo copy to docker-archive: names at the registry host need no reference', async () => {
    const file = join(sandbox.makeDirectory('named'), 'image.tar');
    const name = sandbox.locate('made/named:1.2');
    await copyWithSkopeo(sandbox, `oci-archive:${archive}`, `docker-archive:${file}:${name}`);
    const result = await sandbox.push(file, ...IN_PARTS);
    expect(result.reference).toContain(name);
    await judgePush(sandbox, 'made/named:1.2', result, await readSource(sandbox, file));
  });
});
