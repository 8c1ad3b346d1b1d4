import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { startAnsweringServer, staySilent } from '../support/answering-server.ts';
import { type CliResult, runCli } from '../support/cli.ts';
import { setFaults } from '../support/emulator.ts';
import { writeDockerArchive } from '../support/image-writers.ts';
import { makeImage } from '../support/images.ts';
import { startWorkplace } from '../support/workplace.ts';

const { home, emulator } = await startWorkplace();
// Two seconds pass when it is asked.
const silent = await startAnsweringServer((...exchange) => {
  staySilent(...exchange);
  vi.advanceTimersByTime(2_000);
});
let archive: string;
let rebuilt: string;
beforeAll(async () => {
  archive = join(home.directory, 'image.tar');
  rebuilt = join(home.directory, 'rebuilt.tar');
  const layers = [{ size: 50_000 }, { size: 3_000 }];
  const image = await makeImage({ seed: 1, layers });
  const changed = await makeImage({ seed: 1, layers: [...layers, { size: 700 }] });
  await writeDockerArchive(archive, [image], { style: 'legacy-symlink' });
  await writeDockerArchive(rebuilt, [changed], { style: 'legacy-symlink' });
});

// No limit of time is reached unless a test lets it: a busy machine is as good as a quick one.
beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
afterEach(() => void vi.useRealTimers());

let machines = 0;

/** Runs on a machine that knows nothing of earlier pushes. */
function runFresh(argv: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<CliResult> {
  machines += 1;
  const cache = join(home.directory, `machine-${machines}`);
  return runCli(argv, { env: { ...home.env, ...emulator.env, ECRP_CACHE_DIR: cache, ...env } });
}

describe('on a machine without a cache', () => {
  it('the image under the tag has the digests of its compressed layers: nothing is sent again', async () => {
    const argv = ['push', archive, 'cold/same:1.0', '--create-repo', '--json'];
    const first = await runFresh(argv);
    expect(first.json()).toMatchObject({ layers: { total: 3, uploaded: 3 } });
    const again = await runFresh(argv);
    expect(again.json()).toMatchObject({
      imageDigest: first.json().imageDigest,
      tags: [{ status: 'unchanged' }],
      layers: { total: 3, uploaded: 0, existing: 3 },
    });
    const without = await runFresh([...argv, '--no-remote-cache']);
    expect(without.json()).toMatchObject({
      imageDigest: first.json().imageDigest,
      layers: { total: 3, uploaded: 2, existing: 1 },
    });
  });

  it('so do layers that were compressed otherwise', async () => {
    const argv = ['push', archive, 'cold/other:1.0', '--create-repo', '--json'];
    const first = await runFresh([...argv, '--compression-level', '1']);
    const again = await runFresh(argv);
    expect(again.json()).toMatchObject({
      imageDigest: first.json().imageDigest,
      layers: { uploaded: 0, existing: 3 },
    });
  });

  it('of a rebuilt image the new layer and the config are sent, also to a new tag with --cache-from', async () => {
    await runFresh(['push', archive, 'cold/rebuilt:1.0', '--create-repo']);
    const argv = ['push', rebuilt, 'cold/rebuilt:1.1', '--cache-from', '1.0', '--json', '--verify', '-v'];
    const result = await runFresh(argv);
    expect(result.json()).toMatchObject({
      layers: { total: 4, uploaded: 2, existing: 2 },
      verified: { blobs: 4 },
    });
    expect(result.stderr).toContain('cold/rebuilt:1.1, 1.0: 2 compressed layers known');
    const without = await runFresh(['push', rebuilt, 'cold/rebuilt:1.2', '--json']);
    expect(without.json()).toMatchObject({ layers: { total: 4, uploaded: 3, existing: 1 } });
  });

  it('a service that does not tell the alias costs seconds, not the budget for retries', async () => {
    await setFaults(emulator, ['DescribeRegistries stall on=1']);
    const stalled = emulator.untilStalled();
    const argv = ['push', archive, 'cold/silent:1.0', '--create-repo', '--json', '-v'];
    const pushed = runFresh(argv);
    await stalled;
    vi.advanceTimersByTime(3_000);
    const result = await pushed;
    expect(result.json()).toMatchObject({
      layers: { uploaded: 3 },
      reference: expect.stringMatching(/\/cold\/silent:1\.0$/),
    });
    expect(result.stderr).toContain('the alias of your registry is not known within');
  });

  it('a registry that does not answer costs no more than the budget, where that is shorter', async () => {
    const argv = ['push', archive, 'cold/slow:1.0', '--create-repo', '--json', '-v', '--retry-budget', '2s'];
    const result = await runFresh(argv, { ECRP_REGISTRY_HOST: silent.host });
    expect(result.json()).toMatchObject({ layers: { uploaded: 3 } });
    expect(result.stderr).toContain('no answer within 2000 ms');
  });

  it('a registry that nobody reaches costs time alone', async () => {
    const argv = ['push', archive, 'cold/alone:1.0', '--create-repo', '--json', '-v'];
    const result = await runFresh(argv, { ECRP_REGISTRY_HOST: '127.0.0.1:1' });
    expect(result.json()).toMatchObject({ layers: { uploaded: 3 } });
    expect(result.stderr).toContain('the layers of cold/alone:1.0 are not known');
  });
});

it('the registry is not asked for layers when the local cache knows them all', async () => {
  const argv = ['push', archive, 'warm:1.0', '--create-repo'];
  const env = { ...home.env, ...emulator.env };
  await runCli(argv, { env });
  const before = emulator.requests.length;
  await runCli(argv, { env });
  const asked = emulator.requests.slice(before).map(({ operation, route }) => operation ?? route);
  expect(asked.filter((what) => !/^(HEAD|GET \/token)/.test(what ?? ''))).toEqual([
    'BatchCheckLayerAvailability',
    'PutImage',
  ]);
});

it.each([
  ['--cache-from', 'not a tag'],
  ['--cache-from', '1.0', '--no-remote-cache'],
])('a usage error: %s %s %s', async (...options) => {
  expect(await runFresh(['push', archive, 'app:1', ...options.filter(Boolean)])).toMatchObject({ status: 2 });
});
