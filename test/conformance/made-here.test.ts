import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeWithClients } from './support/clients.ts';
import { readSource } from './support/image-facts.ts';
import { JUDGES, judgePush } from './support/judge.ts';
import { IN_PARTS, makeRootTar } from './support/made-image.ts';
import { runPodman } from './support/podman.ts';
import { judgePushAgain } from './support/round-trip.ts';
import { type PushResult, Sandbox } from './support/sandbox.ts';
import { copyWithSkopeo } from './support/skopeo.ts';

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

  async function pushAndJudge(source: string, repository: string): Promise<PushResult> {
    const reference = `made/${repository}:1`;
    const result = await sandbox.push(source, reference, ...IN_PARTS);
    await judgePush(sandbox, reference, result, await readSource(sandbox, source));
    return result;
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

  test('podman pulls and saves an image, and a push of that changes nothing', async () => {
    const file = join(sandbox.makeDirectory('saved'), 'image.tar');
    const copy = join(sandbox.makeDirectory('copied'), 'image.tar');
    const save = ['save', '--quiet', '--format', 'docker-archive', '--output'];
    await runPodman(sandbox, ...save, file, 'localhost/made:1');
    const pushed = await sandbox.push(file, 'made/saved:1', ...IN_PARTS);
    const name = sandbox.locate('made/saved:1');
    await runPodman(sandbox, 'pull', '--quiet', '--tls-verify=false', name);
    await runPodman(sandbox, ...save, copy, name);
    await judgePushAgain(sandbox, copy, 'made/saved:1', pushed);
  });

  test.each([
    ['docker-archive', 'docker-archive:', ':made/app:1', []],
    ['oci-archive', 'oci-archive:', ':1', []],
    ['oci', 'oci:', ':1', []],
    ['oci uncompressed', 'oci:', ':1', ['--dest-decompress', '--dest-oci-accept-uncompressed-layers']],
    ['oci zstd', 'oci:', ':1', ['--dest-compress', '--dest-compress-format', 'zstd']],
    ['oci zstd-chunked', 'oci:', ':1', ['--dest-compress', '--dest-compress-format', 'zstd:chunked']],
  ])('skopeo copy to %s, and back', async (title, transport, name, options) => {
    const slug = title.replaceAll(' ', '-');
    const file = join(sandbox.makeDirectory(slug), 'image');
    const copy = join(sandbox.makeDirectory(slug), 'copy');
    await copyWithSkopeo(sandbox, `oci-archive:${archive}`, `${transport}${file}${name}`, ...options);
    const pushed = await pushAndJudge(file, `skopeo-${slug}`);
    const from = `docker://${sandbox.locate(`made/skopeo-${slug}:1`)}`;
    await copyWithSkopeo(sandbox, from, `${transport}${copy}${name}`);
    await judgePushAgain(sandbox, copy, `made/skopeo-${slug}:1`, pushed);
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
