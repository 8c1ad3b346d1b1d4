import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type CliResult, runBuiltCli, spawnCli } from '../support/cli.ts';
import { setFaults } from '../support/emulator.ts';
import { listArchiveItems, listLayoutItems } from '../support/image-writers.ts';
import { makeImage, packTar, type TarItem } from '../support/images.ts';
import { startWorkplace } from '../support/workplace.ts';

const MIB = 1024 * 1024;
const PART_BYTES = 5 * MIB;
const CONCURRENCY = 2;

const { home, emulator } = await startWorkplace();
// Random bytes do not get shorter by compression.
const image = await makeImage({
  seed: 4712,
  layers: [{ size: 10.125 * MIB }, { size: 5.125 * MIB }, { size: 4000 }],
});
// Two parts are enough for tests that check no order.
const short = await makeImage({
  seed: 4713,
  layers: [{ size: 5.125 * MIB }, { size: 70_000 }, { size: 4000 }],
});
const layoutName = 'org.opencontainers.image.ref.name';
type Items = readonly TarItem[];
const forms: readonly (readonly [how: string, items: Items, shortItems: Items])[] = [
  [
    'whose layers are compressed on the way',
    listArchiveItems([image], 'hybrid'),
    listArchiveItems([short], 'hybrid'),
  ],
  [
    'whose layers are sent as they are',
    listLayoutItems([image], layoutName),
    listLayoutItems([short], layoutName),
  ],
];

let temporary: string;
let count = 0;
let repositoryName: string;
beforeAll(async () => {
  temporary = join(home.directory, 'tmp');
  await mkdir(temporary);
});
beforeEach(async () => {
  count += 1;
  repositoryName = `arriving/r${count}`;
  await setFaults(emulator, []);
});

function compose(source: string, stdin: Buffer | undefined, options: readonly string[]) {
  const argv = ['push', source, `${repositoryName}:1.0`, '--create-repo', '--json', '-v'];
  const fixed = ['--part-size', '5', '--concurrency', String(CONCURRENCY)];
  const env = {
    ...home.env,
    ...emulator.env,
    TMPDIR: temporary,
    ECRP_STATE_DIR: join(home.directory, repositoryName, 'state'),
    ECRP_CACHE_DIR: join(home.directory, repositoryName, 'cache'),
  };
  return [[...argv, ...fixed, ...options], { env, ...(stdin && { stdin }) }] as const;
}

function start(source: string, stdin: Buffer | undefined, ...options: readonly string[]) {
  return spawnCli(...compose(source, stdin, options));
}

/** Pushes to the end, and verifies the image. */
async function finish(source: string, stdin?: Buffer, ...options: readonly string[]): Promise<CliResult> {
  const result = await runBuiltCli(...compose(source, stdin, ['--verify', ...options]));
  expect(result.status, result.stdout + result.stderr).toBe(0);
  return result;
}

/** Kills a push when so many of its requests are stalled by the faults. */
async function killWhenStalled(tar: Buffer, requests: number, faults: readonly string[]): Promise<void> {
  await setFaults(emulator, faults);
  const stalled = emulator.untilStalled(requests);
  const { child, ended } = start('-', tar);
  const exit = ended.then(({ stderr }) => stderr);
  const early = exit.then((stderr) => Promise.reject(new Error(`it ended by itself: ${stderr}`)));
  await Promise.race([stalled, early]);
  early.catch(() => undefined);
  child.kill('SIGKILL');
  await exit.catch(() => undefined);
}

/** Node may keep files of its own there. */
async function listSpools(): Promise<readonly string[]> {
  return (await readdir(temporary)).filter((name) => name.startsWith('ecrp'));
}

function partsSince(since: number) {
  return emulator.requests.slice(since).filter(({ operation }) => operation === 'UploadLayerPart');
}

describe.each(forms)('an archive on standard input %s', (_how, items, shortItems) => {
  test.each([
    'UploadLayerPart reset-before every=3',
    'UploadLayerPart reset-after every=2',
    'UploadLayerPart cut-response every=2',
    // One or two before that find no repository.
    'InitiateLayerUpload reset-after on=4',
    'CompleteLayerUpload reset-after every=2',
    '* reset-after p=0.1 seed=7',
  ])('arrives in spite of %s', async (fault) => {
    await setFaults(emulator, [fault]);
    const { json } = await finish('-', await packTar(shortItems));
    expect(json()).toMatchObject({ layers: { total: 4, uploaded: 4 } });
    expect(Number(json().retries)).toBeGreaterThan(0);
  });

  test('resumes after kill -9, because the names identify the layers', async () => {
    const tar = await packTar(items);
    const since = emulator.requests.length;
    // The third part follows two acknowledged ones. No layer is completed.
    const completions = ['CompleteLayerUpload stall on=1', 'CompleteLayerUpload stall on=2'];
    await killWhenStalled(tar, CONCURRENCY, ['UploadLayerPart stall on=3', ...completions]);
    await killWhenStalled(tar, 1, ['UploadLayerPart stall every=1', 'CompleteLayerUpload stall every=1']);
    const kills = 2;
    await setFaults(emulator, []);
    // The contract fixes these members.
    const bytes = (await finish('-', tar)).json().bytes as Record<'total' | 'resumed', number>;
    expect(bytes.resumed).toBeGreaterThan(0);
    const sent = partsSince(since).reduce((sum, request) => sum + Math.floor((request.bytes * 3) / 4), 0);
    // The other members of a request are far less than a thousandth of its part.
    expect(sent).toBeLessThanOrEqual((bytes.total + kills * CONCURRENCY * PART_BYTES) * 1.001);
  });

  test('interrupted, it ends at once, leaves nothing, and resumes', async () => {
    await setFaults(emulator, ['UploadLayerPart stall on=2']);
    const tar = await packTar(items);
    const stalled = emulator.untilStalled();
    const { child, ended } = start('-', tar);
    await Promise.race([stalled, ended]);
    child.kill('SIGTERM');
    expect((await ended).status).toBe(143);
    expect(await listSpools()).toEqual([]);
    await setFaults(emulator, []);
    expect((await finish('-', tar)).json()).toMatchObject({ layers: { total: 4 } });
  });

  test('whose upload vanishes must be sent again, which then succeeds', async () => {
    await setFaults(emulator, ['UploadLayerPart error UploadNotFoundException on=3']);
    const tar = await packTar(items);
    const { status, json } = await start('-', tar).ended;
    expect(status).toBe(8);
    expect(json().error).toMatchObject({
      code: 'UNAVAILABLE',
      hint: 'Run the command again, or write the archive into a file and push that.',
    });
    await finish('-', tar);
  });
});

test.each(forms)('a compressed file %s is read again when an upload vanishes', async (_how, items) => {
  // The fourth part is the first of the second layer. One layer at a time: the abort would hide the completion of another from the push.
  await setFaults(emulator, ['UploadLayerPart error UploadNotFoundException on=4']);
  const path = join(home.directory, `image-${count}.tar.gz`);
  await writeFile(path, gzipSync(await packTar(items), { level: 1 }));
  const { json, stderr } = await finish(path, undefined, '--concurrency', '1');
  expect(stderr).toContain('is read again, into a temporary file');
  expect(json()).toMatchObject({ layers: { total: 4, uploaded: 4, existing: 0 } });
  expect(await listSpools()).toEqual([]);
});
