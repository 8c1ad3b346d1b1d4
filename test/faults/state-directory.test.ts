import { spawn, spawnSync } from 'node:child_process';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { runCli } from '../support/cli.ts';
import { setFaults } from '../support/emulator.ts';
import { writeDockerArchive } from '../support/image-writers.ts';
import { makeImage } from '../support/images.ts';
import { startWorkplace } from '../support/workplace.ts';
import { Puller } from './puller.ts';

const MIB = 1024 * 1024;
const program = join(import.meta.dirname, '../../bin/ecrp.js');

const { home, emulator } = await startWorkplace();
beforeAll(async () => {
  const image = await makeImage({ seed: 3, layers: [{ size: 10.125 * MIB }, { size: 5.125 * MIB }] });
  await writeDockerArchive(join(home.directory, 'archive.tar'), [image], { style: 'skopeo' });
  const short = await makeImage({ seed: 4, layers: [{ size: 5.125 * MIB }, { size: 5.125 * MIB }] });
  await writeDockerArchive(join(home.directory, 'short.tar'), [short], { style: 'skopeo' });
});

/** State and cache in one place. */
function env(directory: string) {
  return { ...home.env, ...emulator.env, ECRP_STATE_DIR: directory, ECRP_CACHE_DIR: directory };
}

function makeArgv(name: string, compression = 'none', archive = 'archive.tar'): string[] {
  const argv = ['push', join(home.directory, archive), `${name}:1.0`, '--create-repo'];
  return [...argv, '--part-size', '5', '--compression', compression];
}

interface Ended {
  readonly status: number | null;
  readonly stderr: string;
}

/** Runs the built program after a line of shell, in its own mount namespace if asked. */
function pushAfter(line: string, argv: readonly string[], directory: string, hasMounts: boolean) {
  const shell = ['sh', '-c', `${line} && exec "$@"`, 'sh', process.execPath, program, ...argv];
  const [command = '', ...rest] = hasMounts ? ['unshare', '--mount', ...shell] : shell;
  const child = spawn(command, rest, {
    env: { PATH: process.env.PATH, ...env(directory), STATE: directory },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text) => {
    stderr += text;
  });
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status) => resolve({ status, stderr }));
  });
  return { child, ended };
}

async function expectWhole(name: string): Promise<void> {
  const puller = new Puller(emulator);
  expect(await puller.findDigest(name, '1.0')).toBeDefined();
  expect(await puller.findDamage(name, '1.0')).toBeUndefined();
}

/** Only the superuser may mount. */
const canMount = spawnSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt']).status === 0;

const full = 'mount -t tmpfs -o size=16k tmpfs "$STATE" && ! cat /dev/zero 2>/dev/null >"$STATE/filler"';
describe.each([
  // No user can make a file grow. As on a full disk, files can be made, but stay empty.
  ['that takes no byte', 'ulimit -f 0', false, 'EFBIG'],
  ['on a disk that is full', full, true, 'ENOSPC'],
  ['on a disk that is read-only', 'mount -t tmpfs -o ro tmpfs "$STATE"', true, 'EROFS'],
])('a state directory %s', (name, line, hasMounts, code) => {
  const place = code.toLowerCase();

  test.skipIf(hasMounts && !canMount)('causes a warning, and the push succeeds', async () => {
    const directory = join(home.directory, place);
    await mkdir(directory);
    const argv = makeArgv(`state/${place}`, 'gzip', 'short.tar');
    const { status, stderr } = await pushAfter(line, argv, directory, hasMounts).ended;
    expect(status, `${name}: ${stderr}`).toBe(0);
    expect(stderr.match(/^warning: uploads cannot be saved in .*/gm)).toEqual([
      expect.stringContaining(code),
    ]);
    await expectWhole(`state/${place}`);
  });

  test.skipIf(hasMounts && !canMount)('after kill -9, the next push starts anew', async () => {
    const repositoryName = `state/killed-${place}`;
    const directory = join(home.directory, `killed-${place}`);
    await mkdir(directory);
    await setFaults(emulator, ['UploadLayerPart stall on=3']);
    const stalled = emulator.untilStalled();
    const argv = makeArgv(repositoryName, 'gzip', 'short.tar');
    const { child, ended } = pushAfter(line, argv, directory, hasMounts);
    await Promise.race([stalled, ended]);
    child.kill('SIGKILL');
    expect(await ended).toMatchObject({ status: null });
    await setFaults(emulator, []);
    const again = await runCli([...argv, '--verify', '--json'], { env: env(directory) });
    expect(again.status, again.stderr).toBe(0);
    expect(again.json().bytes).toMatchObject({ resumed: 0 });
    await expectWhole(repositoryName);
  });
});

test('a disk that fills up in the middle of a push keeps the saved uploads', async () => {
  const directory = join(home.directory, 'filling');
  // The first one belongs to the config.
  await setFaults(emulator, ['UploadLayerPart error AccessDeniedException on=3']);
  const argv = [...makeArgv('state/filling'), '--concurrency', '1', '--json'];
  expect(await runCli(argv, { env: env(directory) })).toMatchObject({ status: 4 });
  // One more part arrives, and its record does not fit.
  await setFaults(emulator, ['UploadLayerPart error AccessDeniedException on=2']);
  const { status, stderr } = await pushAfter('ulimit -f 0', argv, directory, false).ended;
  await setFaults(emulator, []);
  expect(status, stderr).toBe(4);
  expect(stderr).toContain('cannot be saved');
  const names = await readdir(join(directory, 'uploads'));
  expect(names).toEqual([expect.stringMatching(/^[0-9a-f]{64}\.json$/)]);
  const again = await runCli(argv, { env: env(directory) });
  expect(again.json().bytes).toMatchObject({ resumed: expect.any(Number) });
  expect(Object(again.json().bytes).resumed).toBeGreaterThanOrEqual(5 * MIB);
  await expectWhole('state/filling');
});

/** Only the superuser may make a PID namespace. */
const hasNamespaces = spawnSync('unshare', ['--pid', '--fork', 'true']).status === 0;

test.skipIf(!hasNamespaces)(
  'two containers with one state directory leave each other’s live uploads alone',
  async () => {
    const directory = join(home.directory, 'shared');
    await mkdir(directory);
    await setFaults(emulator, ['UploadLayerPart stall on=3']);
    const stalled = emulator.untilStalled();
    const argv = [...makeArgv('state/shared'), '--concurrency', '1'];
    const start = () => {
      const inside = [
        '--pid',
        '--fork',
        '--kill-child',
        '--mount-proc',
        process.execPath,
        program,
        ...argv,
        '--json',
      ];
      const child = spawn('unshare', inside, {
        env: { PATH: process.env.PATH, ...env(directory) },
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      const chunks: Buffer[] = [];
      child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
      const ended = new Promise<string>((resolve) => {
        child.on('close', () => resolve(Buffer.concat(chunks).toString()));
      });
      return { child, ended };
    };
    const first = start();
    await Promise.race([stalled, first.ended]);
    const [live] = await readdir(join(directory, 'uploads'));
    expect(live).toBeDefined();
    const second = JSON.parse(await start().ended);
    expect(second.bytes).toMatchObject({ resumed: 0 });
    expect(await readdir(join(directory, 'uploads'))).toContain(live);
    first.child.kill('SIGKILL');
    await first.ended;
    await setFaults(emulator, []);
    await expectWhole('state/shared');
  },
);

test('files of a later version are neither used nor removed', async () => {
  const directory = join(home.directory, 'later');
  await setFaults(emulator, ['UploadLayerPart error AccessDeniedException on=3']);
  const argv = [...makeArgv('state/later'), '--concurrency', '1', '--json'];
  expect(await runCli(argv, { env: env(directory) })).toMatchObject({ status: 4 });
  await setFaults(emulator, ['UploadLayerPart error AccessDeniedException on=1']);
  const [name = ''] = await readdir(join(directory, 'uploads'));
  const path = join(directory, 'uploads', name);
  const text = (await readFile(path, 'utf8')).replace('"version":1', '"version":2,"more":{}');
  await writeFile(path, text);
  expect((await runCli(['uploads', 'list', '--json'], { env: env(directory) })).json().uploads).toEqual([]);
  expect(await runCli(argv, { env: env(directory) })).toMatchObject({ status: 4 });
  expect(await readFile(path, 'utf8')).toBe(text);
  await setFaults(emulator, []);
  const again = await runCli(argv, { env: env(directory) });
  expect(again.json().bytes).toMatchObject({ resumed: 0 });
  await expectWhole('state/later');
});
