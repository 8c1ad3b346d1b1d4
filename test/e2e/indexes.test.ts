import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, request as sendRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { digestOf } from '../../src/oci/digest.ts';
import { DOCKER_MANIFEST, DOCKER_MANIFEST_LIST, OCI_INDEX, OCI_MANIFEST } from '../../src/oci/media-types.ts';
import type { Platform } from '../../src/oci/platform.ts';
import { locateArchive } from '../support/archives.ts';
import { callApi } from '../support/call-api.ts';
import { type CliResult, runCli } from '../support/cli.ts';
import { setFaults } from '../support/emulator.ts';
import { writeDockerArchive, writeOciLayout, writeOciTar } from '../support/image-writers.ts';
import { describeBytes, type GeneratedImage, makeImage, makeIndex, makeManifest } from '../support/images.ts';
import { startWorkplace } from '../support/workplace.ts';
import { expectValid } from './commands/schemas.ts';

const { home, emulator } = await startWorkplace();
const { directory } = home;
const env = { ...home.env, ...emulator.env };

async function ecrp(...argv: readonly string[]): Promise<CliResult> {
  const result = await runCli([...argv, '--json'], { env, cwd: directory });
  const [, command = ''] = argv;
  expectValid(
    result.json(),
    result.status === 0 && argv[0] === 'index' ? `index-${command}` : schemaOf(argv, result),
  );
  return result;
}

function schemaOf([command = '']: readonly string[], { status }: CliResult): string {
  return status === 0 ? command : 'error';
}

async function succeed(...argv: readonly string[]): Promise<IndexResult> {
  const result = await ecrp(...argv);
  expect(result.status, result.stderr + result.stdout).toBe(0);
  return result.json() as unknown as IndexResult; // as: its schema says so
}

/** Fails, and returns the words of the error. */
async function fail(status: number, ...argv: readonly string[]): Promise<string> {
  const result = await ecrp(...argv);
  expect(result.status, result.stdout).toBe(status);
  const { error } = result.json() as { error: { message: string; hint?: string } }; // as: its schema says so
  return `${error.message} | ${error.hint ?? ''}`;
}

interface IndexResult {
  readonly imageDigest: string;
  readonly imageManifestMediaType: string;
  readonly tags: readonly {
    readonly imageTag: string;
    readonly status?: string;
    readonly previousDigest?: string;
  }[];
  readonly manifests: readonly {
    readonly imageDigest: string;
    readonly platform?: Platform;
    readonly status: string;
    readonly artifactType?: string;
  }[];
  readonly layers: { readonly total: number; readonly uploaded: number; readonly existing: number };
  readonly bytes: { readonly resumed: number };
}

interface IndexDocument {
  readonly mediaType: string;
  readonly manifests: readonly Record<string, unknown>[];
  readonly annotations?: Readonly<Record<string, string>>;
  readonly [member: string]: unknown;
}

/** Reads the exact bytes of a manifest through the registry. */
async function readManifest(repository: string, reference: string): Promise<Buffer> {
  const { registryHost, registryAlias } = emulator;
  const scope = `repository:${registryAlias}/${repository}:pull`;
  const answer = await fetch(`http://${registryHost}/token/?scope=${scope}`);
  const { token } = (await answer.json()) as { token: string }; // as: the OCI distribution specification
  const types = [OCI_INDEX, DOCKER_MANIFEST_LIST, OCI_MANIFEST, DOCKER_MANIFEST].join(', ');
  const headers = { authorization: `Bearer ${token}`, accept: types };
  const url = `http://${registryHost}/v2/${registryAlias}/${repository}/manifests/${reference}`;
  const read = await fetch(url, { headers });
  expect(read.status).toBe(200);
  return Buffer.from(await read.arrayBuffer());
}

async function readIndex(repository: string, tag: string): Promise<IndexDocument> {
  return JSON.parse((await readManifest(repository, tag)).toString()) as IndexDocument; // as: asserted by the tests
}

const PLATFORMS = {
  amd64: { architecture: 'amd64', os: 'linux' },
  arm64: { architecture: 'arm64', os: 'linux', variant: 'v8' },
  arm: { architecture: 'arm', os: 'linux', variant: 'v7' },
  windows: { architecture: 'amd64', os: 'windows', 'os.version': '10.0.20348.2227' },
} as const satisfies Record<string, Platform>;
type Name = keyof typeof PLATFORMS;
const NAMES = Object.keys(PLATFORMS) as readonly Name[]; // as: the keys above

const images = {} as Record<Name, GeneratedImage>; // as: filled below
for (const name of NAMES) {
  const layers = [{ size: 20_000 }, { content: Buffer.from(name) }];
  const image = await makeImage({ seed: 5, layers, platform: PLATFORMS[name], names: [`app:${name}`] });
  images[name] = image;
  await writeDockerArchive(join(directory, `${name}.tar`), [image], { style: 'skopeo' });
  await writeOciTar(join(directory, `${name}-oci.tar`), [image]);
}
const attestation = makeAttestation(images.amd64.descriptor.digest);
const attested = makeIndex([images.amd64, images.arm64, attestation]);
await writeOciLayout(join(directory, 'attested'), [attested]);

/** An attestation of BuildKit about an image. */
function makeAttestation(digest: string): GeneratedImage {
  const config = Buffer.from(
    JSON.stringify({ architecture: 'unknown', os: 'unknown', rootfs: { type: 'layers' } }),
  );
  const bytes = Buffer.from(`{"subject":"${digest}"}`);
  const descriptor = describeBytes('application/vnd.in-toto+json', bytes);
  const manifest = makeManifest(config, [descriptor]);
  const platform = { architecture: 'unknown', os: 'unknown' };
  const annotations = {
    'vnd.docker.reference.digest': digest,
    'vnd.docker.reference.type': 'attestation-manifest',
  };
  return {
    names: [],
    platform,
    config,
    layers: [{ tar: bytes, diffId: descriptor.digest, bytes, descriptor }],
    manifest,
    descriptor: { ...describeBytes(OCI_MANIFEST, manifest), platform, annotations },
  };
}

const digestsOf = ({ manifests }: IndexDocument): readonly unknown[] => manifests.map(({ digest }) => digest);

describe('index create', () => {
  it('sends the blobs of docker-archives once, then their manifests, and the index last under its tags', async () => {
    const before = emulator.requests.length;
    const made = await succeed(
      ...['index', 'create', 'made/archives:1.0', 'amd64.tar', 'arm64.tar', 'windows.tar'],
      ...['--tag', 'latest', '--create-repo'],
    );
    const operations = emulator.requests.slice(before).flatMap(({ operation }) => operation ?? []);
    // Three configs, three layers of their own, and one that all share.
    expect(operations.filter((each) => each === 'InitiateLayerUpload')).toHaveLength(7);
    expect(operations.filter((each) => each === 'PutImage')).toHaveLength(5);
    expect(operations.lastIndexOf('CompleteLayerUpload')).toBeLessThan(operations.indexOf('PutImage'));
    expect(made.layers).toMatchObject({ total: 7, uploaded: 7 });
    expect(made.tags).toEqual([
      { imageTag: '1.0', status: 'created' },
      { imageTag: 'latest', status: 'created' },
    ]);
    expect(made.manifests.map(({ platform }) => platform)).toEqual([
      PLATFORMS.amd64,
      PLATFORMS.arm64,
      PLATFORMS.windows,
      undefined,
    ]);
    const bytes = await readManifest('made/archives', 'latest');
    expect(digestOf(bytes)).toBe(made.imageDigest);
    const document = JSON.parse(bytes.toString()) as IndexDocument; // as: asserted here
    expect(document.mediaType).toBe(DOCKER_MANIFEST_LIST);
    expect(document.manifests.map(({ platform }) => platform)).toEqual([
      PLATFORMS.amd64,
      PLATFORMS.arm64,
      PLATFORMS.windows,
    ]);
    for (const [position, entry] of document.manifests.entries()) {
      expect(entry.digest).toBe(made.manifests[position]?.imageDigest);
      expect(entry.size).toBe((await readManifest('made/archives', String(entry.digest))).length);
    }
  });

  it('is unchanged when everything is there', async () => {
    const words = ['index', 'create', 'made/again:1', 'amd64-oci.tar', 'arm.tar'];
    const made = await succeed(...words, '--create-repo');
    const again = await succeed(...words);
    expect(again).toMatchObject({
      imageDigest: made.imageDigest,
      tags: [{ imageTag: '1', status: 'unchanged' }],
      layers: { uploaded: 0 },
    });
    expect(again.manifests.map(({ status }) => status)).toEqual(['unchanged', 'unchanged', 'unchanged']);
  });

  it('sends nothing in a dry run, and says what it would', async () => {
    const words = ['index', 'create', 'made/dry:1', 'amd64.tar', 'arm64.tar', '--create-repo'];
    const count = emulator.requests.filter(({ operation }) => operation?.startsWith('Put')).length;
    const dry = await succeed(...words, '--dry-run');
    expect(emulator.requests.filter(({ operation }) => operation?.startsWith('Put'))).toHaveLength(count);
    expect(dry).toMatchObject({ dryRun: true, createsRepository: true });
    expect((await succeed(...words)).imageDigest).toBe(dry.imageDigest);
  });

  it('lists images that are in the repository without sending them', async () => {
    await succeed('push', 'amd64.tar', 'made/there:amd64', '--create-repo');
    await succeed('push', 'arm64-oci.tar', 'made/there:arm64');
    const puts = emulator.count('PutImage');
    const { registryHost, registryAlias } = emulator;
    const made = await succeed(
      ...['index', 'create', 'made/there:1', `${registryHost}/${registryAlias}/made/there:amd64`],
      ...[`made/there@${images.arm64.descriptor.digest}`, '--verify'],
    );
    expect(emulator.count('PutImage') - puts).toBe(1);
    expect(made.manifests.map(({ status }) => status)).toEqual(['unchanged', 'unchanged', 'put']);
    // One image is of docker's format, the other is not.
    expect(made.imageManifestMediaType).toBe(OCI_INDEX);
    const { manifests } = await readIndex('made/there', '1');
    expect(manifests.map(({ platform }) => platform)).toEqual([PLATFORMS.amd64, PLATFORMS.arm64]);
  });

  it('takes the images of an index with their attestations, or one of them', async () => {
    const made = await succeed('index', 'create', 'made/parts:all', 'attested', 'arm.tar', '--create-repo');
    const document = await readIndex('made/parts', 'all');
    expect(document.manifests.slice(0, 3)).toEqual(attested.children.map(({ descriptor }) => descriptor));
    expect(made.manifests).toHaveLength(5);
    await succeed('index', 'create', 'made/parts:dropped', 'attested', '--attestations', 'drop');
    expect(digestsOf(await readIndex('made/parts', 'dropped'))).toEqual([
      images.amd64.descriptor.digest,
      images.arm64.descriptor.digest,
    ]);
    await succeed('index', 'create', 'made/parts:one', 'attested=linux/arm64', 'amd64-oci.tar');
    expect(digestsOf(await readIndex('made/parts', 'one'))).toEqual([
      images.arm64.descriptor.digest,
      images.amd64.descriptor.digest,
    ]);
    await succeed(
      'index',
      'create',
      'made/parts:pushed',
      'made/parts:all=linux/amd64',
      'made/parts:one=linux/arm64',
    );
    expect(digestsOf(await readIndex('made/parts', 'pushed'))).toEqual([
      images.amd64.descriptor.digest,
      attestation.descriptor.digest,
      images.arm64.descriptor.digest,
    ]);
    expect(await fail(2, 'index', 'create', 'made/parts:no', 'attested=linux/s390x')).toMatch(
      /attested holds no image for linux\/s390x \| .*linux\/amd64, linux\/arm64/,
    );
  });

  it('takes the platform that the command line states', async () => {
    await succeed(
      'index',
      'create',
      'made/stated:1',
      'amd64.tar=linux/riscv64',
      'windows.tar=windows/arm64',
      '--create-repo',
    );
    const { manifests } = await readIndex('made/stated', '1');
    expect(manifests.map(({ platform }) => platform)).toEqual([
      { architecture: 'riscv64', os: 'linux' },
      { architecture: 'arm64', os: 'windows', 'os.version': '10.0.20348.2227' },
    ]);
    expect(await fail(2, 'index', 'create', 'made/stated:2', 'amd64.tar=linux')).toContain(
      '"linux" is not a platform',
    );
  });

  it('asks which one of several images is meant', async () => {
    await writeDockerArchive(join(directory, 'two.tar'), [images.amd64, images.arm64], { style: 'skopeo' });
    const words = ['index', 'create', 'made/several:1', 'two.tar', '--create-repo'];
    expect(await fail(2, ...words)).toMatch(/two\.tar holds 2 images; .* \| .*app:amd64.*app:arm64/);
    const one = await succeed(...words, '--image', 'app:arm64');
    expect(one.manifests.map(({ platform }) => platform)).toEqual([PLATFORMS.arm64, undefined]);
    const all = await succeed(...words, '--all');
    expect(all.manifests.map(({ platform }) => platform)).toEqual([
      PLATFORMS.amd64,
      PLATFORMS.arm64,
      undefined,
    ]);
    expect(await fail(2, ...words, '--all', '--image', 'app:arm64')).toContain('--all takes each');
  });

  it('reads one archive from standard input', async () => {
    const stdin = readFileSync(join(directory, 'amd64.tar'));
    const words = ['index', 'create', 'made/piped:1', 'arm64.tar', '-', '--create-repo', '--json'];
    const result = await runCli(words, { env, cwd: directory, stdin });
    expect(result.status, result.stderr).toBe(0);
    const { manifests } = await readIndex('made/piped', '1');
    expect(manifests.map(({ platform }) => platform)).toEqual([PLATFORMS.arm64, PLATFORMS.amd64]);
    expect(await fail(2, 'index', 'create', 'made/piped:2', '-', '-')).toContain(
      'standard input is given twice',
    );
  });

  it('sends what refers to an image along with it, after the index', async () => {
    const source = `${locateArchive('oras-copy')}=linux/amd64`;
    const made = await succeed('index', 'create', 'made/referred:1', 'arm64.tar', source, '--create-repo');
    expect(
      made.manifests.map(({ artifactType, platform }) => artifactType ?? platform?.architecture),
    ).toEqual([
      ...['arm64', 'amd64', undefined],
      ...['application/vnd.cncf.notary.signature', 'application/spdx+json'],
    ]);
    expect(made.manifests[2]?.imageDigest).toBe(made.imageDigest);
    const dropped = await succeed(
      ...['index', 'create', 'made/referred:2', 'arm64.tar', source, '--referrers', 'drop'],
    );
    expect(dropped.manifests).toHaveLength(3);
    expect(dropped.imageDigest).toBe(made.imageDigest);
  });

  it('sends signatures of the images of an index, and warns that its own does not match the new one', async () => {
    const sign = (digest: string, seed: number) =>
      makeImage({ seed, layers: [{}], names: [`${digest.replace(':', '-')}.sig`] });
    const signatures = [
      await sign(images.arm64.descriptor.digest, 91),
      await sign(attested.descriptor.digest, 92),
    ];
    await writeOciLayout(join(directory, 'signed'), [attested, ...signatures]);
    const result = await ecrp('index', 'create', 'made/signed:1', 'signed', '--create-repo');
    expect(result.status, result.stdout).toBe(0);
    expect(result.stderr).toContain(
      `warning: not pushed, as it belongs to the whole index: ${signatures[1]?.names[0]}`,
    );
    const { imageDetails = [] } = await callApi(emulator, 'DescribeImages', {
      repositoryName: 'made/signed',
    });
    const tags = imageDetails.flatMap(({ imageTags = [] }) => imageTags);
    expect(tags.sort()).toEqual(['1', ...(signatures[0]?.names ?? [])]);
  });

  it('resumes an upload that was interrupted', async () => {
    const large = await makeImage({ seed: 8, layers: [{ size: 11 * 1024 * 1024 }] });
    await writeOciTar(join(directory, 'large.tar'), [large]);
    await succeed('push', 'arm64.tar', 'made/resumed:arm64', '--create-repo');
    const words = ['index', 'create', 'made/resumed:1', 'arm64.tar', 'large.tar', '--concurrency', '1'];
    // The config, then the first part of the layer, then its second.
    await setFaults(emulator, ['UploadLayerPart error AccessDeniedException on=3']);
    const result = await ecrp(...words);
    await setFaults(emulator, []);
    expect(result.status, result.stdout).toBe(4);
    const { bytes } = await succeed(...words);
    expect(bytes.resumed).toBe(10 * 1024 * 1024);
  });

  it('annotates the index, which then is one of OCI', async () => {
    const words = ['index', 'create', 'made/annotated:1', 'amd64.tar', '--create-repo'];
    await succeed(
      ...words,
      '--annotation',
      'org.example.one=1',
      '--annotation',
      '__proto__=',
      '--annotation',
      'b=x=y',
    );
    const text = (await readManifest('made/annotated', '1')).toString();
    expect(text).toContain('"annotations":{"org.example.one":"1","__proto__":"","b":"x=y"}');
    expect(JSON.parse(text)).toMatchObject({
      mediaType: OCI_INDEX,
      manifests: [{ mediaType: DOCKER_MANIFEST }],
    });
    for (const wrong of ['no-value', '=x', 'b=1']) {
      expect(await fail(2, ...words, '--annotation', 'b=2', '--annotation', wrong)).toContain(
        '--annotation: ',
      );
    }
  });

  it('sends a layer that two archives have in different forms twice, and lists each in its own', async () => {
    // The OCI layout has it uncompressed, under its diff ID; the docker-archive has it uncompressed too, but it is compressed on the way.
    const plain = await makeImage({
      seed: 5,
      layers: [
        { size: 20_000, compression: 'none' },
        { content: Buffer.from('arm'), compression: 'none' },
      ],
      platform: PLATFORMS.arm,
    });
    await writeOciLayout(join(directory, 'plain'), [plain]);
    await succeed(
      'index',
      'create',
      'made/forms:1',
      'amd64.tar',
      'plain',
      'arm64-oci.tar',
      '--create-repo',
      '--verify',
    );
    const { manifests } = await readIndex('made/forms', '1');
    const layers = await Promise.all(
      manifests.map(async ({ digest }) => {
        const bytes = await readManifest('made/forms', String(digest));
        // as: the OCI image specification
        const { layers: listed } = JSON.parse(bytes.toString()) as {
          layers: { digest: string; mediaType: string }[];
        };
        return listed[0];
      }),
    );
    expect(layers[0]?.mediaType).toMatch(/gzip$/);
    expect(layers[1]).toMatchObject({ digest: images.amd64.layers[0]?.diffId });
    expect(new Set(layers.map((layer) => layer?.digest)).size).toBe(3);
  });
});

describe('index create refuses', () => {
  it('two images of one platform, naming both', async () => {
    await succeed('push', 'amd64-oci.tar', 'refused/app:amd64', '--create-repo');
    for (const other of [
      'amd64-oci.tar',
      'refused/app:amd64',
      'arm64.tar=linux/amd64',
      'arm64.tar=linux/amd64/v1',
    ]) {
      const words = await fail(2, 'index', 'create', 'refused/app:1', 'amd64.tar', other);
      expect(words).toContain(`amd64.tar and ${other.replace(/=.*/, '')} are both for linux/amd64`);
    }
    // Of one build of Windows.
    const words = await fail(2, 'index', 'create', 'refused/app:1', 'windows.tar', 'windows.tar');
    expect(words).toContain('two images of windows.tar are for windows/amd64 (10.0.20348.2227)');
  });

  it('what is neither a file nor an image, naming both', async () => {
    for (const [given, status] of [
      ['none.tar', 3],
      ['./none', 3],
      ['refused/app:none', 5],
      [`refused/app@${digestOf('none')}`, 5],
      ['refused/app', 2],
      ['other:1', 5],
      [`other@${digestOf('none')}`, 5],
      ['UPPER', 2],
      ['bad\u001b[31m', 2],
    ] as const) {
      const words = await fail(status, 'index', 'create', 'refused/app:1', given);
      expect(words).toMatch(/is neither a file nor an image/);
      expect(words).not.toContain('\u001b');
    }
    expect(await fail(2, 'index', 'create', 'refused/app:1', '')).toContain('the source is empty');
  });

  it('an index without a tag, unless it is wanted by digest', async () => {
    expect(await fail(2, 'index', 'create', 'refused/app', 'amd64.tar')).toContain('names no tag');
    const made = await succeed('index', 'create', 'refused/app', 'amd64.tar', '--by-digest');
    expect(made.tags).toEqual([]);
    const other = digestOf('other');
    expect(await fail(3, 'index', 'create', `refused/app:1@${other}`, 'amd64.tar')).toContain(other);
    expect(await succeed('index', 'create', `refused/app:1@${made.imageDigest}`, 'amd64.tar')).toMatchObject({
      imageDigest: made.imageDigest,
    });
  });

  it('an image that does not state its platform, a chart, and a damaged source', async () => {
    const empty = await makeImage({ seed: 1, layers: [{}], platform: { os: '', architecture: '' } });
    await writeOciLayout(join(directory, 'empty'), [empty]);
    expect(await fail(3, 'index', 'create', 'refused/app:2', 'empty')).toMatch(
      /empty: it does not state its platform \| .*empty=linux\/amd64/,
    );
    await succeed('index', 'create', 'refused/app:2', 'empty=linux/amd64');
    writeFileSync(join(directory, 'noise.tar'), 'noise');
    await fail(3, 'index', 'create', 'refused/app:2', 'amd64.tar', 'noise.tar');
    await fail(3, 'index', 'create', 'refused/app:2', locateArchive('cosign-save'), 'noise.tar');
  });

  it('a tag that is on something else, with --if-exists', async () => {
    await succeed('push', 'arm-oci.tar', 'refused/app:taken');
    expect(
      await fail(6, 'index', 'create', 'refused/app:taken', 'amd64.tar', '--if-exists', 'fail'),
    ).toContain('taken');
    const kept = await succeed('index', 'create', 'refused/app:taken', 'amd64.tar', '--if-exists', 'skip');
    expect(kept.tags).toMatchObject([
      { imageTag: 'taken', status: 'unchanged', imageDigest: images.arm.descriptor.digest },
    ]);
    expect(digestOf(await readManifest('refused/app', 'taken'))).toBe(images.arm.descriptor.digest);
  });
});

/** An index with members that ecrp knows nothing of, indented as docker does, and with an attestation. */
async function putForeignIndex(repositoryName: string): Promise<IndexDocument> {
  await succeed('push', 'attested', `${repositoryName}:parts`, '--create-repo');
  const document = {
    schemaVersion: 2,
    'org.example.unknown': { kept: [1, 'two'] },
    mediaType: OCI_INDEX,
    manifests: attested.children.map(({ descriptor }) => ({ ...descriptor, 'x-unknown': descriptor.size })),
    annotations: { 'org.example.old': 'old' },
  };
  const imageManifest = JSON.stringify(document, undefined, '\t');
  await callApi(emulator, 'PutImage', {
    repositoryName,
    imageManifest,
    imageManifestMediaType: OCI_INDEX,
    imageTag: '1',
  });
  return document;
}

describe('index add and remove', () => {
  it('keep what they do not change: members, annotations, indentation', async () => {
    const before = await putForeignIndex('changed/kept');
    const made = await succeed(
      'index',
      'add',
      'changed/kept:1',
      'arm.tar',
      '--annotation',
      'org.example.new=new',
    );
    expect(made.tags).toMatchObject([{ imageTag: '1', status: 'moved' }]);
    const bytes = await readManifest('changed/kept', '1');
    const document = JSON.parse(bytes.toString()) as IndexDocument; // as: asserted here
    expect(document).toEqual({
      ...before,
      manifests: [...before.manifests, { ...document.manifests[3] }],
      annotations: { 'org.example.old': 'old', 'org.example.new': 'new' },
    });
    expect(document.manifests[3]).toMatchObject({ mediaType: DOCKER_MANIFEST, platform: PLATFORMS.arm });
    expect(bytes.toString()).toBe(JSON.stringify(document, undefined, '\t'));
    expect(made.manifests.map(({ status }) => status)).toEqual([
      'unchanged',
      'unchanged',
      'unchanged',
      'put',
      'put',
    ]);
  });

  it('replace the image of a platform where it stands, and take its attestation away', async () => {
    await putForeignIndex('changed/replaced');
    const other = await makeImage({ seed: 6, layers: [{}], platform: PLATFORMS.amd64 });
    await writeOciLayout(join(directory, 'other'), [other]);
    const result = await ecrp('index', 'add', 'changed/replaced:1', 'other');
    expect(result.status).toBe(0);
    const [old] = attested.children;
    expect(result.stderr).toContain(`Removed linux/amd64 ${old?.descriptor.digest}.`);
    expect(result.stderr).toContain(`Removed the attestation ${attestation.descriptor.digest}.`);
    expect(result.stderr).toContain(`Added linux/amd64 ${other.descriptor.digest}.`);
    expect(digestsOf(await readIndex('changed/replaced', '1'))).toEqual([
      other.descriptor.digest,
      images.arm64.descriptor.digest,
    ]);
    await succeed('index', 'add', 'changed/replaced:1', 'attested=linux/amd64');
    expect(digestsOf(await readIndex('changed/replaced', '1'))).toEqual([
      images.amd64.descriptor.digest,
      images.arm64.descriptor.digest,
      attestation.descriptor.digest,
    ]);
  });

  it('change nothing when there is nothing to change, not even white space', async () => {
    await putForeignIndex('changed/same');
    const bytes = await readManifest('changed/same', '1');
    const added = await succeed(
      'index',
      'add',
      'changed/same:1',
      'amd64-oci.tar',
      'changed/same:parts=linux/arm64',
    );
    const removed = await succeed('index', 'remove', 'changed/same:1', 'linux/s390x', digestOf('none'));
    for (const result of [added, removed]) {
      expect(result).toMatchObject({
        imageDigest: digestOf(bytes),
        tags: [{ imageTag: '1', status: 'unchanged' }],
      });
    }
    expect(await readManifest('changed/same', '1')).toEqual(bytes);
  });

  it('make of one image after the other what create makes at once', async () => {
    for (const [repository, names] of [
      ['changed/docker', ['amd64.tar', 'arm64.tar', 'windows.tar']],
      ['changed/oci', ['amd64-oci.tar', 'arm64-oci.tar', 'windows-oci.tar']],
    ] as const) {
      const [first, ...others] = names;
      const whole = await succeed('index', 'create', `${repository}:whole`, ...names, '--create-repo');
      await succeed('index', 'create', `${repository}:steps`, first);
      for (const name of others) await succeed('index', 'add', `${repository}:steps`, name);
      const added = await succeed('index', 'add', `${repository}:steps`, 'arm.tar', '--tag', 'more');
      expect(added.tags.map(({ imageTag }) => imageTag)).toEqual(['steps', 'more']);
      const removed = await succeed('index', 'remove', `${repository}:steps`, 'linux/arm');
      expect(removed.imageDigest).toBe(whole.imageDigest);
      expect(digestOf(await readManifest(repository, 'steps'))).toBe(whole.imageDigest);
    }
  });

  it('make an OCI index of a manifest list of docker when an image is not of docker', async () => {
    await succeed('index', 'create', 'changed/converted:1', 'amd64.tar', '--create-repo');
    await succeed('index', 'add', 'changed/converted:1', 'arm64-oci.tar');
    const document = await readIndex('changed/converted', '1');
    expect(document.mediaType).toBe(OCI_INDEX);
    expect(document.manifests.map(({ mediaType }) => mediaType)).toEqual([DOCKER_MANIFEST, OCI_MANIFEST]);
  });

  it('remove by platform, with all variants, and by digest, with the attestation', async () => {
    await succeed(
      'index',
      'create',
      'changed/removed:1',
      'attested',
      'arm.tar',
      'arm-oci.tar=linux/arm/v6',
      '--create-repo',
    );
    await succeed('index', 'remove', 'changed/removed:1', 'linux/arm');
    expect(digestsOf(await readIndex('changed/removed', '1'))).toHaveLength(3);
    await succeed('index', 'remove', 'changed/removed:1', images.amd64.descriptor.digest);
    expect(digestsOf(await readIndex('changed/removed', '1'))).toEqual([images.arm64.descriptor.digest]);
    // The images are still there.
    await readManifest('changed/removed', images.amd64.descriptor.digest);
    expect(await fail(6, 'index', 'remove', 'changed/removed:1', 'linux/arm64')).toMatch(
      /would list no image: it has linux\/arm64\/v8 only \| 'ecrp image delete changed\/removed:1'/,
    );
    for (const wrong of ['linux', 'sha256:abc', 'linux/arm64/v8/x', 'app@sha256:abc']) {
      await fail(2, 'index', 'remove', 'changed/removed:1', wrong);
    }
  });

  it('need an index under a tag', async () => {
    await succeed('push', 'amd64-oci.tar', 'changed/single:1', '--create-repo');
    expect(await fail(3, 'index', 'add', 'changed/single:1', 'arm64.tar')).toMatch(
      /is a single image, not an index \| 'ecrp index create changed\/single:1 changed\/single@sha256:/,
    );
    expect(await fail(3, 'index', 'remove', 'changed/single:1', 'linux/amd64')).toContain('single image');
    expect(await fail(5, 'index', 'add', 'changed/single:none', 'arm64.tar')).toMatch(
      /changed\/single:none does not exist \| 'ecrp index create changed\/single:none …'/,
    );
    expect(await fail(2, 'index', 'add', 'changed/single', 'arm64.tar')).toContain('names no tag');
    const { digest } = images.amd64.descriptor;
    expect(await fail(2, 'index', 'add', `changed/single@${digest}`, 'arm64.tar')).toContain('names no tag');
    const stale = `changed/single:1@${digestOf('stale')}`;
    expect(await fail(6, 'index', 'add', stale, 'arm64.tar')).toContain('the tag is on another image');
  });

  it('lose nothing when another client moves the tag meanwhile', async () => {
    await succeed('index', 'create', 'changed/raced:1', 'amd64.tar', '--create-repo');
    await succeed('push', 'windows.tar', 'changed/raced:windows');
    let isMoved = false;
    const relay = createServer(async (incoming, outgoing) => {
      const isUpload = String(incoming.headers['x-amz-target']).endsWith('InitiateLayerUpload');
      if (isUpload && !isMoved) {
        isMoved = true;
        await succeed('index', 'add', 'changed/raced:1', 'changed/raced:windows');
      }
      const forwarded = sendRequest(emulator.url, { method: incoming.method, headers: incoming.headers });
      forwarded.on('response', (answer) => {
        outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
        answer.pipe(outgoing);
      });
      incoming.pipe(forwarded);
    });
    await new Promise<void>((resolve) => relay.listen(0, '127.0.0.1', resolve));
    const { port } = relay.address() as AddressInfo; // as: it listens on a port
    const url = `http://127.0.0.1:${port}`;
    const slow = { ...env, AWS_ENDPOINT_URL_ECR_PUBLIC: url };
    const result = await runCli(['index', 'add', 'changed/raced:1', 'arm64.tar'], {
      env: slow,
      cwd: directory,
    });
    relay.closeAllConnections();
    await new Promise((resolve) => relay.close(resolve));
    expect(result.status, result.stderr).toBe(0);
    expect(result.stderr).toContain('The tag 1 has moved meanwhile');
    const { manifests } = await readIndex('changed/raced', '1');
    expect(manifests.map(({ platform }) => platform)).toEqual([
      PLATFORMS.amd64,
      PLATFORMS.windows,
      PLATFORMS.arm64,
    ]);
  });
});
