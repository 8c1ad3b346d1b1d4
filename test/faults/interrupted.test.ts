import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { type CliResult, runBuiltCli, spawnCli } from '../support/cli.ts';
import { setFaults } from '../support/emulator.ts';
import { writeDockerArchive, writeOciLayout } from '../support/image-writers.ts';
import { makeImage, makeIndex } from '../support/images.ts';
import { startWorkplace } from '../support/workplace.ts';
import { Puller } from './puller.ts';

const MIB = 1024 * 1024;
const TAGS = ['1.0', 'latest'];

const { home, emulator } = await startWorkplace();
const puller = new Puller(emulator);
let count = 0;
let repositoryName: string;
beforeAll(async () => {
  const [amd64, arm64] = await Promise.all(
    (['amd64', 'arm64'] as const).map((architecture, position) =>
      makeImage({
        seed: position,
        layers: [{ size: 5.125 * MIB }, { size: 1000 }],
        platform: { os: 'linux', architecture },
      }),
    ),
  );
  if (!amd64 || !arm64) throw new Error('two images were made');
  await writeOciLayout(join(home.directory, 'oci'), [makeIndex([amd64, arm64])]);
  await writeDockerArchive(join(home.directory, 'archive.tar'), [amd64], { style: 'skopeo' });
});
beforeEach(() => {
  count += 1;
  repositoryName = `interrupted/r${count}`;
});

interface PushSettings {
  readonly env?: Readonly<Record<string, string>>;
  readonly options?: readonly string[];
  readonly stdin?: Buffer;
}

function compose(source: string, { env = {}, options = [] }: PushSettings) {
  const argv = ['push', source, `${repositoryName}:1.0`, '-t', 'latest', '--create-repo'];
  const fixed = ['--part-size', '5', '--concurrency', '2'];
  const state = { ECRP_STATE_DIR: join(home.directory, repositoryName) };
  const cache = { ECRP_CACHE_DIR: join(home.directory, repositoryName, 'cache') };
  const whole = { ...home.env, ...emulator.env, ...state, ...cache, ...env };
  return [[...argv, ...fixed, ...options], { env: whole, cwd: home.directory }] as const;
}

function start(source: string, settings: PushSettings = {}) {
  const [argv, place] = compose(source, settings);
  const { stdin } = settings;
  return spawnCli(argv, { ...place, ...(stdin && { stdin, keepStdinOpen: true }) });
}

function pushAgain(source: string, ...options: readonly string[]): Promise<CliResult> {
  return runBuiltCli(...compose(source, { options }));
}

/** Sends SIGTERM to a push as soon as `hasCome` is true. */
async function interrupt(
  { child, ended }: ReturnType<typeof start>,
  hasCome: () => boolean,
): Promise<CliResult> {
  while (!hasCome() && child.exitCode === null) await sleep(2);
  child.kill('SIGTERM');
  return ended;
}

/** Expects the error, no incomplete tag, and that the same push succeeds again. */
async function expectInterrupted(result: CliResult, source: string): Promise<void> {
  expect(result, result.stderr).toMatchObject({ status: 143, stdout: '' });
  expect(result.stderr).toContain('interrupted by SIGTERM');
  await setFaults(emulator, []);
  for (const tag of TAGS) expect(await puller.findHole(repositoryName, tag)).toBeUndefined();
  const again = await pushAgain(source, '--verify', '--json');
  expect(again.status, again.stderr).toBe(0);
  for (const tag of TAGS) {
    expect(await puller.findDigest(repositoryName, tag)).toBe(again.json().imageDigest);
  }
}

describe('SIGTERM in the middle of a push: status 143, and the next push resumes', () => {
  test.each([
    ['looking for the registry', 'archive.tar', 'DescribeRegistries stall on=1'],
    ['asking what is there', 'oci', 'BatchCheckLayerAvailability stall on=1'],
    ['creating the repository', 'oci', 'CreateRepository stall on=1'],
    ['beginning an upload', 'oci', 'InitiateLayerUpload stall on=2'],
    ['sending a config', 'oci', 'UploadLayerPart stall on=1'],
    ['sending a part of a layer', 'oci', 'UploadLayerPart stall on=2'],
    ['sending a part of a layer that is compressed on the way', 'archive.tar', 'UploadLayerPart stall on=3'],
    ['completing a layer', 'oci', 'CompleteLayerUpload stall on=1'],
    ['completing the last layer', 'oci', 'CompleteLayerUpload stall on=6'],
    ['putting the manifest of a platform', 'oci', 'PutImage stall on=2'],
    ['putting the index with its first tag', 'oci', 'PutImage stall on=3'],
    ['putting another tag', 'oci', 'PutImage stall on=4'],
  ])('%s', async (_phase, source, rule) => {
    await setFaults(emulator, [rule]);
    const since = emulator.requests.length;
    const hasCome = () => emulator.requests.slice(since).some(({ status }) => status === 0);
    await expectInterrupted(await interrupt(start(source), hasCome), source);
  });

  test('acknowledged parts are not sent again', async () => {
    const image = await makeImage({ seed: 2, layers: [{ size: 10.125 * MIB }, { size: 1000 }] });
    await writeDockerArchive(join(home.directory, 'three-parts.tar'), [image], { style: 'skopeo' });
    // The third part of the layer. The config is sent before it.
    await setFaults(emulator, ['UploadLayerPart stall every=4']);
    const since = emulator.requests.length;
    const hasCome = () => emulator.requests.slice(since).some(({ status }) => status === 0);
    const result = await interrupt(start('three-parts.tar', { options: ['--concurrency', '1'] }), hasCome);
    expect(result.status).toBe(143);
    await setFaults(emulator, []);
    const again = await pushAgain('three-parts.tar', '--json');
    expect(again.json().bytes).toMatchObject({ resumed: 10 * MIB });
  });

  test('compressing the first part of a layer', async () => {
    // 40 MiB that compress to less than a part: nothing is sent before all are compressed.
    const content = Buffer.alloc(40 * MIB, 'all the same, and so short when it is compressed; ');
    const image = await makeImage({ seed: 9, layers: [{ content, compression: 'none' }] });
    await writeDockerArchive(join(home.directory, 'long.tar'), [image], { style: 'skopeo' });
    const since = emulator.requests.length;
    const hasCome = () =>
      emulator.requests.slice(since).some(({ operation }) => operation === 'InitiateLayerUpload');
    await expectInterrupted(await interrupt(start('long.tar'), hasCome), 'long.tar');
  });

  test('reading standard input', async () => {
    const bytes = await readFile(join(home.directory, 'archive.tar'));
    const started = start('-', { stdin: bytes.subarray(0, 300_000) });
    await expectInterrupted(await interrupt(started, isReading(started)), 'archive.tar');
  });

  test('waiting for credentials', async () => {
    const asked = join(home.directory, 'asked');
    // Returns none until its caller has ended.
    const script = `require('node:fs').writeFileSync(${JSON.stringify(asked)}, '');
const asker = process.ppid;
setInterval(() => process.ppid === asker || process.exit(), 100);`;
    await writeFile(join(home.directory, 'wait.cjs'), script);
    const command = `"${process.execPath}" "${join(home.directory, 'wait.cjs')}"`;
    const config = join(home.directory, 'aws-config');
    await writeFile(config, `[profile slow]\ncredential_process = ${command}\n`);
    const started = start('oci', {
      env: { AWS_CONFIG_FILE: config },
      options: ['--profile', 'slow'],
    });
    await expectInterrupted(await interrupt(started, () => existsSync(asked)), 'oci');
  });

  test('reading the image back', async () => {
    let questions = 0;
    const server = createServer(() => {
      // Gets no answer.
      questions += 1;
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    // It listens on TCP.
    const { port } = server.address() as AddressInfo;
    const started = start('oci', {
      env: { ECRP_REGISTRY_HOST: `127.0.0.1:${port}` },
      options: ['--verify'],
    });
    await expectInterrupted(await interrupt(started, () => questions > 0), 'oci');
  });
});

/** True if the program reads its pipe: the pipe has less than was written. */
function isReading({ child }: ReturnType<typeof start>): () => boolean {
  return () => child.stdin?.writableLength === 0;
}
