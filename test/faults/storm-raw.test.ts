import { appendFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { EcrpError, type ErrorCode } from '../../src/errors.ts';
import { callApi } from '../support/call-api.ts';
import { setFaults, startTestEmulator, type TestEmulator } from '../support/emulator.ts';
import { makeRandom } from '../support/images.ts';
import { useTemporaryDirectories } from '../support/temporary-directory.ts';
import { type FaultFront, FRONT_EFFECTS, makeFrontFault, startFaultFront } from './fault-front.ts';
import { PartWitness } from './part-witness.ts';
import { Puller } from './puller.ts';
import { PART_BYTES, pushInStorm, type StormPush, TAGS } from './storm.ts';
import { makeFault } from './storm-faults.ts';
import { makeStormImage, pick, planStormImage } from './storm-images.ts';

// Layers travel raw through `/v2/`, past a server that breaks connections, loses answers and lies.
// ECRP_STORM_PUSHES=1000 ECRP_STORM_SEED=1 npx vitest run test/faults/storm-raw.test.ts
const pushes = Number(process.env.ECRP_STORM_PUSHES ?? 8);
const firstSeed = Number(process.env.ECRP_STORM_SEED ?? 1);
const reportFile = process.env.ECRP_STORM_REPORT;
const MOST_RUNS = 3;

const makeDirectory = useTemporaryDirectories();
const counts = { images: 0, runs: 0, pushed: 0, failed: 0, killed: 0, interrupted: 0, faults: 0 };
let emulator: TestEmulator;
let front: FaultFront;
let puller: Puller;
beforeAll(async () => {
  emulator = await startTestEmulator();
  front = await startFaultFront(emulator.url);
  puller = new Puller(emulator);
});
afterAll(async () => {
  counts.faults = front.counts.faults;
  if (reportFile !== undefined) await appendFile(reportFile, `${JSON.stringify({ firstSeed, ...counts })}\n`);
  front.close();
  await emulator.close();
});

test(`${pushes} images raw through a storm: each ends whole, or with a true error and the next run succeeds`, {
  timeout: 600_000 + pushes * 30_000,
}, async () => {
  for (let seed = firstSeed; seed < firstSeed + pushes; seed += 1) await weather(seed);
});

test('its faults are all faults of the front', () => {
  const random = makeRandom(1);
  const drawn = new Set(Array.from({ length: 1000 }, () => makeFrontFault(random).effect));
  expect([...drawn].sort()).toEqual([...FRONT_EFFECTS].sort());
});

test('control: what the front does to a push is noticed', async () => {
  const before = front.counts.faults;
  const random = makeRandom(2);
  const repositoryName = 'storm/control';
  await callApi(emulator, 'CreateRepository', { repositoryName });
  const plan = await planStormImage(makeStormImage(2, random));
  front.setFaults([{ effect: 'throttle', trigger: { chance: 1 }, code: 'UNAVAILABLE' }], random);
  const push = {
    emulator,
    repositoryName,
    stateDirectory: await makeDirectory(),
    plan,
    witness: new PartWitness(PART_BYTES),
    stallMs: 500,
    registryHost: front.host,
  };
  expect(await pushInStorm(push)).toMatchObject({ code: 'UNAVAILABLE' });
  expect(front.counts.faults).toBeGreaterThan(before);
});

async function weather(seed: number): Promise<void> {
  const random = makeRandom(seed);
  const stateDirectory = await makeDirectory();
  const repositoryName = `storm/r${seed}`;
  await callApi(emulator, 'CreateRepository', { repositoryName });
  const image = makeStormImage(seed, random);
  const run = async (isStalling: boolean, end?: StormPush['end']) => {
    counts.runs += 1;
    const outcome = await pushInStorm({
      emulator,
      repositoryName,
      stateDirectory,
      plan: await planStormImage(image),
      witness: new PartWitness(PART_BYTES),
      stallMs: isStalling ? 500 : 60_000,
      registryHost: front.host,
      end,
    });
    if (outcome === 'ended') counts[end?.how === 'kill' ? 'killed' : 'interrupted'] += 1;
    else if (outcome instanceof EcrpError) counts.failed += 1;
    else counts.pushed += 1;
    return outcome;
  };
  const runs = Math.floor(random() * (MOST_RUNS + 1));
  for (let count = 0; count < runs; count += 1) {
    const faults = Array.from({ length: Math.floor(random() * 4) }, () => makeFrontFault(random));
    const ofApi = random() < 0.3 ? [makeFault(random)] : [];
    const rules = ofApi.map(({ rule }) => rule);
    const isStalling = [...rules, ...faults.map(({ effect }) => effect)].some((each) =>
      each.includes('stall'),
    );
    const end = {
      // More often early, because most images are small.
      afterEvents: 1 + Math.floor(random() * random() * 60),
      how: pick(random, ['kill', 'interrupt'] as const),
    };
    front.setFaults(faults, random);
    await setFaults(emulator, rules);
    const outcome = await run(isStalling, random() < 0.5 ? end : undefined);
    front.setFaults([], random);
    await setFaults(emulator, []);
    const story = `seed ${seed}, run ${count}: ${[...rules, ...faults.map((each) => JSON.stringify(each))].join('; ')}`;
    if (outcome instanceof EcrpError) {
      const codes: ErrorCode[] = [...ofApi, ...faults].map(({ code }) => code);
      if (faults.length > 0) codes.push('UNAVAILABLE');
      expect(codes, `${story}: ${outcome.message}`).toContain(outcome.code);
    } else if (outcome !== 'ended') {
      for (const tag of TAGS) {
        expect(await puller.findDigest(repositoryName, tag), story).toBe(outcome.imageDigest);
      }
    }
    for (const tag of TAGS) expect(await puller.findHole(repositoryName, tag), story).toBeUndefined();
  }
  const last = await run(false);
  if (last === 'ended' || last instanceof EcrpError) throw new Error(`seed ${seed}: ${String(last)}`);
  const { bytes, imageDigest } = last;
  expect(bytes.uploaded + bytes.existing + bytes.resumed, `seed ${seed}`).toBe(bytes.total);
  if (image.kind === 'layout') expect(imageDigest).toBe(image.root?.descriptor.digest);
  for (const tag of TAGS) {
    expect(await puller.findDigest(repositoryName, tag), `seed ${seed}`).toBe(imageDigest);
  }
  expect(await puller.findDamage(repositoryName, '1.0'), `seed ${seed}`).toBeUndefined();
  counts.images += 1;
}
