import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { makeHome, spawnCli } from '../support/cli.ts';
import { startTestEmulator, type TestEmulator } from '../support/emulator.ts';
import { type ArchiveStyle, writeDockerArchive, writeOciLayout } from '../support/image-writers.ts';
import { type GeneratedImage, makeImage, makeRandom } from '../support/images.ts';

const MIB = 1024 * 1024;
const PART_BYTES = 5 * MIB;
const CONCURRENCY = 2;

// Two layers of several parts, one of one part. Compressed, random bytes stay as long as they are.
let image: GeneratedImage;
let home: Awaited<ReturnType<typeof makeHome>>;
let emulator: TestEmulator;
let count = 0;
let repositoryName: string;
beforeAll(async () => {
  home = await makeHome();
  image = await makeImage({ seed: 4711, layers: [{ size: 17 * MIB }, { size: 11 * MIB }, { size: 4000 }] });
  // So slow that a kill comes in the midst of it.
  emulator = await startTestEmulator({ faults: ['UploadLayerPart delay 60'] });
  await writeOciLayout(join(home.directory, 'oci'), [image]);
  await writeArchive('archive.tar', 'skopeo');
});
afterAll(async () => {
  await emulator.close();
  await home.remove();
});
beforeEach(() => {
  count += 1;
  repositoryName = `resume/r${count}`;
});

function writeArchive(name: string, style: ArchiveStyle): Promise<void> {
  return writeDockerArchive(join(home.directory, name), [image], { style });
}

function push(source: string, ...options: readonly string[]) {
  const argv = ['push', source, `${repositoryName}:1.0`, '--create-repo', '--json'];
  const fixed = ['--part-size', '5', '--concurrency', String(CONCURRENCY)];
  const env = { ...home.env, ...emulator.env, ECRP_STATE_DIR: join(home.directory, repositoryName) };
  return spawnCli([...argv, ...fixed, ...options], { env, cwd: home.directory });
}

/** Bytes of parts that arrived whole since a request. */
function countPartBytes(since: number): number {
  const parts = emulator.requests.slice(since).filter(({ operation }) => operation === 'UploadLayerPart');
  return parts.reduce((sum, { bytes }) => sum + Math.floor((bytes * 3) / 4), 0);
}

function countParts(since: number): number {
  return emulator.requests.slice(since).filter(({ operation }) => operation === 'UploadLayerPart').length;
}

/** Ends a push by a signal as soon as so many parts were answered, after the one of the config. */
async function pushUntil(
  parts: number,
  extraMs: number,
  signal: NodeJS.Signals,
  source: string,
): Promise<number | undefined> {
  const since = emulator.requests.length;
  const { child, ended } = push(source);
  const exit = ended.then(({ status }) => status).catch(() => undefined);
  while (countParts(since) < 1 + parts && child.exitCode === null) await sleep(2);
  await sleep(extraMs);
  child.kill(signal);
  return exit;
}

interface Bytes {
  readonly total: number;
  readonly uploaded: number;
  readonly existing: number;
  readonly resumed: number;
}

/** Pushes to the end, and checks that the image is there, byte for byte. */
async function finish(source: string, ...options: readonly string[]): Promise<Bytes> {
  const { status, stdout, stderr, json } = await push(source, '--verify', ...options).ended;
  expect(status, stdout + stderr).toBe(0);
  // An object with these members, as the contract says.
  const bytes = json().bytes as Bytes;
  expect(bytes.uploaded + bytes.existing + bytes.resumed).toBe(bytes.total);
  return bytes;
}

// ECRP_RESUME_ROUNDS=20 npx vitest run --project faults test/faults/resume.test.ts
const rounds = Number(process.env.ECRP_RESUME_ROUNDS ?? 1);
const seeds = Array.from({ length: rounds }, (_, round) => 11 + round);

describe.each([
  ['an OCI layout', 'oci'],
  ['a docker-archive that is compressed on the way', 'archive.tar'],
])('%s', (_name, source) => {
  test.each(seeds)('again after kill -9, no more is sent than what was in flight: seed %i', async (seed) => {
    const random = makeRandom(seed);
    const since = emulator.requests.length;
    const kills = 2;
    for (let kill = 0; kill < kills; kill += 1) {
      await pushUntil(1 + Math.floor(random() * 3), random() * 120, 'SIGKILL', source);
    }
    const { total, resumed } = await finish(source);
    expect(resumed).toBeGreaterThan(0);
    // The members of a request around its part are far less than a thousandth of it.
    const most = (total + kills * CONCURRENCY * PART_BYTES) * 1.001;
    expect(countPartBytes(since)).toBeLessThanOrEqual(most);
    expect(await readdir(join(home.directory, repositoryName, 'uploads'))).toEqual([]);
  });

  test('interrupted, it keeps what was sent and asks for nothing more', async () => {
    const [signal, status] = source === 'oci' ? (['SIGINT', 130] as const) : (['SIGTERM', 143] as const);
    expect(await pushUntil(2, 20, signal, source)).toBe(status);
    const asked = emulator.requests.length;
    // Far longer than any request that was on its way.
    await sleep(300);
    const answered = emulator.requests.slice(asked).filter(({ status }) => status !== 0);
    expect(answered.length).toBeLessThanOrEqual(CONCURRENCY);
    expect((await finish(source)).resumed).toBeGreaterThanOrEqual(PART_BYTES);
  });
});

test('two pushes of one image at the same time both succeed', async () => {
  const since = emulator.requests.length;
  const both = [push('oci', '--verify'), push('oci', '--verify')];
  const results = await Promise.all(both.map(({ ended }) => ended));
  for (const { status, stderr } of results) expect(status, stderr).toBe(0);
  expect(countParts(since)).toBeGreaterThan(0);
  expect(await readdir(join(home.directory, repositoryName, 'uploads'))).toEqual([]);
});

test('an archive that moved is gone on with', async () => {
  await pushUntil(3, 0, 'SIGKILL', 'archive.tar');
  // The same layers in another archive at another path.
  await writeArchive('moved.tar', 'legacy-symlink');
  await pushUntil(1, 0, 'SIGKILL', 'moved.tar');
  expect((await finish('moved.tar')).resumed).toBeGreaterThanOrEqual(PART_BYTES);
});

test('--no-resume neither goes on with an upload nor keeps one', async () => {
  await pushUntil(3, 0, 'SIGKILL', 'oci');
  const kept = await readdir(join(home.directory, repositoryName, 'uploads'));
  expect(kept.length).toBeGreaterThan(0);
  expect((await finish('oci', '--no-resume')).resumed).toBe(0);
  expect(await readdir(join(home.directory, repositoryName, 'uploads'))).toEqual(kept);
});
