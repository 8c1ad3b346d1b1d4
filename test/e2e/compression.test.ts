import { join } from 'node:path';
import * as zlib from 'node:zlib';
import { expect, it } from 'vitest';
import { runCli } from '../support/cli.ts';
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
