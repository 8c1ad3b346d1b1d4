import { appendFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, expect, test } from 'vitest';
import { EcrpError } from '../../src/errors.ts';
import { type CliResult, makeHome, runCli, spawnCli } from '../support/cli.ts';
import { setFaults, startTestEmulator, type TestEmulator } from '../support/emulator.ts';
import { makeRandom } from '../support/images.ts';
import { Puller } from './puller.ts';
import { makeFault, PUSHING, type StormFault } from './storm-faults.ts';
import { pick, type Random } from './storm-images.ts';
import { STORM_KEYS, startPrivateStormSource } from './storm-private-source.ts';
import { type SourceFault, type StormSource, startStormSource } from './storm-source.ts';

// ECRP_STORM_COPIES=1000 ECRP_STORM_SEED=1 npx vitest run test/faults/storm-copy.test.ts
const copies = Number(process.env.ECRP_STORM_COPIES ?? 4);
const firstSeed = Number(process.env.ECRP_STORM_SEED ?? 1);
const reportFile = process.env.ECRP_STORM_REPORT;

/** Copies at the same time, each with two registries of its own. Most of their time they wait. */
const MOST_LANES = 8;
const MOST_RUNS = 3;
const TAGS = ['1.0', 'latest'];

const counts = { images: 0, runs: 0, copied: 0, failed: 0, killed: 0, interrupted: 0, unchanged: 0 };
afterAll(async () => {
  if (reportFile !== undefined) await appendFile(reportFile, `${JSON.stringify({ firstSeed, ...counts })}\n`);
});

test(`${copies} copies through a storm: each ends whole, or with a true error and the next run succeeds`, {
  timeout: 600_000 + copies * 30_000,
}, async () => {
  const seeds = Array.from({ length: copies }, (_, position) => firstSeed + position);
  const lanes = Math.min(MOST_LANES, Math.ceil(copies / 3));
  await Promise.all(
    Array.from({ length: lanes }, async (_, lane) => {
      const own = seeds.filter((__, position) => position % lanes === lane);
      await runLane(own, lane % 2 === 1);
    }),
  );
});

interface Lane {
  readonly source: StormSource;
  readonly target: TestEmulator;
  readonly puller: Puller;
}

/** Every second lane copies from private ECR. */
async function runLane(seeds: readonly number[], isPrivate: boolean): Promise<void> {
  const [first = 1] = seeds;
  const images = Math.min(12, seeds.length);
  const startSource = isPrivate ? startPrivateStormSource : startStormSource;
  const source = await startSource(first, images, makeRandom(first));
  const target = await startTestEmulator(STORM_KEYS);
  try {
    for (const seed of seeds) await weather({ source, target, puller: new Puller(target) }, seed);
  } finally {
    await source.close();
    await target.close();
  }
}

async function weather(lane: Lane, seed: number): Promise<void> {
  const random = makeRandom(seed + 2_000_000);
  const home = await makeHome();
  try {
    await copyThrough(lane, seed, random, home);
  } finally {
    lane.source.setFaults([]);
    await setFaults(lane.target, []);
    await home.remove();
  }
}

async function copyThrough(
  { source, target, puller }: Lane,
  seed: number,
  random: Random,
  home: Awaited<ReturnType<typeof makeHome>>,
): Promise<void> {
  const image = pick(random, source.images);
  const repositoryName = `storm/s${seed}`;
  const from = `${source.place}/${image.repositoryName}`;
  const isAll = random() < 0.25;
  const names = isAll
    ? [from, repositoryName, '--all-tags']
    : [`${from}:1.0`, repositoryName, '-t', 'latest'];
  const env = { ...home.env, ...target.env, ...source.env };
  const argv = ['copy', ...names, '--create-repo', '--yes', '--json'];
  const runs = Math.floor(random() * (MOST_RUNS + 1));
  for (let count = 0; count < runs; count += 1) {
    const sourceFaults = draw(random, 2, () => source.makeFault(random));
    const targetFaults = draw(random, 2, () => makeFault(random, PUSHING));
    const story = [
      `seed ${seed}, run ${count}`,
      ...[...sourceFaults].map(({ name }) => name),
      ...targetFaults.map(({ rule }) => rule),
    ].join('; ');
    source.setFaults(sourceFaults);
    await setFaults(
      target,
      targetFaults.map(({ rule }) => rule),
    );
    // With a budget that a busy machine may exceed.
    const isHurried = sourceFaults.length + targetFaults.length > 0;
    const budget = isHurried ? ['--retry-budget', '1s'] : [];
    const concurrency = String(1 + Math.floor(random() * 4));
    // What one transport has begun, another may find.
    const transport = pick(random, ['api', 'api', 'registry']);
    const options = ['--concurrency', concurrency, '--transport', transport, ...budget];
    counts.runs += 1;
    const isKill = random() < 0.25;
    const outcome = isKill
      ? await runAndKill(target, [...argv, ...options], { env, cwd: home.directory }, random)
      : await runAndInterrupt(target, [...argv, ...options], { env, cwd: home.directory }, random);
    source.setFaults([]);
    await setFaults(target, []);
    await check(outcome, { sourceFaults, targetFaults, story, digest: image.digest });
    for (const tag of TAGS) expect(await puller.findHole(repositoryName, tag), story).toBeUndefined();
  }

  counts.runs += 1;
  const last = await runCli(argv, { env, cwd: home.directory });
  expect(last.status, `seed ${seed}: ${last.stdout}${last.stderr}`).toBe(0);
  for (const tag of TAGS) {
    expect(await puller.findDigest(repositoryName, tag), `seed ${seed}`).toBe(image.digest);
  }
  expect(await puller.findDamage(repositoryName, '1.0'), `seed ${seed}`).toBeUndefined();
  // Completed uploads leave no record.
  const state = join(home.directory, '.local', 'state', 'ecrp', 'uploads');
  expect(await readdir(state).catch(() => []), `seed ${seed}`).toEqual([]);
  const read = source.countBlobBytes();
  const again = await runCli(argv, { env, cwd: home.directory });
  expect(again.status, `seed ${seed}: ${again.stdout}${again.stderr}`).toBe(0);
  expect(source.countBlobBytes(), `seed ${seed}`).toBe(read);
  counts.unchanged += 1;
  counts.images += 1;
}

type Outcome = CliResult | 'killed';
type Place = { readonly env: Readonly<Record<string, string>>; readonly cwd: string };

/** Runs a copy in this process. It is often interrupted, after so many answers of the target. */
async function runAndInterrupt(
  target: TestEmulator,
  argv: readonly string[],
  place: Place,
  random: Random,
): Promise<Outcome> {
  const controller = new AbortController();
  const after = target.requests.length + Math.floor(random() * random() * 40);
  const isInterrupted = random() < 0.5;
  const running = runCli(argv, { ...place, signal: controller.signal });
  if (isInterrupted) {
    const interruption = new EcrpError('INTERRUPTED', 'the storm', { hint: 'None.', signal: 'SIGTERM' });
    void target.until(() => target.requests.length >= after).then(() => controller.abort(interruption));
  }
  return running;
}

/** Runs a copy with the built program, and kills it. */
async function runAndKill(
  target: TestEmulator,
  argv: readonly string[],
  place: Place,
  random: Random,
): Promise<Outcome> {
  const after = target.requests.length + Math.floor(random() * random() * 40);
  const { child, ended } = spawnCli(argv, place);
  const settled = ended.catch(() => 'killed' as const);
  const isRunning = () => child.exitCode === null && child.signalCode === null;
  while (target.requests.length < after && isRunning()) await sleep(2);
  await sleep(random() * 60);
  child.kill(random() < 0.8 ? 'SIGKILL' : 'SIGTERM');
  return settled;
}

interface Expectation {
  readonly sourceFaults: readonly SourceFault[];
  readonly targetFaults: readonly StormFault[];
  readonly story: string;
  readonly digest: string;
}

/** Expects that a copy ends by the signal, with success, or with an error that a fault explains. */
async function check(
  outcome: Outcome,
  { sourceFaults, targetFaults, story, digest }: Expectation,
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
  const said = json();
  // as: of copy.json
  const images = (said.images ?? [said]) as readonly {
    readonly imageDigest?: string;
    readonly error?: { readonly code: string; readonly message: string };
  }[];
  if (status === 0) {
    counts.copied += 1;
    for (const { imageDigest } of images) expect(imageDigest, story).toBe(digest);
    return;
  }
  counts.failed += 1;
  const allowed = [
    'UNAVAILABLE',
    ...sourceFaults.flatMap(({ codes }) => codes),
    ...targetFaults.map(({ code }) => code),
  ];
  expect([...sourceFaults, ...targetFaults], `${story}: ${stdout}${stderr}`).not.toEqual([]);
  const errors = images.flatMap(({ error }) => error ?? []);
  expect(errors, story).not.toEqual([]);
  for (const { code, message } of errors) {
    expect(allowed, `${story}: ${stdout}${stderr}`).toContain(code);
    expect(message, story).toMatch(/./);
  }
}

/** Makes a random number of items, at most `most`. */
function draw<Item>(random: Random, most: number, make: () => Item): Item[] {
  return Array.from({ length: Math.floor(random() * (most + 1)) }, make);
}
