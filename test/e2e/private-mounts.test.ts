import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { callPrivate } from '../support/call-api.ts';
import { type CliResult, runCli } from '../support/cli.ts';
import { writeOciLayout } from '../support/image-writers.ts';
import { type GeneratedImage, makeImage } from '../support/images.ts';
import { privateOf } from '../support/signed-request.ts';
import { startWorkplace } from '../support/workplace.ts';

// Copies within one registry of private ECR, of an account that has switched on BLOB_MOUNTING.

const { home, emulator } = await startWorkplace({ private: {} });
const { privateRegistryHost: host = '' } = emulator;
const env = { ...home.env, ...emulator.env };
const run = (...argv: string[]): Promise<CliResult> => runCli(argv, { env });
let image: GeneratedImage;

beforeAll(async () => {
  const setting = { name: 'BLOB_MOUNTING', value: 'ENABLED' };
  await callPrivate(privateOf(emulator), 'PutAccountSetting', setting);
  image = await makeImage({ seed: 1, layers: [{ size: 2 * 1024 * 1024 }, { size: 3 * 1024 * 1024 }] });
  const directory = join(home.directory, 'layout');
  await writeOciLayout(directory, [image]);
  expect(await run('push', directory, `${host}/from:1`, '--create-repo')).toMatchObject({ status: 0 });
});

/** Copies, and returns the operations and the mounts of it. */
async function copy(...argv: string[]) {
  const before = emulator.requests.length;
  const result = await run('copy', ...argv, '--create-repo', '--json');
  const requests = emulator.requests.slice(before);
  const count = (name: string): number => requests.filter(({ operation }) => operation === name).length;
  const mounts = requests.filter(({ route }) => route?.startsWith('POST /v2/')).map(({ status }) => status);
  return { result, count, mounts };
}

it.each(['api', 'registry'])('layers are mounted, and no byte of them travels (%s)', async (transport) => {
  const to = `${host}/to/${transport}`;
  const { result, count, mounts } = await copy(`${host}/from:1`, to, '--verify', '--transport', transport);
  expect(result).toMatchObject({ status: 0 });
  expect(result.json()).toMatchObject({ imageDigest: image.descriptor.digest });
  expect(mounts.slice(0, 2)).toEqual([201, 201]);
  expect(count('UploadLayerPart')).toBeLessThan(2);
  expect(result.stderr).toContain(`${host} mounts blobs of ${host}/from, so they do not travel.`);
});

it('what only --verify reads is read, and of another registry nothing is mounted', async () => {
  const within = await copy(`${host}/from:1`, `${host}/quiet:1`);
  expect(within.count('GetDownloadUrlForLayer')).toBeLessThan(2);
  const across = await copy(`${host}/from:1`, 'across', '--yes');
  expect(across.result).toMatchObject({ status: 0 });
  expect(across.mounts).toEqual([]);
  expect(across.count('GetAuthorizationToken')).toBe(0);
});

it('where the registry may not be asked, layers travel as before', async () => {
  const aws = `${emulator.registryId}.dkr.ecr.us-east-1.amazonaws.com`;
  const { result, mounts } = await copy(`${aws}/from:1`, `${aws}/apart:1`);
  expect(result.json()).toMatchObject({ layers: { uploaded: 3 } });
  expect(mounts).toEqual([]);
});
