import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { makeHome, runBuiltCli, spawnCli } from '../support/cli.ts';
import { setFaults, startTestEmulator, type TestEmulator } from '../support/emulator.ts';
import { type ArchiveStyle, writeDockerArchive, writeOciLayout } from '../support/image-writers.ts';
import { type GeneratedImage, makeImage, makeRandom } from '../support/images.ts';

const MIB = 1024 * 1024;
const PART_BYTES = 5 * MIB;
const CONCURRENCY = 2;

// Two layers of several parts. Random bytes do not get shorter by compression.
let image: GeneratedImage;
let home: Awaited<ReturnType<typeof makeHome>>;
let emulator: TestEmulator;
let count = 0;
let repositoryName: string;
beforeAll(async () => {
  home = await makeHome();
  image = await makeImage({ seed: 4711, layers: [{ size: 17 * MIB }, { size: 11 * MIB }] });
  emulator = await startTestEmulator();
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

function compose(source: string, options: readonly string[]) {
  const argv = ['push', source, `${repositoryName}:1.0`, '--create-repo', '--json'];
  const fixed = ['--part-size', '5', '--concurrency', String(CONCURRENCY)];
  const env = { ...home.env, ...emulator.env, ECRP_STATE_DIR: join(home.directory, repositoryName) };
  return [[...argv, ...fixed, ...options], { env, cwd: home.directory }] as const;
}

function push(source: string, ...options: readonly string[]) {
  return spawnCli(...compose(source, options));
}

/** Counts the bytes of parts that arrived completely since a request. */
function countPartBytes(since: number): number {
  const parts = emulator.requests.slice(since).filter(({ operation }) => operation === 'UploadLayerPart');
  return parts.reduce((sum, { bytes }) => sum + Math.floor((bytes * 3) / 4), 0);
}

function countParts(since: number): number {
  return emulator.requests.slice(since).filter(({ operation }) => operation === 'UploadLayerPart').length;
}

/** Faults that stop every push: one part is never acknowledged, and no layer is completed. */
function stallAt(part: number): readonly string[] {
  // In both, the config is the first.
  return [
    `UploadLayerPart stall on=${part}`,
    'CompleteLayerUpload stall on=2',
    'CompleteLayerUpload stall on=3',
  ];
}

/** The same for a resumed push: the next part of each unfinished layer. No layer is completed. */
const stallAgain = ['UploadLayerPart stall every=1', 'CompleteLayerUpload stall every=1'];

/** Sends a signal to a push when both layers in flight are stalled. */
async function pushUntil(
  faults: readonly string[],
  signal: NodeJS.Signals,
  source: string,
): Promise<{ readonly status: number | undefined; readonly answeredLater: number }> {
  await setFaults(emulator, faults);
  const stalled = emulator.untilStalled(CONCURRENCY);
  const { child, ended } = push(source);
  const exit = ended.then(({ status }) => status).catch(() => undefined);
  await Promise.race([stalled, exit]);
  const before = emulator.requests.length;
  child.kill(signal);
  const status = await exit;
  const answeredLater = emulator.requests.slice(before).filter((request) => request.status !== 0).length;
  await setFaults(emulator, []);
  return { status, answeredLater };
}

interface Bytes {
  readonly total: number;
  readonly uploaded: number;
  readonly existing: number;
  readonly resumed: number;
}

/** Pushes to the end, and checks the image byte for byte. */
async function finish(source: string, ...options: readonly string[]): Promise<Bytes> {
  const { status, stdout, stderr, json } = await runBuiltCli(...compose(source, ['--verify', ...options]));
  expect(status, stdout + stderr).toBe(0);
  // The contract fixes these members.
  const bytes = json().bytes as Bytes;
  expect(bytes.uploaded + bytes.existing + bytes.resumed).toBe(bytes.total);
  return bytes;
}

// ECRP_RESUME_ROUNDS=20 npx vitest run test/faults/resume.test.ts
const rounds = Number(process.env.ECRP_RESUME_ROUNDS ?? 1);
const seeds = Array.from({ length: rounds }, (_, round) => 11 + round);

describe.each([
  ['an OCI layout', 'oci'],
  ['a docker-archive that is compressed on the way', 'archive.tar'],
])('%s', (_name, source) => {
  test.each(seeds)(
    'after kill -9, the next push sends again only the parts in flight: seed %i',
    async (seed) => {
      const random = makeRandom(seed);
      const since = emulator.requests.length;
      // Together, the layers have seven parts.
      await pushUntil(stallAt(2 + Math.floor(random() * 7)), 'SIGKILL', source);
      await pushUntil(stallAgain, 'SIGKILL', source);
      const kills = 2;
      const { total, resumed } = await finish(source);
      expect(resumed).toBeGreaterThan(0);
      // The other members of a request are far less than a thousandth of its part.
      const most = (total + kills * CONCURRENCY * PART_BYTES) * 1.001;
      expect(countPartBytes(since)).toBeLessThanOrEqual(most);
      expect(await readdir(join(home.directory, repositoryName, 'uploads'))).toEqual([]);
    },
  );

  test('interrupted, it saves the acknowledged parts and sends no further request', async () => {
    const [signal, status] = source === 'oci' ? (['SIGINT', 130] as const) : (['SIGTERM', 143] as const);
    expect(await pushUntil(stallAt(5), signal, source)).toEqual({ status, answeredLater: 0 });
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

test('a push of an archive that moved resumes', async () => {
  await pushUntil(stallAt(5), 'SIGKILL', 'archive.tar');
  // The same layers in another archive at another path.
  await writeArchive('moved.tar', 'legacy-symlink');
  await pushUntil(stallAgain, 'SIGKILL', 'moved.tar');
  expect((await finish('moved.tar')).resumed).toBeGreaterThanOrEqual(PART_BYTES);
});

test('--no-resume neither resumes an upload nor saves one', async () => {
  await pushUntil(stallAt(5), 'SIGKILL', 'oci');
  const kept = await readdir(join(home.directory, repositoryName, 'uploads'));
  expect(kept.length).toBeGreaterThan(0);
  expect((await finish('oci', '--no-resume')).resumed).toBe(0);
  expect(await readdir(join(home.directory, repositoryName, 'uploads'))).toEqual(kept);
});
