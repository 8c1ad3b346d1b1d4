import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, describe, expect, it } from 'vitest';
import type { BlobDigest } from '../../src/emulator/storage/model.ts';
import { main } from '../../src/main.ts';
import { callApi } from '../support/call-api.ts';
import { type CliResult, makeHome, runCli } from '../support/cli.ts';
import { setFaults, startTestEmulator } from '../support/emulator.ts';
import { type FilledImage, fillRepository } from '../support/fill-repository.ts';

const DAY_MS = 86_400_000;
const home = await makeHome();
const dataDirectory = await mkdtemp(join(tmpdir(), 'ecrp-test-'));

/** Fills a repository before the emulator starts, with images so many days old. Adds the digests to `digests`. */
async function fill(
  name: string,
  images: Iterable<Omit<FilledImage, 'pushedAtMs'> & { readonly days: number }>,
  digests: BlobDigest[] = [],
): Promise<BlobDigest[]> {
  function* date(): Generator<FilledImage> {
    for (const { days, ...image } of images) yield { ...image, pushedAtMs: Date.now() - days * DAY_MS };
  }
  await fillRepository(dataDirectory, name, date(), (digest) => digests.push(digest));
  return digests;
}

// Releases of three platforms, untagged leftovers, and previews.
const RELEASES = 8;
const [first] = await fill('mixed', [
  ...Array.from({ length: RELEASES }, (_, number) => ({
    tag: `1.${number}`,
    platforms: 3,
    days: 90 - number,
  })),
  { days: 80 },
  { days: 1 },
  ...Array.from({ length: 250 }, (_, number) => ({ tag: `pr-${number}`, days: 100 })),
]);
const attached: BlobDigest[] = [];
function* yieldAttached() {
  yield { tag: '1.0', days: 50 };
  yield { days: 50, subject: attached[0] as BlobDigest }; // as: `onDigest` has run before the next is asked for
  yield { tag: `sha256-${attached[0]?.slice(7)}.sig`, days: 50 };
  yield { tag: `sha256-${'0'.repeat(64)}.sig`, days: 50 };
}
await fill('signed', yieldAttached(), attached);
await fill('old', [
  { tag: 'a', days: 40 },
  { tag: 'b', days: 40 },
]);
await fill('releases', [
  { tag: 'pr-1', platforms: 2, days: 9 },
  { tag: 'main', platforms: 2, days: 9 },
]);
await fill('racing', [{ days: 9 }, { days: 9 }, { tag: 'main', days: 9 }]);
await fill('broken', [{ days: 9 }, { tag: 'a', days: 9 }]);
const emulator = await startTestEmulator({ dataDirectory });
afterAll(async () => {
  await emulator.close();
  await home.remove();
  await rm(dataDirectory, { recursive: true, force: true });
});
const env = { ...home.env, ...emulator.env };

function prune(...argv: string[]): Promise<CliResult> {
  return runCli(['image', 'prune', ...argv], { env, cwd: home.directory });
}

async function countImages(repositoryName: string): Promise<number> {
  const { imageDetails = [] } = await callApi(emulator, 'DescribeImages', {
    repositoryName,
    maxResults: 1000,
  });
  return imageDetails.length;
}

/** Manifests that were read so far. */
function countReads(): number {
  return emulator.requests.filter(({ route }) => route?.startsWith('GET') && route.includes('manifests'))
    .length;
}

interface Pruned {
  readonly images: { imageDigest: string; imageTags: string[]; action: string; reason: string }[];
  readonly deleted: { imageDigest: string; imageTag?: string }[];
}

/** The document of `--json`, whose members each test compares. */
function readPruned({ json }: CliResult): Pruned {
  return json() as unknown as Pruned;
}

describe('image prune --dry-run', () => {
  it('shows why each image goes or stays, and deletes nothing', async () => {
    const before = await countImages('mixed');
    const reads = countReads();
    const { status, stdout, stderr } = await prune('mixed', '--untagged', '--older-than', '30d', '--dry-run');
    expect(status).toBe(0);
    const rows = stdout.trimEnd().split('\n');
    expect(rows).toHaveLength(before + 1);
    expect(rows[0]).toMatch(/^ACTION +DIGEST +TAGS +PUSHED \(UTC\) +REASON$/);
    expect(rows.filter((row) => row.startsWith('delete'))).toEqual([
      expect.stringMatching(/^delete +sha256:\S+ +[-\d]{10} [:\d]{5} +untagged, older than 30d$/),
    ]);
    expect(rows.filter((row) => row.includes(`child of ${first}, which stays`))).toHaveLength(3);
    expect(rows.filter((row) => row.endsWith('  tagged'))).toHaveLength(RELEASES + 250);
    expect(rows.filter((row) => row.endsWith('  not older than 30d'))).toHaveLength(1);
    expect(stderr).toContain(`1 of ${before} images would go.\n`);
    // The indexes, and the image that would go.
    expect(stderr).toMatch(new RegExp(`^Reading ${RELEASES} manifests, 10 a second: about 0\\.8 s\\.$`, 'm'));
    expect(countReads() - reads).toBe(RELEASES + 1);
    expect(await countImages('mixed')).toBe(before);
  });

  it('has the decision as JSON', async () => {
    const result = await prune(
      'mixed',
      '--older-than',
      '30d',
      '--match',
      'pr-*',
      '--keep',
      '200',
      '--dry-run',
      '--json',
    );
    const { images, deleted } = readPruned(result);
    expect(result.json()).toMatchObject({ dryRun: true, failures: [] });
    expect(deleted).toEqual([]);
    const going = images.filter(({ action }) => action === 'delete');
    expect(going).toHaveLength(50);
    for (const { imageTags, reason } of going) {
      expect(imageTags[0]).toMatch(/^pr-/);
      expect(reason).toBe('every tag matches, older than 30d, not among the newest 200');
    }
    expect(images).toContainEqual({
      ...{ imageDigest: first, imageTags: ['1.0'], action: 'keep', reason: 'tag 1.0 does not match' },
    });
  });

  it('reads anonymously without a login, and says so', async () => {
    await setFaults(emulator, ['GetAuthorizationToken error AccessDeniedException']);
    const { status, stderr } = await prune('releases', '--older-than', '1d', '--match', 'pr-*', '--dry-run');
    await setFaults(emulator, []);
    expect(status).toBe(0);
    expect(stderr).toContain('Reading 2 manifests, 1 a second without a login: about 2.0 s.');
  });
});

describe('image prune', () => {
  it('asks, and needs --yes without a terminal', async () => {
    const calls = emulator.requests.length;
    const { json } = await prune('mixed', '--untagged', '--json');
    expect(json()).toMatchObject({
      error: { code: 'USAGE', hint: expect.stringContaining('--yes') },
      exitStatus: 2,
    });
    expect(emulator.requests).toHaveLength(calls);
  });

  it('deletes what meets all rules, in batches', async () => {
    const before = await countImages('mixed');
    const calls = emulator.count('BatchDeleteImage');
    const result = await prune(
      'mixed',
      '--older-than',
      '95d',
      '--match',
      'pr-*',
      '--protect',
      'pr-1*',
      '--yes',
      '--json',
    );
    expect(result.status).toBe(0);
    const { images, deleted } = readPruned(result);
    // 1, 10 to 19 and 100 to 199 are protected.
    expect(deleted).toHaveLength(250 - 111);
    expect(images.filter(({ reason }) => /^tag pr-1\d* is protected$/.test(reason))).toHaveLength(111);
    expect(emulator.count('BatchDeleteImage') - calls).toBe(2);
    expect(await countImages('mixed')).toBe(before - 139);
    const again = await prune(
      'mixed',
      '--older-than',
      '95d',
      '--match',
      'pr-*',
      '--protect',
      'pr-1*',
      '--yes',
    );
    expect(again).toMatchObject({
      status: 0,
      stdout: '',
      stderr: expect.stringMatching(/^Nothing to delete: /m),
    });
  });

  it('keeps referrers of what stays, by subject and by tag', async () => {
    const result = await prune('signed', '--older-than', '30d', '--protect', '1.*', '--yes', '--json');
    expect(readPruned(result).images.map(({ action, reason }) => `${action}: ${reason}`)).toEqual([
      'keep: tag 1.0 is protected',
      `keep: refers to ${attached[0]}, which stays`,
      `keep: refers to ${attached[0]}, which stays`,
      'delete: older than 30d',
    ]);
    expect(await countImages('signed')).toBe(3);
  });

  it('takes children of an index that goes with --with-children', async () => {
    const rules = ['releases', '--older-than', '1d', '--match', 'pr-*', '--yes', '--json'];
    const { images, deleted } = readPruned(await prune(...rules, '--with-children'));
    expect(deleted.map(({ imageTag }) => imageTag)).toEqual(['pr-1', undefined, undefined]);
    const reasons = images.map(({ reason }) => reason);
    expect(reasons.filter((reason) => reason === 'child of an index that goes')).toHaveLength(2);
    expect(reasons.filter((reason) => reason.startsWith('child of sha256:'))).toHaveLength(2);
    expect(await countImages('releases')).toBe(3);
  });

  it('does not empty a repository without --allow-empty', async () => {
    const dry = await prune('old', '--older-than', '30d', '--dry-run');
    expect(dry).toMatchObject({ status: 0, stderr: expect.stringContaining('--allow-empty') });
    const refused = await prune('old', '--older-than', '30d', '--yes', '--json');
    expect(refused.json()).toMatchObject({ error: { code: 'CONFLICT' }, exitStatus: 6 });
    expect(await countImages('old')).toBe(2);
    const { status, stdout } = await prune('old', '--older-than', '30d', '--yes', '--allow-empty');
    expect({ status, lines: stdout.match(/^old:[ab]@sha256:/gm) }).toEqual({
      status: 0,
      lines: ['old:a@sha256:', 'old:b@sha256:'],
    });
    const empty = await prune('old', '--untagged', '--yes', '--json');
    expect(empty.json()).toEqual({ schemaVersion: 1, images: [], deleted: [], failures: [] });
  });

  it('asks on a terminal, and leaves an image that got a tag in the meantime', async () => {
    const [first, second] =
      (await callApi(emulator, 'DescribeImages', { repositoryName: 'racing' })).imageDetails ?? [];
    // Read when the question is asked.
    async function* answer() {
      await runCli(['image', 'tag', `racing@${first?.imageDigest}`, 'rescued'], { env });
      yield 'y\n';
    }
    const stdin = Object.assign(Readable.from(answer()), { isTTY: true });
    const result = await runCli(['image', 'prune', 'racing', '--untagged', '--json'], {
      env,
      terminalColumns: 80,
      main: (argv, io) => main(argv, { ...io, stdin }),
    });
    expect(result.stderr).toContain('Delete 2 of 3 images of racing?');
    expect(result.json()).toMatchObject({
      deleted: [{ imageDigest: second?.imageDigest }],
      failures: [{ imageId: { imageDigest: first?.imageDigest }, failureCode: 'ImageTagDoesNotMatchDigest' }],
      exitStatus: 6,
    });
    expect(await countImages('racing')).toBe(2);
  });

  it('says what it could not delete', async () => {
    await setFaults(emulator, ['BatchDeleteImage error AccessDeniedException']);
    const { status, json } = await prune('broken', '--untagged', '--yes', '--json');
    await setFaults(emulator, []);
    expect(status).toBe(4);
    expect(json()).toMatchObject({
      images: [{ action: 'delete' }, { action: 'keep' }],
      deleted: [],
      error: { code: 'AUTH', operation: 'BatchDeleteImage' },
      exitStatus: 4,
    });
  });

  it.each([
    ['no rule', ['mixed', '--match', '*']],
    ['an age without a unit', ['mixed', '--older-than', '30']],
    ['an unknown unit', ['mixed', '--older-than', '3m']],
    ['a pattern that does not end', ['mixed', '--untagged', '--match', 'v[0']],
    ['a tag', ['mixed:1.0', '--untagged']],
  ])('refuses %s before any call', async (_what, argv) => {
    const calls = emulator.requests.length;
    expect((await prune(...argv, '--yes')).status).toBe(2);
    expect(emulator.requests).toHaveLength(calls);
  });
});
