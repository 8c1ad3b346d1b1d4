import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { EcrpError } from '../../src/errors.ts';
import { digestOf } from '../../src/oci/digest.ts';
import { nameBlob } from '../../src/oci/image-layout.ts';
import { openSource } from '../../src/source/open-source.ts';
import {
  type CliResult,
  type CliSettings,
  makeHome,
  makeInterruption,
  patience,
  runCli,
  spawnCli,
} from '../support/cli.ts';
import {
  describeBytes,
  type GeneratedImage,
  type GeneratedLayer,
  makeImage,
  makeIndex,
  makeManifest,
} from '../support/images.ts';
import { startFakeRegistry, storeImage } from '../unit/registry/fake-registry.ts';

const PREFIX = '/v2/a1b2c3d4/team/app/blobs/';

const home = await makeHome();
const registry = await startFakeRegistry();
afterAll(async () => {
  registry.close();
  await home.remove();
});
// Nothing here needs credentials of AWS, or the API.
const env = { ...home.env, ECRP_REGISTRY_HOST: registry.host, TMPDIR: home.directory };
const repository = `${registry.host}/a1b2c3d4/team/app`;

const large = { size: 3_300_000 };
const amd64 = await makeImage({ seed: 81, layers: [large, { size: 900 }, { duplicateOf: 1 }] });
const arm64 = await makeImage({
  seed: 82,
  layers: [{ size: 4000, compression: 'none' }],
  platform: { os: 'linux', architecture: 'arm64' },
});
const windows = await makeImage({
  seed: 83,
  layers: [{ size: 500 }],
  platform: { os: 'windows', architecture: 'amd64', 'os.version': '10.0.20348.1' },
});
const index = makeIndex([amd64, arm64, windows]);
storeImage(registry, amd64, '1.0');
storeImage(registry, index, 'multi');
const slow = amd64.layers[0] as GeneratedLayer; // as: it has three

let cwd: string;
let count = 0;
beforeEach(() => {
  registry.intercept = () => false;
  registry.seen.length = 0;
  count += 1;
  cwd = join(home.directory, `work${count}`);
  mkdirSync(cwd);
});

function pull(argv: readonly string[], settings: CliSettings = {}): Promise<CliResult> {
  return runCli(['pull', ...argv], { env, cwd, ...settings });
}

async function pullWell(...argv: readonly string[]): Promise<CliResult> {
  const result = await pull([...argv, '--json']);
  expect(result.status, result.stderr).toBe(0);
  return result;
}

/** Runs the built program with standard output in a file, because it is no text. */
async function pullToFile(file: string, ...argv: readonly string[]): Promise<number | null> {
  const stdout = openSync(join(cwd, file), 'w');
  const program = join(import.meta.dirname, '../../bin/ecrp.js');
  const child = spawn(process.execPath, [program, 'pull', ...argv, '--quiet'], {
    cwd,
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', stdout, 'inherit'],
  });
  const [status] = await once(child, 'exit');
  closeSync(stdout);
  return status;
}

/** The image of an archive as our own reader sees it. */
async function readArchive(file: string) {
  const source = await openSource(join(cwd, file), { temporaryDirectory: cwd });
  const [image] = source.images;
  if (source.images.length !== 1 || image === undefined) throw new Error('not one image');
  const layers: Buffer[] = [];
  for (const { ref } of image.kind === 'archive' ? image.layers : []) {
    const chunks: Buffer[] = [];
    for await (const chunk of source.open(ref, 0)) chunks.push(chunk);
    layers.push(Buffer.concat(chunks));
  }
  await source.close();
  return { format: source.format, image, layers };
}

async function expectArchive(file: string, { config, layers }: GeneratedImage): Promise<void> {
  const found = await readArchive(file);
  expect(found.image).toMatchObject({ kind: 'archive', names: [expect.stringContaining(`${repository}:`)] });
  expect(found.image.kind === 'archive' && found.image.config.equals(config)).toBe(true);
  expect(found.layers.map(digestOf)).toEqual(layers.map(({ diffId }) => diffId));
}

function readLayoutIndex(directory: string) {
  return JSON.parse(readFileSync(join(cwd, directory, 'index.json'), 'utf8'));
}

function expectBlobs(directory: string, ...images: readonly GeneratedImage[]): void {
  for (const { config, layers, manifest } of images) {
    for (const bytes of [config, manifest, ...layers.map((layer) => layer.bytes)]) {
      expect(readFileSync(join(cwd, directory, nameBlob(digestOf(bytes)))).equals(bytes)).toBe(true);
    }
  }
}

/** Sends the first bytes of a blob, and leaves the rest out until the client goes away. */
function holdBlob(digest: string, bytes: Buffer): void {
  let isHeld = false;
  registry.intercept = ({ url }, response) => {
    if (isHeld || url !== `${PREFIX}${digest}`) return false;
    isHeld = true;
    response.writeHead(200, { 'content-length': slow.bytes.length });
    response.write(bytes);
    return true;
  };
}

describe('an image', () => {
  it('comes into a new directory, anonymously, with the digest of the registry', async () => {
    const result = await pullWell(`${repository}:multi`, 'layout');
    expect(result.json()).toEqual({
      schemaVersion: 1,
      reference: `${repository}:multi`,
      imageDigest: index.descriptor.digest,
      imageManifestMediaType: index.descriptor.mediaType,
      destination: 'layout',
      format: 'oci',
      layers: { total: 7, fetched: 7, existing: 0, skipped: 0 },
      bytes: expect.objectContaining({ existing: 0, resumed: 0 }),
      durationMs: expect.any(Number),
    });
    expectBlobs('layout', amd64, arm64, windows);
    expect(readdirSync(join(cwd, 'layout')).toSorted()).toEqual(['blobs', 'index.json', 'oci-layout']);
    // The tag is read once, and no manifest twice.
    const manifests = registry.seen.filter((line) => line.includes('/manifests/') && !line.endsWith('-'));
    expect(new Set(manifests).size).toBe(manifests.length);
  });

  it('comes by its digest, without a name', async () => {
    const result = await pullWell(`${repository}@${amd64.descriptor.digest}`, 'layout');
    expect(result.json().reference).toBe(`${repository}@${amd64.descriptor.digest}`);
    const { mediaType, digest, size } = amd64.descriptor;
    expect(readLayoutIndex('layout').manifests).toEqual([{ mediaType, digest, size }]);
  });

  it('of one platform comes as it is; several make a new index', async () => {
    const one = await pullWell(`${repository}:multi`, 'one', '--platform', 'linux/arm64');
    expect(one.json()).toMatchObject({ imageDigest: arm64.descriptor.digest, layers: { total: 2 } });
    const two = await pullWell(
      ...[`${repository}:multi`, 'two', '--platform', 'linux/arm64', '--platform', 'linux/amd64'],
    );
    const [{ digest }] = readLayoutIndex('two').manifests;
    expect(two.json().imageDigest).toBe(digest);
    const made = JSON.parse(readFileSync(join(cwd, 'two', nameBlob(digest)), 'utf8'));
    expect(made.manifests.map((each: { digest: string }) => each.digest)).toEqual([
      amd64.descriptor.digest,
      arm64.descriptor.digest,
    ]);
    expectBlobs('two', amd64, arm64);
  });

  it('comes into an OCI tar, and replaces an older file', async () => {
    await writeFile(join(cwd, 'image.tar'), 'older');
    await pullWell(`${repository}:multi`, 'image.tar');
    const { format, image } = await readArchive('image.tar');
    expect(format).toBe('oci-layout');
    expect(image).toMatchObject({
      root: { digest: index.descriptor.digest },
      names: [`${repository}:multi`],
    });
    expect(readdirSync(cwd)).toEqual(['image.tar']);
  });

  it('comes into a docker-archive, of an index that for Linux on this machine or the platform asked for', async () => {
    const own = await pullWell(`${repository}:multi`, 'own.tar', '--format', 'docker-archive');
    const expected = process.arch === 'arm64' ? arm64 : amd64;
    expect(own.json()).toMatchObject({ imageDigest: expected.descriptor.digest, format: 'docker-archive' });
    await expectArchive('own.tar', expected);
    await pullWell(
      ...[`${repository}:multi`, 'win.tar', '--format', 'docker-archive', '--platform', 'windows/amd64'],
    );
    await expectArchive('win.tar', windows);
  });

  it('comes to standard output as the same docker-archive, and leaves nothing behind', async () => {
    const before = readdirSync(home.directory);
    expect(await pullToFile('stream.tar', `${repository}:1.0`, '-')).toBe(0);
    await pullWell(`${repository}:1.0`, 'file.tar', '--format', 'docker-archive');
    await expectArchive('stream.tar', amd64);
    await expectArchive('file.tar', amd64);
    expect(readdirSync(home.directory)).toEqual(before);
  });

  it('without layers, and with an empty one, comes whole', async () => {
    const empty = Buffer.from('1f8b0800000000000003030000000000000000', 'hex').subarray(0, 0);
    const bare = await makeImage({ seed: 84, layers: [] });
    storeImage(registry, bare, 'bare');
    await pullWell(`${repository}:bare`, 'bare.tar', '--format', 'docker-archive');
    await expectArchive('bare.tar', bare);
    const [layer] = arm64.layers;
    if (layer === undefined) throw new Error('no layer');
    const descriptor = describeBytes(layer.descriptor.mediaType, empty);
    const diffIds = {
      rootfs: { type: 'layers', diff_ids: [digestOf(empty)] },
      os: 'linux',
      architecture: 'amd64',
    };
    const config = Buffer.from(JSON.stringify(diffIds));
    const manifest = makeManifest(config, [descriptor]);
    const hollow = {
      ...arm64,
      config,
      manifest,
      layers: [{ ...layer, bytes: empty, tar: empty, diffId: digestOf(empty), descriptor }],
      descriptor: describeBytes(arm64.descriptor.mediaType, manifest),
    };
    storeImage(registry, hollow, 'hollow');
    await pullWell(`${repository}:hollow`, 'layout');
    expectBlobs('layout', hollow);
    await pullWell(`${repository}:hollow`, 'hollow.tar', '--format', 'docker-archive');
    expect((await readArchive('hollow.tar')).layers).toEqual([empty]);
  });
});

describe('an artifact', () => {
  const config = Buffer.from('{}');
  const blob = Buffer.from('name: chart');
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: amd64.descriptor.mediaType,
      config: describeBytes('application/vnd.cncf.helm.config.v1+json', config),
      layers: [describeBytes('application/vnd.cncf.helm.chart.content.v1.tar+gzip', blob)],
    }),
  );
  const descriptor = describeBytes(amd64.descriptor.mediaType, manifest);
  const layers = [{ tar: blob, diffId: digestOf(blob), bytes: blob, descriptor: describeBytes('x/y', blob) }];
  storeImage(registry, { ...amd64, config, manifest, descriptor, layers }, 'chart');

  it('comes into a layout, and into no docker-archive', async () => {
    await pullWell(`${repository}:chart`, 'layout');
    expect(readFileSync(join(cwd, 'layout', nameBlob(digestOf(blob))))).toEqual(blob);
    const refused = await pull([`${repository}:chart`, 'chart.tar', '--format', 'docker-archive']);
    expect(refused).toMatchObject({ status: 3, stdout: '' });
    expect(refused.stderr).toContain('an artifact ("application/vnd.cncf.helm.config.v1+json")');
    expect(readdirSync(cwd)).toEqual(['layout']);
  });
});

describe('foreign layers', () => {
  it('stay with their publisher in a layout, and end a docker-archive with a sentence', async () => {
    const [, small] = amd64.layers;
    if (small === undefined) throw new Error('no layer');
    const mediaType = 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip';
    const foreign = { ...slow.descriptor, mediaType, urls: ['https://publisher.example/layer'] };
    const document = JSON.parse(String(amd64.manifest));
    const manifest = Buffer.from(
      JSON.stringify({ ...document, layers: [foreign, small.descriptor, small.descriptor] }),
    );
    const descriptor = describeBytes(amd64.descriptor.mediaType, manifest);
    storeImage(registry, { ...amd64, manifest, descriptor, layers: [small] }, 'foreign');
    const result = await pullWell(`${repository}:foreign`, 'layout');
    expect(result.json()).toMatchObject({
      imageDigest: descriptor.digest,
      layers: { total: 3, fetched: 2, skipped: 1 },
    });
    expect(result.stderr).toContain('1 foreign layer left out');
    const refused = await pull([`${repository}:foreign`, 'a.tar', '--format', 'docker-archive']);
    expect(refused.status).toBe(3);
    expect(refused.stderr).toContain('with its publisher');
  });
});

describe('an interrupted pull', () => {
  const interruption = new EcrpError('INTERRUPTED', 'interrupted by SIGINT', { signal: 'SIGINT' });
  const DESTINATIONS: Readonly<Record<string, readonly string[]>> = {
    'a directory': ['layout'],
    'an OCI tar': ['image.tar'],
    'a docker-archive': ['image.tar', '--format', 'docker-archive'],
  };

  it.each(Object.entries(DESTINATIONS))('into %s says where it can continue, and does', async (_, argv) => {
    const { signal, interrupt } = makeInterruption(interruption);
    holdBlob(slow.descriptor.digest, slow.bytes.subarray(0, 2_000_000));
    const pulling = pull([`${repository}:1.0`, ...argv, '--progress', 'json'], { signal });
    const [destination = ''] = argv;
    // The first MiB is on the disk.
    await expect.poll(() => findKept(cwd), patience).toBe(1024 * 1024);
    interrupt();
    const result = await pulling;
    expect(result, result.stderr).toMatchObject({ status: 130, stdout: '' });
    expect(result.stderr).toMatch(/What was fetched is kept in \S+\.ecrp-pull\.[0-9a-f]{12}/);
    expect(destination.endsWith('.tar') && existsSync(join(cwd, destination))).toBe(false);
    if (destination === 'layout') expect(readLayoutIndex('layout').manifests).toEqual([]);
    // How much of the rest had come is for the machine to say.
    const kept = findKept(cwd);
    expect(kept).toBeGreaterThanOrEqual(1024 * 1024);
    const ranges: unknown[] = [];
    registry.intercept = ({ url, headers }) => {
      if (url === `${PREFIX}${slow.descriptor.digest}`) ranges.push(headers.range);
      return false;
    };
    await pullWell(`${repository}:1.0`, ...argv);
    expect(ranges).toEqual([`bytes=${kept}-`]);
    if (argv.includes('docker-archive')) await expectArchive(destination, amd64);
    else if (destination === 'layout') expectBlobs(destination, amd64);
    else
      expect((await readArchive(destination)).image).toMatchObject({
        root: { digest: amd64.descriptor.digest },
      });
    expect(readdirSync(cwd)).toEqual([destination]);
    expect(findKept(cwd)).toBe(0);
  });

  it('continues after kill -9', async () => {
    holdBlob(slow.descriptor.digest, slow.bytes.subarray(0, 2_500_000));
    const { child, ended } = spawnCli(['pull', `${repository}:1.0`, 'layout'], { env, cwd });
    await expect.poll(() => findKept(cwd), patience).toBeGreaterThan(2_000_000);
    child.kill('SIGKILL');
    await expect(ended).rejects.toThrow('SIGKILL');
    const again = await pullWell(`${repository}:1.0`, 'layout');
    const { bytes } = again.json() as { bytes: { resumed: number } }; // as: its schema says so
    expect(bytes.resumed).toBeGreaterThanOrEqual(2 * 1024 * 1024);
    expectBlobs('layout', amd64);
    expect(readdirSync(join(cwd, 'layout')).toSorted()).toEqual(['blobs', 'index.json', 'oci-layout']);
  });

  /** The bytes of the slow layer that are kept. */
  function findKept(directory: string): number {
    const name = slow.descriptor.digest.slice('sha256:'.length);
    const files = readdirSync(directory, { recursive: true, encoding: 'utf8' });
    const found = files.find((file) => file.includes('.ecrp-pull.') && file.endsWith(name));
    return found === undefined ? 0 : (statSync(join(directory, found), { throwIfNoEntry: false })?.size ?? 0);
  }
});

describe('two pulls at once', () => {
  it('fill one layout', async () => {
    const references = ['1.0', 'multi', '1.0', 'multi'].map((tag) => `${repository}:${tag}`);
    const results = await Promise.all(references.map((reference) => pull([reference, 'layout'])));
    for (const { status, stderr } of results) expect(status, stderr).toBe(0);
    expectBlobs('layout', amd64, arm64, windows);
    const names = readLayoutIndex('layout').manifests.map(
      (each: { annotations: Record<string, string> }) =>
        each.annotations['org.opencontainers.image.ref.name'],
    );
    expect(names.toSorted()).toEqual(['1.0', 'multi']);
    expect(readdirSync(join(cwd, 'layout')).toSorted()).toEqual(['blobs', 'index.json', 'oci-layout']);
  });

  it('write one tar, and the file is whole', async () => {
    const argv = [`${repository}:1.0`, 'image.tar', '--format', 'docker-archive'];
    const results = await Promise.all([pull(argv), pull(argv)]);
    for (const { status, stderr } of results) expect(status, stderr).toBe(0);
    await expectArchive('image.tar', amd64);
    expect(readdirSync(cwd)).toEqual(['image.tar']);
  });
});

describe('a registry that lies', () => {
  const ARGUMENTS = [['layout'], ['image.tar'], ['image.tar', '--format', 'docker-archive']];

  it.each(ARGUMENTS)('with other bytes leaves nothing in %s', async (...argv) => {
    const lie = Buffer.from(slow.bytes).fill(1, 1_000_000, 1_000_100);
    registry.intercept = ({ url }, response) => {
      if (url !== `${PREFIX}${slow.descriptor.digest}`) return false;
      response.end(lie);
      return true;
    };
    const result = await pull([`${repository}:1.0`, ...argv]);
    expect(result).toMatchObject({ status: 8, stdout: '' });
    expect(result.stderr).toContain(digestOf(lie));
    const [destination = ''] = argv;
    if (destination !== 'layout') expect(existsSync(join(cwd, destination))).toBe(false);
    else expect(existsSync(join(cwd, 'layout', nameBlob(slow.descriptor.digest)))).toBe(false);
  });

  it('about the only layer leaves no directory', async () => {
    registry.intercept = ({ url }, response) => {
      if (!url?.startsWith(PREFIX)) return false;
      response.end('no such bytes');
      return true;
    };
    const result = await pull([`${repository}:1.0`, 'layout']);
    expect(result.status).toBe(8);
    expect(readdirSync(cwd)).toEqual([]);
  });
});

describe('the command line', () => {
  const REFUSED: Readonly<Record<string, readonly [status: number, said: string, argv: readonly string[]]>> =
    {
      'a compressed tar': [2, 'ecrp writes no compressed tar', ['app:1', 'image.tar.gz']],
      'a docker-archive in a directory': [
        2,
        'is a file that ends in .tar',
        ['app:1', 'new', '--format', 'docker-archive'],
      ],
      'two platforms of a docker-archive': [
        2,
        'a docker-archive holds one platform',
        [
          'app:1',
          'a.tar',
          '--format',
          'docker-archive',
          '--platform',
          'linux/amd64',
          '--platform',
          'linux/arm64',
        ],
      ],
      'OCI on standard output': [2, 'gets a docker-archive', ['app:1', '-', '--format', 'oci']],
      'JSON on standard output': [2, 'cannot get --json', ['app:1', '-', '--json']],
      'no tag': [2, 'names no tag', ['app', 'layout']],
      'a directory that is full of other things': [6, 'no OCI layout', ['app:1', 'other']],
      'a file without .tar': [6, 'a file is there', ['app:1', 'other/file']],
      'an empty destination': [2, 'DESTINATION is empty', ['app:1', '']],
    };

  it.each(Object.entries(REFUSED))('refuses %s before it asks anything', async (_, [status, said, argv]) => {
    await mkdir(join(cwd, 'other'));
    await writeFile(join(cwd, 'other', 'file'), 'mine');
    const result = await pull(argv);
    expect(result.status).toBe(status);
    expect(result.stdout + result.stderr).toContain(said);
    // A request of an earlier test may come late.
    expect(registry.seen.filter((line) => !line.includes('/team/app/'))).toEqual([]);
    expect(readdirSync(cwd)).toEqual(['other']);
  });

  it('refuses a terminal for standard output', async () => {
    const result = await pull([`${repository}:1.0`, '-'], { stdoutColumns: 80 });
    expect(result).toMatchObject({ status: 2, stdout: '' });
  });

  it('obeys the limit of the temporary directory', async () => {
    const limited = { ...env, ECRP_SPOOL_LIMIT: '1M' };
    const result = await pull([`${repository}:1.0`, '-'], { env: limited });
    expect(result).toMatchObject({ status: 3, stdout: '' });
    expect(result.stderr).toContain('more than the 1.0 MB');
  });

  it('ends quietly when the reader of standard output has gone away, and keeps what was fetched', async () => {
    const result = await pull([`${repository}:1.0`, '-'], { stdoutIsClosed: true });
    expect(result).toMatchObject({ status: 0, stdout: '' });
    expect(result.stderr).toContain('What was fetched is kept in');
    expect(result.stderr).not.toContain('error');
    expect(await pullToFile('image.tar', `${repository}:1.0`, '-')).toBe(0);
    await expectArchive('image.tar', amd64);
    expect(readdirSync(home.directory).filter((name) => name.startsWith('ecrp-pull'))).toEqual([]);
  });

  it('tells that a tag of the layout has moved', async () => {
    await pullWell(`${repository}:1.0`, 'layout');
    writeFileSync(join(cwd, 'x'), '');
    storeImage(registry, arm64, '1.0');
    const moved = await pull([`${repository}:1.0`, 'layout']);
    storeImage(registry, amd64, '1.0');
    expect(moved.stderr).toContain(`Moved the tag 1.0 of the layout from ${amd64.descriptor.digest}.`);
    expect(moved.stdout).toBe(`${repository}:1.0@${arm64.descriptor.digest}\n`);
  });
});
