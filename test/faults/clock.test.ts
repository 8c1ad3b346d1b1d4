import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { type CliResult, spawnCli } from '../support/cli.ts';
import { setFaults } from '../support/emulator.ts';
import { writeOciLayout } from '../support/image-writers.ts';
import { makeImage } from '../support/images.ts';
import { startWorkplace } from '../support/workplace.ts';

const MIB = 1024 * 1024;
const HOUR_MS = 3_600_000;
const clock = pathToFileURL(join(import.meta.dirname, '../support/shifted-clock.js'));

const { home, emulator } = await startWorkplace();
beforeAll(async () => {
  const image = await makeImage({
    seed: 8,
    layers: [{ size: 10.125 * MIB }, { size: 5.125 * MIB }, { size: 9 }],
  });
  await writeOciLayout(join(home.directory, 'layout'), [image]);
});

/** Pushes with a clock that is `hours` ahead, and `laterHours` after the answer to the second part. */
async function push(name: string, hours: number, laterHours: number): Promise<CliResult> {
  const jump = join(home.directory, `${name}.jump`);
  const argv = ['push', 'layout', `clock/${name}:1.0`, '--create-repo', '--verify', '--json', '-v'];
  const since = emulator.requests.length;
  const countParts = () =>
    emulator.requests.slice(since).filter(({ operation }) => operation === 'UploadLayerPart').length;
  void emulator.until(
    () => countParts() >= 2,
    () => writeFileSync(jump, ''),
  );
  const { ended } = spawnCli([...argv, '--part-size', '5'], {
    cwd: home.directory,
    env: {
      ...home.env,
      ...emulator.env,
      ECRP_STATE_DIR: join(home.directory, name),
      NODE_OPTIONS: `--import=${clock.href}`,
      ECRP_TEST_CLOCK_MS: String(hours * HOUR_MS),
      ECRP_TEST_CLOCK_LATER_MS: String(laterHours * HOUR_MS),
      ECRP_TEST_CLOCK_JUMP: jump,
    },
  });
  return ended;
}

describe('a clock that is wrong by hours', () => {
  test.each([
    ['behind', -7, -7],
    ['ahead', 7, 7],
    ['jumps-ahead', 0, 5],
    ['jumps-back', 0, -5],
    ['set-right', 30, 0],
  ])('%s: requests are signed by the service’s, and no wait is longer', async (name, hours, laterHours) => {
    // Makes the push wait as well.
    await setFaults(emulator, ['UploadLayerPart throttle every=4']);
    const { status, stderr, json } = await push(name, hours, laterHours);
    expect(status, stderr).toBe(0);
    const { durationMs, retries, verified } = json();
    expect(verified).toMatchObject({ blobs: 4 });
    expect(durationMs).toBeGreaterThan(0);
    expect(durationMs).toBeLessThan(HOUR_MS);
    expect(retries).toBeGreaterThan(0);
    // After a jump, the answer to a request in flight may tell it the time of the service.
    if (hours !== 0) expect(stderr).toContain('InvalidSignatureException');
  });
});
