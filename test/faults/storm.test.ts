import { appendFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ECR_PUBLIC_LIMITS } from '../../src/ecr/limits.ts';
import { planPush } from '../../src/engine/plan/plan.ts';
import { EcrpError } from '../../src/errors.ts';
import { callApi, callPrivate } from '../support/call-api.ts';
import { setFaults, startTestEmulator, type TestEmulator } from '../support/emulator.ts';
import { makeImage, makeRandom } from '../support/images.ts';
import { layoutSource } from '../support/memory-source.ts';
import { privateOf } from '../support/signed-request.ts';
import { useTemporaryDirectories } from '../support/temporary-directory.ts';
import { PartWitness } from './part-witness.ts';
import { Puller } from './puller.ts';
import { PART_BYTES, pushInStorm, type StormPush, TAGS } from './storm.ts';
import { EFFECTS, makeFault } from './storm-faults.ts';
import { makeStormImage, pick, planStormImage } from './storm-images.ts';

// ECRP_STORM_PUSHES=2000 ECRP_STORM_SEED=1 npx vitest run test/faults/storm.test.ts
const pushes = Number(process.env.ECRP_STORM_PUSHES ?? 12);
const firstSeed = Number(process.env.ECRP_STORM_SEED ?? 1);
const reportFile = process.env.ECRP_STORM_REPORT;
const MOST_RUNS = 3;

const makeDirectory = useTemporaryDirectories();
const counts = {
  images: 0,
  runs: 0,
  pushed: 0,
  failed: 0,
  killed: 0,
  interrupted: 0,
  parts: 0,
  repeatedParts: 0,
  resumedBytes: 0,
};
let emulator: TestEmulator;
let pullers: Readonly<Record<'public' | 'private', Puller>>;
beforeAll(async () => {
  emulator = await startTestEmulator({ private: {} });
  pullers = { public: new Puller(emulator), private: new Puller(emulator, 'private') };
});
afterAll(async () => {
  if (reportFile !== undefined) await appendFile(reportFile, `${JSON.stringify({ firstSeed, ...counts })}\n`);
  await emulator.close();
});

test(`${pushes} images through a storm: each ends whole, or with a true error and the next run succeeds`, {
  timeout: 600_000 + pushes * 30_000,
}, async () => {
  for (let seed = firstSeed; seed < firstSeed + pushes; seed += 1) await weather(seed);
});

test('its faults are all faults of the emulator', () => {
  const random = makeRandom(1);
  const drawn = new Set(Array.from({ length: 1000 }, () => makeFault(random).rule.split(' ')[1]));
  expect([...drawn].sort()).toEqual([...EFFECTS].sort());
});

test('control: a push that starts anew although an upload could be resumed is noticed', async () => {
  const repositoryName = 'storm/control';
  await callApi(emulator, 'CreateRepository', { repositoryName });
  const image = await makeImage({ seed: 1, layers: [{ size: 3 * PART_BYTES + 1 }] });
  const root = { kind: 'manifest', names: [], root: image.descriptor } as const;
  const plan = await planPush(layoutSource([image]), root, { limits: ECR_PUBLIC_LIMITS });
  const witness = new PartWitness(PART_BYTES);
  const push = async () =>
    pushInStorm({
      emulator,
      repositoryName,
      // Not the previous one.
      stateDirectory: await makeDirectory(),
      plan,
      witness,
      stallMs: 60_000,
    });
  await setFaults(emulator, ['UploadLayerPart error AccessDeniedException on=4']);
  expect(await push()).toMatchObject({ code: 'AUTH' });
  await setFaults(emulator, []);
  expect(witness.complaints).toEqual([]);
  expect(await push()).toHaveProperty('imageDigest');
  expect(witness.complaints).not.toEqual([]);
});

async function weather(seed: number): Promise<void> {
  const random = makeRandom(seed);
  const stateDirectory = await makeDirectory();
  const repositoryName = `storm/s${seed}`;
  const isPrivate = seed % 3 === 0;
  const puller = pullers[isPrivate ? 'private' : 'public'];
  if (isPrivate) {
    // Its tags are put again and again, and the image under them stays the same.
    const input = { repositoryName, imageTagMutability: 'IMMUTABLE' };
    await callPrivate(privateOf(emulator), 'CreateRepository', input);
  } else await callApi(emulator, 'CreateRepository', { repositoryName });
  const image = makeStormImage(seed, random);
  const witness = new PartWitness(PART_BYTES);
  const run = async (rules: readonly string[], end?: StormPush['end']) => {
    counts.runs += 1;
    const stallMs = rules.some((rule) => rule.includes('stall')) ? 500 : 60_000;
    const plan = await planStormImage(image);
    const push = { emulator, repositoryName, stateDirectory, plan, witness, stallMs, end, isPrivate };
    const outcome = await pushInStorm(push);
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
    // More often early, because most images are small.
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
  if (image.kind === 'layout') expect(imageDigest).toBe(image.root?.descriptor.digest);
  for (const tag of TAGS) {
    expect(await puller.findDigest(repositoryName, tag), `seed ${seed}`).toBe(imageDigest);
  }
  expect(await puller.findDamage(repositoryName, '1.0'), `seed ${seed}`).toBeUndefined();
  expect(witness.complaints, `seed ${seed}`).toEqual([]);
  counts.parts += witness.counts.parts;
  counts.repeatedParts += witness.counts.repeated;
  // Completed uploads leave no record.
  expect(await readdir(join(stateDirectory, 'uploads')).catch(() => []), `seed ${seed}`).toEqual([]);
  counts.images += 1;
}
