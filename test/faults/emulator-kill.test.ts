import { expect, test } from 'vitest';
import { callApi } from '../support/call-api.ts';
import { makeRandom } from '../support/images.ts';
import { useTemporaryDirectories } from '../support/temporary-directory.ts';
import { type EmulatorProcess, spawnEmulator } from './emulator-process.ts';
import { REPOSITORY, Witness } from './witness.ts';

// ECRP_KILL_ROUNDS=200 ECRP_KILL_SEED=7 npx vitest run test/faults/emulator-kill.test.ts
const rounds = Number(process.env.ECRP_KILL_ROUNDS ?? 3);
const firstSeed = Number(process.env.ECRP_KILL_SEED ?? 1);
const PUSHES_AT_ONCE = 4;
const MOST_ANSWERS = 40;

const makeDirectory = useTemporaryDirectories();

test('kill -9 during parallel pushes loses nothing acknowledged', {
  timeout: 600_000 + rounds * 15_000,
}, async () => {
  const directory = await makeDirectory();
  let emulator = await spawnEmulator(directory);
  await callApi(emulator, 'CreateRepository', { repositoryName: REPOSITORY });
  for (let seed = firstSeed; seed < firstSeed + rounds; seed++) {
    const witness = await pushUntilKilled(emulator, seed);
    emulator = await spawnEmulator(directory);
    await witness.check(emulator);
  }
  await emulator.kill();
});

test('a second emulator on the same data directory fails, and names it', async () => {
  const directory = await makeDirectory();
  const emulator = await spawnEmulator(directory);
  const refusal = `Another emulator is using the data directory ${directory}`;
  await expect(spawnEmulator(directory)).rejects.toThrow(refusal);
  await emulator.kill();
  await (await spawnEmulator(directory)).kill();
});

/** Kills the emulator right after an answer that the seed chooses, while other requests are in flight. */
async function pushUntilKilled(emulator: EmulatorProcess, seed: number): Promise<Witness> {
  const random = makeRandom(seed);
  let answersLeft = 1 + Math.floor(random() * MOST_ANSWERS);
  let killed: Promise<void> | undefined;
  const witness = new Witness(() => {
    answersLeft -= 1;
    if (answersLeft === 0) killed = emulator.kill();
  });
  const pushEndlessly = async (pusher: number) => {
    for (let count = 0; ; count++) {
      // Some layers of one small part, some of a few large ones.
      const size = 1 + Math.floor(random() < 0.6 ? random() * 100_000 : random() * 12 * 1024 * 1024);
      await witness.push(emulator, `${seed}-${pusher}-${count}`, size);
    }
  };
  const pushers = Array.from({ length: PUSHES_AT_ONCE }, (_, pusher) => pushEndlessly(pusher));
  for (const { reason } of (await Promise.allSettled(pushers)) as PromiseRejectedResult[]) {
    // An endless push ends only when its emulator is gone.
    expect(reason).toBeInstanceOf(TypeError);
    expect(killed).toBeDefined();
  }
  await killed;
  return witness;
}
