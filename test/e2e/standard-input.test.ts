import { execFile, execFileSync, spawn } from 'node:child_process';
import { mkdir, readdir, readFile, readlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { EcrpError } from '../../src/errors.ts';
import { makeInterruption, patience, runCli, spawnCli } from '../support/cli.ts';
import { listArchiveItems, listLayoutItems } from '../support/image-writers.ts';
import { type GeneratedImage, makeImage, packTar, type TarItem } from '../support/images.ts';
import { startWorkplace } from '../support/workplace.ts';

const MIB = 1024 * 1024;
const one = join(import.meta.dirname, '..', '..', 'fixtures', 'archives', 'docker-20.10-one.tar');

const { home, emulator } = await startWorkplace();
// One layer of several parts, one of one part, one that is too small to be sent before the manifest is known.
const image = await makeImage({ seed: 7, layers: [{ size: 6 * MIB }, { size: 2 * MIB }, { size: 4000 }] });
let temporary: string;
let count = 0;
let repositoryName: string;
beforeAll(async () => {
  temporary = join(home.directory, 'tmp');
  await mkdir(temporary);
});
beforeEach(() => {
  count += 1;
  repositoryName = `piped/r${count}`;
});

function findEnv(TMPDIR = temporary) {
  return { ...home.env, ...emulator.env, TMPDIR };
}

/** With a cache of its own: nothing is known of any layer. */
function findEmptyEnv() {
  const name = repositoryName.replace('/', '-');
  return {
    ...findEnv(join(home.directory, 'no-place-for-temporary-files')),
    ECRP_CACHE_DIR: join(home.directory, `cache-${name}`),
    ECRP_STATE_DIR: join(home.directory, `state-${name}`),
  };
}

/** Node may keep things of its own there. */
async function listSpools(): Promise<readonly string[]> {
  return (await readdir(temporary)).filter((name) => name.startsWith('ecrp'));
}

function countSince(since: number, operation: string): number {
  return emulator.requests.slice(since).filter((request) => request.operation === operation).length;
}

function pipe(stdin: Buffer, argv: readonly string[] = [], env = findEmptyEnv()) {
  const reference = `${repositoryName}:1.0`;
  return runCli(['push', '-', reference, '--create-repo', '--json', '--part-size', '5', ...argv], {
    env,
    stdin,
  });
}

it('a tar on standard input is pushed as the same file would be, and leaves nothing', async () => {
  const tar = await readFile(one);
  const argv = ['app:1.0', '--create-repo', '--json'];
  const file = await runCli(['push', one, ...argv], { env: findEnv() });
  for (const stdin of [tar, gzipSync(tar)]) {
    const piped = await runCli(['push', '-', ...argv], { env: findEnv(), stdin });
    expect(piped.json()).toMatchObject({
      imageDigest: file.json().imageDigest,
      tags: [{ status: 'unchanged' }],
    });
    expect(await listSpools()).toEqual([]);
  }
});

it('what is no archive is refused by its name', async () => {
  const result = await runCli(['push', '-', 'app:1.0'], { env: findEnv(), stdin: 'hello' });
  expect(result).toMatchObject({
    status: 3,
    stderr: expect.stringContaining('standard input: not a tar archive'),
  });
  expect(await listSpools()).toEqual([]);
});

interface Form {
  readonly of: string;
  readonly listItems: (image: GeneratedImage) => readonly TarItem[];
  /** What begins the end of the archive, which says what all before it is. */
  readonly lastFile: string;
  /** How many parts are sent when the image is pushed again: where names tell nothing, every layer that arrives. */
  readonly partsAgain: number;
}

function form(of: string, listItems: Form['listItems'], lastFile: string, partsAgain = 0): Form {
  return { of, listItems, lastFile, partsAgain };
}

const ociName = 'org.opencontainers.image.ref.name';
const forms: readonly Form[] = [
  form('docker save before 25', (of) => listArchiveItems([of], 'legacy-symlink'), 'manifest.json', 3),
  form('docker save', (of) => listArchiveItems([of], 'hybrid'), 'index.json'),
  form('docker save of the containerd store', (of) => listArchiveItems([of], 'hybrid-packed'), 'index.json'),
  form('podman and skopeo', (of) => listArchiveItems([of], 'skopeo'), 'manifest.json'),
  form('crane and kaniko', (of) => listArchiveItems([of], 'crane'), 'manifest.json'),
  form('an OCI layout', (of) => listLayoutItems([of], ociName), 'index.json'),
];

describe.each(forms)('the archive of $of', ({ listItems, lastFile, partsAgain }) => {
  it('is sent while it arrives, and needs no temporary file', async () => {
    const tar = await packTar(listItems(image));
    const path = join(home.directory, `image-${count}.tar`);
    await writeFile(path, tar);
    const options = ['--create-repo', '--json', '--part-size', '5'];
    const expected = await runCli(['push', path, `${repositoryName}-file:1.0`, ...options], {
      env: findEnv(),
    });

    const cut = Math.floor(tar.lastIndexOf(lastFile) / 512) * 512;
    const since = emulator.requests.length;
    const { child, ended } = spawnCli(['push', '-', `${repositoryName}:1.0`, ...options, '--verify'], {
      env: findEmptyEnv(),
      stdin: tar.subarray(0, cut),
      keepStdinOpen: true,
    });
    // Both layers are whole in the repository before anything has said that they are of an image.
    await expect.poll(() => countSince(since, 'CompleteLayerUpload'), patience).toBe(2);
    expect(countSince(since, 'UploadLayerPart')).toBe(3);
    expect(countSince(since, 'PutImage')).toBe(0);
    child.stdin?.end(tar.subarray(cut));
    const result = await ended;
    expect(result.status, result.stderr).toBe(0);
    const { imageDigest, layers, bytes } = expected.json();
    expect(result.json()).toMatchObject({ imageDigest, layers, bytes });
    expect(result.json().apiCalls).toBe(emulator.requests.slice(since).filter(isApiCall).length);

    // What the name of a layer tells is asked for before it is sent.
    const again = emulator.requests.length;
    const unchanged = await pipe(tar);
    expect(unchanged.json()).toMatchObject({ imageDigest, tags: [{ status: 'unchanged' }] });
    expect(countSince(again, 'UploadLayerPart')).toBe(partsAgain);
  });
});

function isApiCall({ operation }: { readonly operation?: string | undefined }): boolean {
  return operation !== undefined && /^[A-Z]/.test(operation);
}

it('a compressed archive needs no temporary file, as a file and on standard input', async () => {
  const tar = gzipSync(await packTar(listArchiveItems([image], 'skopeo')), { level: 1 });
  const path = join(home.directory, 'image.tar.gz');
  await writeFile(path, tar);
  const argv = ['push', path, `${repositoryName}:1.0`, '--create-repo', '--json'];
  const file = await runCli(argv, { env: findEmptyEnv() });
  expect(file.json()).toMatchObject({ layers: { total: 4, uploaded: 4 } });
  const piped = await pipe(tar);
  expect(piped.json()).toMatchObject({ imageDigest: file.json().imageDigest, layers: { existing: 4 } });
});

it.each([
  ['--dry-run', []],
  ['--if-exists fail', []],
  ['--platform', ['linux/amd64']],
  ['--attestations drop', []],
  ['--image', ['x:1']],
  ['--all', []],
])('with %s nothing is sent before all is there, and -v says so', async (option, value) => {
  const tar = await packTar(listArchiveItems([image], 'skopeo'));
  const since = emulator.requests.length;
  const result = await pipe(tar, ['-v', ...option.split(' '), ...value]);
  expect(result.status).toBe(3);
  expect(result.stderr).toContain(
    `standard input goes into a temporary file before anything is sent: ${option} needs the whole of it`,
  );
  expect(result.json().error).toMatchObject({
    message: expect.stringMatching(/it cannot be written into .*no-place-for-temporary-files/),
  });
  expect(emulator.requests.length).toBe(since);
});

it('a layer that is not what its name says is refused, and no image is put', async () => {
  const items = listArchiveItems([image], 'skopeo').map((item) =>
    item.content === image.layers[1]?.tar
      ? { ...item, content: image.layers[0]?.tar.subarray(0, 3 * MIB) }
      : item,
  );
  const since = emulator.requests.length;
  const result = await pipe(await packTar(items as readonly TarItem[]));
  expect(result.status).toBe(3);
  expect(result.json().error).toMatchObject({ message: expect.stringContaining('named by its digest') });
  expect(countSince(since, 'PutImage')).toBe(0);
});

it('what is cut short is an error that says so, and no image is put', async () => {
  const tar = await packTar(listArchiveItems([image], 'hybrid'));
  const since = emulator.requests.length;
  for (const stdin of [tar.subarray(0, 5.5 * MIB), gzipSync(tar, { level: 1 }).subarray(0, 5.5 * MIB)]) {
    const result = await pipe(stdin);
    expect(result.status).toBe(3);
    expect(result.json().error).toMatchObject({
      message: expect.stringMatching(/cut short/),
      hint: expect.stringMatching(/command before the pipe/),
    });
  }
  expect(countSince(since, 'PutImage')).toBe(0);
});

it.each([[], ['--dry-run']])(
  'a command that fails before it writes anything is asked about (%s)',
  async (...argv) => {
    const result = await pipe(Buffer.alloc(0), argv);
    expect(result.json()).toMatchObject({
      error: {
        code: 'INVALID_INPUT',
        message: 'standard input: it is empty',
        hint: 'Run the command before the pipe alone to see whether it fails.',
      },
      exitStatus: 3,
    });
  },
);

it.skipIf(process.platform === 'win32')('a directory is an error that says so', async () => {
  const program = join(import.meta.dirname, '..', '..', 'bin', 'ecrp.js');
  const argv = ['-c', '"$0" "$1" push - app:1 < /', process.execPath, program];
  const env = { PATH: process.env.PATH, ...findEnv() };
  const failed = await promisify(execFile)('sh', argv, { env }).catch((error: unknown) => error);
  expect(failed).toMatchObject({ code: 3, stderr: expect.stringContaining('standard input: a directory') });
});

describe.skipIf(process.platform === 'win32')('a FIFO', () => {
  /** A FIFO, and what writes the file into it. */
  const writeFifo = (file: string): string => {
    const path = join(home.directory, `fifo-${repositoryName.replace('/', '-')}`);
    execFileSync('mkfifo', [path]);
    spawn('sh', ['-c', 'cat "$0" > "$1"', file, path], { stdio: 'ignore' });
    return path;
  };

  it.each([[[]], [['--dry-run']], [['--image', 'fixture/app:1.0']]])(
    'is read as standard input is (%j)',
    async (options) => {
      const argv = [`${repositoryName}:1.0`, '--create-repo', '--json', ...options];
      const file = await runCli(['push', one, ...argv], { env: findEnv() });
      const result = await runCli(['push', writeFifo(one), ...argv], { env: findEnv() });
      expect(result.json()).toMatchObject({ imageDigest: file.json().imageDigest });
    },
  );

  it("is what a shell's <(command) gives", async () => {
    const program = join(import.meta.dirname, '..', '..', 'bin', 'ecrp.js');
    const line = '"$0" "$1" push <(cat "$2") "$3" --create-repo -q';
    const argv = ['-c', line, process.execPath, program, one, `${repositoryName}:1.0`];
    const env = { PATH: process.env.PATH, ...findEnv() };
    const { stdout } = await promisify(execFile)('bash', argv, { env });
    expect(stdout).toMatch(/:1\.0@sha256:[a-f0-9]{64}\n$/);
  });

  it('that is empty, and one that nobody writes', async () => {
    const empty = await runCli(['push', writeFifo('/dev/null'), 'app:1', '--json'], { env: findEnv() });
    expect(empty.json().error).toMatchObject({
      message: expect.stringMatching(/: it is empty$/),
      hint: expect.stringContaining('command before the pipe'),
    });
    count += 1;
    const path = join(home.directory, 'lone-fifo');
    execFileSync('mkfifo', [path]);
    const { signal, interrupt } = makeInterruption(new EcrpError('INTERRUPTED', 'by you'));
    const waiting = runCli(['push', path, 'app:1'], { env: findEnv(), signal });
    setImmediate(interrupt);
    expect((await waiting).status).toBe(130);
  });
});

it('plain layers of an OCI layout are known to be such too late, unless none is to be compressed', async () => {
  const plain = await makeImage({ seed: 8, layers: [{ size: 2 * MIB, compression: 'none' }] });
  const tar = await packTar(listLayoutItems([plain], ociName));
  const refused = await pipe(tar);
  expect(refused.status).toBe(8);
  expect(refused.json().error).toMatchObject({ hint: expect.stringContaining('--compression none') });
  const result = await pipe(tar, ['--compression', 'none', '--verify']);
  expect(result.json()).toMatchObject({ imageDigest: plain.descriptor.digest, layers: { uploaded: 2 } });
});

it('plain layers of an OCI layout stay so in a compressed file, which is read again for them', async () => {
  const plain = await makeImage({
    seed: 8,
    layers: [{ size: 2 * MIB, compression: 'none' }, { size: 2 * MIB }],
  });
  const path = join(home.directory, 'plain.tar.gz');
  await writeFile(path, gzipSync(await packTar(listLayoutItems([plain], ociName)), { level: 1 }));
  const argv = ['push', path, `${repositoryName}:1.0`, '--create-repo', '--json', '--verify', '-v'];
  const result = await runCli(argv, { env: findEnv() });
  expect(result.json()).toMatchObject({
    imageDigest: plain.descriptor.digest,
    layers: { total: 3, uploaded: 3 },
  });
  expect(result.stderr).toMatch(/is read again, into a temporary file: its layers are uncompressed/);
  expect(await listSpools()).toEqual([]);
});

it('a layer that is in the archive and in no image does not count', async () => {
  const stray = await makeImage({ seed: 9, layers: [{ size: 2 * MIB }] });
  const strayLayer = listArchiveItems([stray], 'skopeo').filter(({ name }) => name.endsWith('.tar'));
  const tar = await packTar([...strayLayer, ...listArchiveItems([image], 'skopeo')]);
  const since = emulator.requests.length;
  expect((await pipe(tar)).json()).toMatchObject({ layers: { total: 4, uploaded: 4, existing: 0 } });
  expect(countSince(since, 'CompleteLayerUpload')).toBe(5);
});

it.runIf(process.platform === 'linux')('a push that is killed leaves nothing', async () => {
  const stdin = (await readFile(one)).subarray(0, 4096);
  const settings = { env: findEnv(), stdin, keepStdinOpen: true };
  const { child, ended } = spawnCli(['push', '-', 'app:1.0', '--dry-run'], settings);
  // The temporary file is open, and has no name any more.
  await expect.poll(() => listOpenFiles(child.pid), patience).toMatch(/ecrp-spool-.* \(deleted\)/);
  expect(await listSpools()).toEqual([]);
  child.kill('SIGKILL');
  await expect(ended).rejects.toThrow('SIGKILL');
});

it.runIf(process.platform === 'linux')(
  'a push that is refused before it reads closes its source',
  async () => {
    const path = join(home.directory, 'refused.tar.gz');
    await writeFile(path, gzipSync(await readFile(one), { level: 1 }));
    const argv = ['push', path, `${repositoryName}:1.0`, '--create-repo', '--catalog', 'nothing-there.json'];
    const { status, stderr } = await runCli(argv, { env: findEnv() });
    expect({ status, stderr }).toMatchObject({
      status: 3,
      stderr: expect.stringContaining('nothing-there.json'),
    });
    expect(await listOpenFiles(process.pid)).not.toContain(path);
  },
);

async function listOpenFiles(pid: number | undefined): Promise<string> {
  const directory = `/proc/${pid}/fd`;
  const numbers = await readdir(directory).catch(() => []);
  const links = numbers.map((number) => readlink(join(directory, number)).catch(() => ''));
  return (await Promise.all(links)).join('\n');
}
