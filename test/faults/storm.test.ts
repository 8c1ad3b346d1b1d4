import { appendFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { EcrpError } from '../../src/errors.ts';
import { callApi } from '../support/call-api.ts';
import { startTestEmulator, type TestEmulator } from '../support/emulator.ts';
import { makeRandom } from '../support/images.ts';
import { useTemporaryDirectories } from '../support/temporary-directory.ts';
import {
  makeFault,
  makeStormImage,
  Puller,
  pick,
  planStormImage,
  pushInStorm,
  type StormPush,
  setFaults,
  TAGS,
} from './storm.ts';

// ECRP_STORM_PUSHES=2000 ECRP_STORM_SEED=1 npx vitest run --project faults test/faults/storm.test.ts
const pushes = Number(process.env.ECRP_STORM_PUSHES ?? 12);
const firstSeed = Number(process.env.ECRP_STORM_SEED ?? 1);
const reportFile = process.env.ECRP_STORM_REPORT;
const MOST_RUNS = 3;

const makeDirectory = useTemporaryDirectories();
const counts = { images: 0, runs: 0, pushed: 0, failed: 0, killed: 0, interrupted: 0, resumedBytes: 0 };
let emulator: TestEmulator;
let puller: Puller;
beforeAll(async () => {
  emulator = await startTestEmulator();
  puller = new Puller(emulator);
});
afterAll(async () => {
  if (reportFile !== undefined) await appendFile(reportFile, `${JSON.stringify({ firstSeed, ...counts })}\n`);
  await emulator.close();
});

test(`${pushes} images through a storm: each ends whole, or with a true error and the next run succeeds`, {
  timeout: 60_000 + pushes * 5_000,
}, async () => {
  for (let seed = firstSeed; seed < firstSeed + pushes; seed += 1) await weather(seed);
});

async function weather(seed: number): Promise<void> {
  const random = makeRandom(seed);
  const stateDirectory = await makeDirectory();
  const repositoryName = `storm/s${seed}`;
  await callApi(emulator, 'CreateRepository', { repositoryName });
  const image = makeStormImage(seed, random);
  const isArchive = random() < 0.3;
  const run = async (rules: readonly string[], end?: StormPush['end']) => {
    counts.runs += 1;
    const stallMs = rules.some((rule) => rule.includes('stall')) ? 500 : 60_000;
    const plan = await planStormImage(image, isArchive);
    const outcome = await pushInStorm({ emulator, repositoryName, stateDirectory, plan, stallMs, end });
    if (outcome === 'ended') counts[end?.how === 'kill' ? 'killed' : 'interrupted'] += 1;
    else if (outcome instanceof EcrpError) counts.failed += 1;
    else {
      counts.pushed += 1;
      counts.resumedBytes += outcome.bytes.resumed;
    }
    return outcome;
  };
  const runs = Math.floor(random() * (MOST_RUNS + 1));
  for (let count = 0; count < runs; count += 1) {
    const faults = Array.from({ length: Math.floor(random() * 4) }, () => makeFault(random));
    const rules = faults.map(({ rule }) => rule);
    const how = pick(random, ['kill', 'interrupt'] as const);
    // More often early: most images are small.
    const afterEvents = 1 + Math.floor(random() * random() * 50);
    await setFaults(emulator, rules);
    const outcome = await run(rules, random() < 0.6 ? { afterEvents, how } : undefined);
    await setFaults(emulator, []);
    const story = `seed ${seed}, run ${count}: ${rules.join('; ')}`;
    if (outcome instanceof EcrpError) {
      expect(
        faults.map(({ code }) => code),
        `${story}: ${outcome.message}`,
      ).toContain(outcome.code);
    } else if (outcome !== 'ended') {
      for (const tag of TAGS) {
        expect(await puller.findDigest(repositoryName, tag), story).toBe(outcome.imageDigest);
      }
    }
    for (const tag of TAGS) expect(await puller.findHole(repositoryName, tag), story).toBeUndefined();
  }
  const last = await run([]);
  if (last === 'ended' || last instanceof EcrpError) throw new Error(`seed ${seed}: ${String(last)}`);
  const { bytes, imageDigest } = last;
  expect(bytes.uploaded + bytes.existing + bytes.resumed, `seed ${seed}`).toBe(bytes.total);
  if (!isArchive) expect(imageDigest).toBe(image.descriptor.digest);
  for (const tag of TAGS) {
    expect(await puller.findDigest(repositoryName, tag), `seed ${seed}`).toBe(imageDigest);
  }
  expect(await puller.findDamage(repositoryName, '1.0'), `seed ${seed}`).toBeUndefined();
  // Nothing is left of uploads that are done.
  expect(await readdir(join(stateDirectory, 'uploads')).catch(() => []), `seed ${seed}`).toEqual([]);
  counts.images += 1;
}
