import { appendFile, readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, test } from 'vitest';
import { EcrpError, exitStatusOf } from '../../src/errors.ts';
import { type CliResult, makeHome, spawnCli } from '../support/cli.ts';
import { setFaults } from '../support/emulator.ts';
import {
  type ArchiveStyle,
  writeDockerArchive,
  writeOciLayout,
  writeOciTar,
} from '../support/image-writers.ts';
import { makeRandom } from '../support/images.ts';
import { startWorkplace } from '../support/workplace.ts';
import { Puller } from './puller.ts';
import { makeFault, PUSH_COMMAND, type StormFault } from './storm-faults.ts';
import { makeStormImage, pick, type Random, type StormImage } from './storm-images.ts';

// ECRP_STORM_PROCESSES=200 ECRP_STORM_SEED=1 npx vitest run test/faults/storm-processes.test.ts
const images = Number(process.env.ECRP_STORM_PROCESSES ?? 3);
const firstSeed = Number(process.env.ECRP_STORM_SEED ?? 1);
const reportFile = process.env.ECRP_STORM_REPORT;

const MIB = 1024 * 1024;
const MOST_RUNS = 3;
const TAGS = ['1.0', 'latest'];
const STYLES: readonly ArchiveStyle[] = ['skopeo', 'legacy-symlink', 'legacy-hardlink', 'hybrid'];

const { emulator } = await startWorkplace({ private: {} });
const pullers = { public: new Puller(emulator), private: new Puller(emulator, 'private') };
const counts = {
  images: 0,
  runs: 0,
  pushed: 0,
  failed: 0,
  killed: 0,
  interrupted: 0,
  twins: 0,
  partBytes: 0,
};
afterAll(async () => {
  if (reportFile !== undefined) await appendFile(reportFile, `${JSON.stringify({ firstSeed, ...counts })}\n`);
});

describe('the built program in a storm, killed at any point and run again', () => {
  test.each(Array.from({ length: images }, (_, position) => firstSeed + position))('seed %i', (seed) =>
    weather(seed),
  );
});

async function weather(seed: number): Promise<void> {
  // Not the images of the other storm.
  const random = makeRandom(seed + 1_000_000);
  const home = await makeHome();
  try {
    await pushThrough(seed, random, home);
  } finally {
    await setFaults(emulator, []);
    await home.remove();
  }
}

async function pushThrough(
  seed: number,
  random: Random,
  home: Awaited<ReturnType<typeof makeHome>>,
): Promise<void> {
  const image = makeStormImage(seed, random);
  const repositoryName = `processes/s${seed}`;
  // Tags of private ECR that do not move may be put again all the same: the image stays the same.
  const isPrivate = seed % 3 === 0;
  const puller = pullers[isPrivate ? 'private' : 'public'];
  const target = isPrivate ? `${emulator.privateRegistryHost}/${repositoryName}` : repositoryName;
  const creation = isPrivate ? ['--create-repo', '--immutable-tags'] : ['--create-repo'];
  let source = await write(image, random, join(home.directory, 'image-0'));
  const selection = image.platform
    ? [
        '--platform',
        [image.platform.os, image.platform.architecture, image.platform.variant].filter(Boolean).join('/'),
      ]
    : [];
  const start = (options: readonly string[]) => {
    counts.runs += 1;
    const argv = ['push', source, `${target}:1.0`, '-t', 'latest', ...creation, '--json'];
    return spawnCli([...argv, '--verify', ...selection, ...options], {
      cwd: home.directory,
      env: { ...home.env, ...emulator.env },
    });
  };

  const isCalm = random() < 0.5;
  const since = emulator.requests.length;
  let mostRepeatedBytes = 0;
  let hasTwins = false;
  const runs = Math.floor(random() * (MOST_RUNS + 1));
  for (let run = 0; run < runs; run += 1) {
    const faults = isCalm ? [] : draw(random, 3, () => makeFault(random, PUSH_COMMAND));
    const story = `seed ${seed}, run ${run}: ${faults.map(({ rule }) => rule).join('; ')}`;
    const concurrency = 1 + Math.floor(random() * 4);
    const partSize = 5 + Math.floor(random() * 6);
    // A budget also shortens the timeout for silent connections. Busy machines are silent for a second.
    const budget = faults.some(({ rule }) => rule.includes('stall')) ? ['--retry-budget', '1s'] : [];
    const options = ['--concurrency', String(concurrency), '--part-size', String(partSize), ...budget];
    const isTwin = random() < 0.2;
    hasTwins ||= isTwin;
    if (isTwin) counts.twins += 1;
    await setFaults(
      emulator,
      faults.map(({ rule }) => rule),
    );
    const before = emulator.requests.length;
    const pushes = draw(random, isTwin ? 2 : 1, () => start(options), true);
    const ending = random() < 0.75 ? drawEnding(random) : undefined;
    const [first] = pushes;
    const ended = Promise.all(pushes.map(({ ended: settled }) => settled.catch(() => 'killed' as const)));
    if (ending && first) await end(first.child, before, ending);
    for (const outcome of await ended) await check(outcome, faults, story, { puller, repositoryName });
    await setFaults(emulator, []);
    mostRepeatedBytes += concurrency * partSize * MIB;
    for (const tag of TAGS) expect(await puller.findHole(repositoryName, tag), story).toBeUndefined();
    if (random() < 0.3) {
      const moved = join(home.directory, `image-${run + 1}${source.endsWith('.tar') ? '.tar' : ''}`);
      await rename(source, moved);
      source = moved;
    }
  }

  const { status, stdout, stderr, json } = await start([]).ended;
  expect(status, `seed ${seed}: ${stdout}${stderr}`).toBe(0);
  const { bytes, imageDigest } = json();
  // The contract fixes these members.
  const { total, uploaded, existing, resumed } = bytes as Record<string, number>;
  expect(Number(uploaded) + Number(existing) + Number(resumed), `seed ${seed}`).toBe(total);
  if (image.kind === 'layout') expect(imageDigest).toBe(image.root?.descriptor.digest);
  for (const tag of TAGS)
    expect(await puller.findDigest(repositoryName, tag), `seed ${seed}`).toBe(imageDigest);
  expect(await puller.findDamage(repositoryName, '1.0'), `seed ${seed}`).toBeUndefined();
  const state = join(home.directory, '.local', 'state', 'ecrp', 'uploads');
  if (process.platform === 'linux') expect(await readdir(state).catch(() => [])).toEqual([]);
  const partBytes = countPartBytes(since);
  counts.partBytes += partBytes;
  counts.images += 1;
  // After each push that ended early, at most one part per layer in flight is sent twice.
  if (isCalm && !hasTwins) {
    expect(partBytes, `seed ${seed}`).toBeLessThanOrEqual(
      (Number(total) + mostRepeatedBytes) * 1.001 + 10_000,
    );
  }
}

/** Expects that a push ends by the signal, with success, or with an error that a fault explains. */
async function check(
  outcome: CliResult | 'killed',
  faults: readonly StormFault[],
  story: string,
  { puller, repositoryName }: { readonly puller: Puller; readonly repositoryName: string },
): Promise<void> {
  if (outcome === 'killed') {
    counts.killed += 1;
    return;
  }
  const { status, stdout, stderr, json } = outcome;
  if (status === 143) {
    counts.interrupted += 1;
    return;
  }
  if (status === 0) {
    counts.pushed += 1;
    for (const tag of TAGS) {
      expect(await puller.findDigest(repositoryName, tag), story).toBe(json().imageDigest);
    }
    return;
  }
  counts.failed += 1;
  const allowed = faults.map(({ code }) => exitStatusOf(new EcrpError(code, '')));
  expect(allowed, `${story}: ${stdout}${stderr}`).toContain(status);
  expect(json().error, story).toMatchObject({ message: expect.stringMatching(/./) });
}

interface Ending {
  readonly signal: NodeJS.Signals;
  readonly requests: number;
  readonly extraMs: number;
}

function drawEnding(random: Random): Ending {
  return {
    signal: random() < 0.7 ? 'SIGKILL' : 'SIGTERM',
    // More often early, because most images are small.
    requests: Math.floor(random() * random() * 40),
    extraMs: random() * 60,
  };
}

/** Sends the signal after so many more answers, unless the process ends first. */
async function end(
  child: ReturnType<typeof spawnCli>['child'],
  before: number,
  { signal, requests, extraMs }: Ending,
): Promise<void> {
  const isRunning = () => child.exitCode === null && child.signalCode === null;
  while (emulator.requests.length - before < requests && isRunning()) await sleep(2);
  await sleep(extraMs);
  child.kill(signal);
}

async function write(image: StormImage, random: Random, path: string): Promise<string> {
  if (image.root === undefined) {
    await writeDockerArchive(`${path}.tar`, image.images, { style: pick(random, STYLES) });
    return `${path}.tar`;
  }
  if (random() < 0.5) {
    await writeOciTar(`${path}.tar`, [image.root]);
    return `${path}.tar`;
  }
  await writeOciLayout(path, [image.root]);
  return path;
}

/** Makes a random number of items, at most `most`. With `exactly`, it makes that many. */
function draw<Item>(random: Random, most: number, make: () => Item, exactly = false): Item[] {
  return Array.from({ length: exactly ? most : Math.floor(random() * (most + 1)) }, make);
}

/** Counts the bytes of parts since a request, from the log of the emulator. */
function countPartBytes(since: number): number {
  const parts = emulator.requests.slice(since).filter(({ operation }) => operation === 'UploadLayerPart');
  return parts.reduce((sum, { bytes }) => sum + Math.floor((bytes * 3) / 4), 0);
}
