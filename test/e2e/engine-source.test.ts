import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { digestOf } from '../../src/oci/digest.ts';
import { runCli } from '../support/cli.ts';
import { type EngineImageFacts, sendJson, startFakeEngine } from '../support/fake-engine.ts';
import { type ArchiveStyle, listArchiveItems, listLayoutItems } from '../support/image-writers.ts';
import { type GeneratedImage, makeImage, makeIndex, packTar } from '../support/images.ts';
import { startWorkplace } from '../support/workplace.ts';

// `docker:NAME` as a source, from an engine that a test controls. test/conformance/engines.test.ts asks real ones.

const MIB = 1024 * 1024;
const { home, emulator } = await startWorkplace();
const engine = await startFakeEngine({ directory: home.directory });
// One layer of several parts, one that is too small to be sent before the manifest is known.
const layers = [{ size: 6 * MIB }, { size: 4000 }];
const image = await makeImage({ seed: 11, layers, names: ['app:1.0'] });
let count = 0;
let repositoryName: string;
beforeEach(() => {
  count += 1;
  repositoryName = `engine/r${count}`;
  engine.images.length = 0;
  engine.answers.clear();
  engine.apiVersion = '1.51';
});

/** No temporary file can be made, so a push that succeeds has needed none. */
function findEnv(more: Readonly<Record<string, string>> = {}) {
  const TMPDIR = join(home.directory, 'no-place-for-temporary-files');
  return { ...home.env, ...emulator.env, DOCKER_HOST: engine.host, TMPDIR, ...more };
}

function push(source: string, argv: readonly string[] = [], env = findEnv()) {
  return runCli(['push', source, ...argv, '--create-repo', '--json', '--part-size', '5'], { env });
}

async function addImage(
  of: GeneratedImage,
  names: readonly string[] = of.names,
  style: ArchiveStyle = 'hybrid',
): Promise<EngineImageFacts> {
  const archive = await packTar(listArchiveItems([of], style));
  const added = { id: digestOf(of.config), names, archive };
  engine.images.push(added);
  return added;
}

/** What a push of the same archive as a file gives. */
async function pushFile({ archive }: EngineImageFacts): Promise<Record<string, unknown>> {
  const path = join(home.directory, `image-${count}.tar`);
  await writeFile(path, archive);
  const { TMPDIR: _, ...env } = findEnv();
  const pushed = await push(path, [`${repositoryName}-file:1.0`], { ...env, TMPDIR: home.directory });
  expect(pushed.status, pushed.stderr).toBe(0);
  return pushed.json();
}

describe.each<ArchiveStyle>(['legacy-symlink', 'hybrid', 'hybrid-packed', 'skopeo'])(
  'an engine that writes %s',
  (style) => {
    it('gives the image that its archive gives, without a temporary file', async () => {
      const added = await addImage(image, image.names, style);
      const { imageDigest, layers: counted } = await pushFile(added);
      const pushed = await push('docker:app:1.0', [`${repositoryName}:1.0`, '--verify']);
      expect(pushed.status, pushed.stderr).toBe(0);
      expect(pushed.json()).toMatchObject({
        imageDigest,
        layers: { total: (counted as { total: number }).total },
      });
      const again = await push('docker:app:1.0', [`${repositoryName}:1.0`]);
      expect(again.json()).toMatchObject({ tags: [{ status: 'unchanged' }] });
    });
  },
);

describe('the name', () => {
  it.each<[string, (facts: EngineImageFacts) => string]>([
    ['a tag', () => 'app:1.0'],
    ['an ID', ({ id }) => id],
    ['the digits of an ID', ({ id }) => id.slice(7)],
    ['the first digits of an ID', ({ id }) => id.slice(7, 19)],
  ])('may be %s', async (_, nameOf) => {
    const facts = await addImage(image);
    const pushed = await push(`docker:${nameOf(facts)}`, [`${repositoryName}:1.0`]);
    expect(pushed.status, pushed.stderr).toBe(0);
  });

  it('means latest without a tag: `docker save` would write all tags', async () => {
    await addImage(image, ['app:latest', 'app:1.0']);
    const since = engine.requests.length;
    expect((await push('docker:app', [`${repositoryName}:1`])).status).toBe(0);
    expect(engine.requests.slice(since).at(-1)).toBe('/images/get?names=app%3Alatest');
  });

  it('is a repository before it is the digits of an ID', async () => {
    await addImage({ ...image, names: [] }, [`${digestOf(image.config).slice(7, 19)}:latest`]);
    const name = digestOf(image.config).slice(7, 19);
    expect((await push(`docker:${name}`, [`${repositoryName}:1`])).status).toBe(0);
    expect(engine.requests.at(-1)).toBe(`/images/get?names=${name}%3Alatest`);
  });

  it.each([
    '',
    '../x',
    'a/../b',
    'App',
    'app:1.0?x=1',
    'app\u001b[2J',
    'a'.repeat(600),
    '-v',
    'app@sha256:1',
  ])('is refused before the engine is asked: %j', async (name) => {
    const since = engine.requests.length;
    const { status, stdout } = await push(`docker:${name}`, ['app:1']);
    expect(status).toBe(2);
    expect(stdout).not.toContain('\u001b');
    expect(JSON.parse(stdout).error).toMatchObject({
      code: 'USAGE',
      hint: expect.stringContaining('docker:NAME:TAG'),
    });
    expect(engine.requests).toHaveLength(since);
  });
});

describe('without a REFERENCE', () => {
  it('the image goes to its names at the registry host, while it arrives', async () => {
    const at = (tag: string) => `${emulator.registryHost}/${emulator.registryAlias}/${repositoryName}:${tag}`;
    await addImage(image, ['app:1.0', at('1'), at('latest')]);
    const pushed = await push('docker:app:1.0');
    expect(pushed.status, pushed.stderr).toBe(0);
    expect(pushed.json()).toMatchObject({ tags: [{ imageTag: '1' }, { imageTag: 'latest' }] });
    // A name at the host means itself.
    const one = await push(`docker:${at('latest')}`);
    expect(one.json()).toMatchObject({ tags: [{ imageTag: 'latest', status: 'unchanged' }] });
  });

  it('an image without such a name needs one', async () => {
    await addImage(image);
    const { status, stderr, stdout } = await push('docker:app:1.0');
    expect(status, stderr).toBe(2);
    expect(JSON.parse(stdout).error.message).toContain('it is named app:1.0');
  });
});

describe('--all', () => {
  it('pushes every tag of a repository, out of one archive', async () => {
    const other = await makeImage({ seed: 12, layers, names: ['app:2.0'] });
    const archive = await packTar(listArchiveItems([image, other], 'hybrid'));
    engine.images.push({ id: digestOf(image.config), names: ['app:1.0'], archive });
    await addImage(other);
    await addImage(await makeImage({ seed: 13, layers: [{}] }), ['other:1.0', 'registry.example/app:1.0']);
    const pushed = await push('docker:app', [repositoryName, '--all'], {
      ...findEnv(),
      TMPDIR: home.directory,
    });
    expect(pushed.status, pushed.stderr).toBe(0);
    expect(pushed.json()).toMatchObject({
      images: [{ tags: [{ imageTag: '1.0' }] }, { tags: [{ imageTag: '2.0' }] }],
    });
    expect(engine.requests.at(-1)).toBe('/images/get?names=app%3A1.0&names=app%3A2.0');
  });
});

describe('--platform', () => {
  const amd64 = '%7B%22os%22%3A%22linux%22%2C%22architecture%22%3A%22amd64%22%7D';

  it('is passed on to an engine that knows it', async () => {
    await addImage(image);
    engine.apiVersion = '1.48';
    const pushed = await push('docker:app:1.0', [`${repositoryName}:1`, '--platform', 'linux/amd64']);
    expect(pushed.status, pushed.stderr).toBe(0);
    expect(engine.requests.at(-1)).toBe(`/images/get?names=app%3A1.0&platform=${amd64}`);
  });

  it('that the engine does not have is not a missing image', async () => {
    await addImage(image);
    engine.answers.set('/images/get', (_, response) => {
      sendJson(response, 404, { message: 'no suitable export target found' });
    });
    const { status, stdout } = await push('docker:app:1.0', [
      `${repositoryName}:1`,
      '--platform',
      'linux/s390x',
    ]);
    expect(status).toBe(2);
    expect(JSON.parse(stdout).error).toMatchObject({
      code: 'USAGE',
      message: 'docker:app:1.0: the engine does not have it for linux/s390x: no suitable export target found',
      hint: expect.stringContaining('docker image ls --tree'),
    });
  });

  it.each(['1.47', '0.99', 'newest'])('is left to ecrp where the API is %j', async (apiVersion) => {
    const arm64 = await makeImage({
      seed: 14,
      layers: [{}],
      platform: { os: 'linux', architecture: 'arm64' },
    });
    const index = makeIndex([image, arm64]);
    const items = listLayoutItems([{ ...index, names: ['app:1.0'] }], 'io.containerd.image.name');
    engine.images.push({ id: index.descriptor.digest, names: ['app:1.0'], archive: await packTar(items) });
    engine.apiVersion = apiVersion;
    const env = { ...findEnv(), TMPDIR: home.directory };
    const pushed = await push(
      'docker:app:1.0',
      [`${repositoryName}:1`, '--platform', 'linux/arm64', '-v'],
      env,
    );
    expect(pushed.status, pushed.stderr).toBe(0);
    expect(pushed.stderr).toContain('the engine cannot choose platforms');
    expect(pushed.json()).toMatchObject({
      manifests: [{ platform: { architecture: 'arm64' } }, { status: 'put' }],
    });
    expect(engine.requests.at(-1)).toBe('/images/get?names=app%3A1.0');
  });
});

describe('an archive that must be read twice', () => {
  const askedAgain = (since: number) =>
    engine.requests.slice(since).filter((request) => request.startsWith('/images/get')).length;

  it('because its layers are uncompressed and must stay so, is asked for again', async () => {
    const plain = await makeImage({
      seed: 16,
      layers: [{ size: 6 * MIB, compression: 'none' }],
      names: ['app:plain'],
    });
    const archive = await packTar(listLayoutItems([plain], 'io.containerd.image.name'));
    engine.images.push({ id: plain.descriptor.digest, names: ['app:plain'], archive });
    const since = engine.requests.length;
    const pushed = await push(
      'docker:app:plain',
      [`${repositoryName}:1`],
      findEnv({ TMPDIR: home.directory }),
    );
    expect(pushed.status, pushed.stderr).toBe(0);
    expect(pushed.json()).toMatchObject({ imageDigest: plain.descriptor.digest });
    expect(askedAgain(since)).toBe(2);
  });
});

describe('ecrp index create', () => {
  it('takes images of an engine', async () => {
    const arm64 = await makeImage({
      seed: 15,
      layers: [{}],
      platform: { os: 'linux', architecture: 'arm64' },
      names: ['app:arm64'],
    });
    await addImage(image);
    await addImage(arm64);
    const { status, stdout, stderr } = await runCli(
      [
        'index',
        'create',
        `${repositoryName}:1`,
        'docker:app:1.0',
        'docker:app:arm64',
        '--create-repo',
        '--json',
      ],
      { env: findEnv({ TMPDIR: home.directory }) },
    );
    expect(status, stderr).toBe(0);
    const { manifests } = JSON.parse(stdout);
    expect(
      manifests.map(({ platform }: { platform?: { architecture: string } }) => platform?.architecture),
    ).toEqual(['amd64', 'arm64', undefined]);
  });
});
