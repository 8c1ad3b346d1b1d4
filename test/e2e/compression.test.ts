import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as zlib from 'node:zlib';
import { expect, it } from 'vitest';
import { runCli } from '../support/cli.ts';
import { listArchiveItems } from '../support/image-writers.ts';
import { makeImage, packTar } from '../support/images.ts';
import { startWorkplace } from '../support/workplace.ts';

const one = join(import.meta.dirname, '..', '..', 'fixtures', 'archives', 'docker-20.10-one.tar');

const { home, emulator } = await startWorkplace();

function push(...options: string[]) {
  const argv = ['push', one, 'app:1.0', '--create-repo', '--json', ...options];
  return runCli(argv, { env: { ...home.env, ...emulator.env } });
}

it('zstd makes zstd layers where Node has it, and is a usage error that names the Node where not', async () => {
  const first = await push('--compression', 'zstd', '--verify');
  if (!('zstdCompress' in zlib)) {
    expect(first.status).toBe(2);
    expect(first.json().error).toMatchObject({ message: expect.stringContaining('Node 22.15') });
    expect(emulator.count('InitiateLayerUpload')).toBe(0);
    return;
  }
  expect(first.json()).toMatchObject({
    imageManifestMediaType: 'application/vnd.oci.image.manifest.v1+json',
    layers: { total: 5, uploaded: 5 },
    verified: { blobs: 5 },
  });
  const gzip = await push();
  expect(gzip.json()).toMatchObject({ layers: { uploaded: 4, existing: 1 }, tags: [{ status: 'moved' }] });
  const again = await push('--compression', 'zstd');
  expect(again.json()).toMatchObject({
    imageDigest: first.json().imageDigest,
    layers: { uploaded: 0 },
    tags: [{ status: 'moved' }],
  });
});

it.each([
  ['--compression-level', '10'],
  ['--compression', 'zstd', '--compression-level', '20'],
  ['--compression', 'none', '--compression-level', '1'],
  ['--compression', 'xz'],
])('a usage error: %s %s %s %s', async (...options) => {
  expect(await push(...options.filter(Boolean))).toMatchObject({ status: 2 });
});

it.each([
  ['named by their digests: another machine reads them', (name: string) => name, 0],
  ['with other names: another machine sends them again', (name: string) => `layer-${name}`, 2],
])('layers that are compressed in an archive, %s', async (_, rename, sentElsewhere) => {
  const image = await makeImage({ seed: 3, layers: [{ size: 3000 }, { size: 20 }] });
  const items = listArchiveItems([image], 'crane').map((item) => {
    if (item.name.endsWith('.tar.gz')) return { ...item, name: rename(item.name) };
    if (item.name !== 'manifest.json') return item;
    const text = String(item.content).replaceAll(
      /"([0-9a-f]{64}\.tar\.gz)"/g,
      (_all, name) => `"${rename(name)}"`,
    );
    return { ...item, content: Buffer.from(text) };
  });
  const path = join(home.directory, `packed-${sentElsewhere}.tar`);
  await writeFile(path, await packTar(items));
  const pushAs = async (cache: string) => {
    const env = {
      ...home.env,
      ...emulator.env,
      ECRP_CACHE_DIR: join(home.directory, `${cache}-${sentElsewhere}`),
    };
    const reference = `packed/r${sentElsewhere}:1`;
    return (await runCli(['push', path, reference, '--create-repo', '--json'], { env })).json();
  };
  const first = await pushAs('here');
  expect(first).toMatchObject({ layers: { total: 3, uploaded: 3 } });
  const { imageDigest } = first;
  const unchanged = { imageDigest, layers: { total: 3, uploaded: 0 }, tags: [{ status: 'unchanged' }] };
  expect(await pushAs('here')).toMatchObject(unchanged);
  expect(await pushAs('elsewhere')).toMatchObject({ imageDigest, layers: { uploaded: sentElsewhere } });
});
