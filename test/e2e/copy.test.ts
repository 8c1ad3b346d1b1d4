import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { locateArchive } from '../support/archives.ts';
import { type CliResult, runCli } from '../support/cli.ts';
import { setFaults, startTestEmulator, type TestEmulator } from '../support/emulator.ts';
import { writeOciLayout } from '../support/image-writers.ts';
import type { GeneratedImage, GeneratedIndex } from '../support/images.ts';
import { makeImage, makeIndex } from '../support/images.ts';
import {
  type FrontFault,
  type FrontRequest,
  type RegistryFront,
  startRegistryFront,
} from '../support/registry-front.ts';
import { startWorkplace } from '../support/workplace.ts';

// From one emulator, behind a front that counts, to another.

const { home, emulator: target } = await startWorkplace();
const MIB = 1024 * 1024;
let source: TestEmulator;
let front: RegistryFront;
let chooseFault: (request: FrontRequest) => FrontFault | undefined = () => undefined;
let large: GeneratedImage;
let index: GeneratedIndex;
/** `HOST/ALIAS`, through the front. */
let from: string;
let count = 0;
let to: string;

beforeAll(async () => {
  source = await startTestEmulator();
  front = await startRegistryFront(source.registryHost, (request) => chooseFault(request));
  from = `${front.host}/${source.registryAlias}`;
  large = await makeImage({ seed: 1, layers: [{ size: 12 * MIB }, { size: 1000 }] });
  const arm64 = { architecture: 'arm64', os: 'linux' };
  const small = await makeImage({ seed: 2, layers: [{ size: 1000 }], platform: arm64 });
  const shared = await makeImage({ seed: 1, layers: [{ size: 12 * MIB }, { size: 1000 }, { size: 10 }] });
  index = makeIndex([shared, small]);
  await publish('large:1', [large]);
  await publish('index:1', [index]);
  await publish('many:old', [small]);
});
afterAll(async () => {
  await front.close();
  await source.close();
});
beforeEach(() => {
  count += 1;
  to = `copied/c${count}`;
  chooseFault = () => undefined;
});

async function publish(
  reference: string,
  roots: readonly (GeneratedImage | GeneratedIndex)[],
  ...options: string[]
) {
  const directory = join(home.directory, reference.replaceAll(/\W/g, '-'));
  await writeOciLayout(directory, roots);
  await publishLayout(reference, directory, ...options);
}

async function publishLayout(reference: string, path: string, ...options: string[]): Promise<void> {
  const { status, stderr } = await run(source, 'push', path, reference, '--create-repo', ...options);
  expect({ status, stderr }).toMatchObject({ status: 0 });
}

const run = (emulator: TestEmulator, ...argv: string[]): Promise<CliResult> =>
  runCli(argv, { env: { ...home.env, ...emulator.env } });
const copy = (...argv: string[]): Promise<CliResult> => run(target, 'copy', ...argv, '--json');

/** What the next copies ask the source for and do to the target. */
function watch() {
  const asked = front.requests.length;
  const calls = target.requests.length;
  return {
    asked: (kind: string) => front.requests.slice(asked).filter((each) => each.includes(kind)),
    calls: () => target.requests.slice(calls).flatMap(({ operation }) => operation ?? []),
  };
}

/** The digests of a repository's tags. */
async function listTags(
  emulator: TestEmulator,
  repositoryName: string,
): Promise<Readonly<Record<string, string>>> {
  const { json } = await run(emulator, 'image', 'list', repositoryName, '--tags', '--json');
  // as: of image-list.json
  const tags = json().imageTagDetails as readonly {
    imageTag: string;
    imageDetail: { imageDigest: string };
  }[];
  return Object.fromEntries(tags.map((tag) => [tag.imageTag, tag.imageDetail.imageDigest]));
}

describe('a copy', () => {
  it('of an index has the same digests, and reads every manifest and blob once', async () => {
    const { asked } = watch();
    const result = await copy(`${from}/index:1`, to, '--create-repo', '--verify');
    expect(result).toMatchObject({ status: 0 });
    const [shared, small] = index.children.map(({ descriptor }) => descriptor.digest);
    expect(result.json()).toMatchObject({
      source: `${from}/index:1@${index.descriptor.digest}`,
      reference: `${target.registryHost}/${target.registryAlias}/${to}:1`,
      imageDigest: index.descriptor.digest,
      tags: [{ imageTag: '1', status: 'created' }],
      manifests: [{ imageDigest: shared }, { imageDigest: small }, { imageDigest: index.descriptor.digest }],
      layers: { total: 6, uploaded: 6 },
    });
    const gets = asked('GET ').filter((each) => /manifests|blobs/.test(each));
    expect(gets).toHaveLength(9);
    expect(new Set(gets).size).toBe(9);
    expect(result.stderr).toContain(`${from}/index:1 to ${target.registryHost}/`);
  });

  it('of layers raw to the registry is the same image', async () => {
    const result = await copy(`${from}/large:1`, to, '--create-repo', '--verify', '--transport', 'registry');
    expect(result.json()).toMatchObject({ imageDigest: large.descriptor.digest, transport: 'registry' });
  });

  it('of what is there already costs one HEAD each, a look for referrers, and no call', async () => {
    const whole = `${target.registryHost}/${target.registryAlias}/${to}`;
    await copy(`${from}/index:1`, to, '--create-repo', '-t', 'latest');
    for (const [options, looks] of [
      [[], 2],
      [['--referrers', 'drop'], 0],
    ] as const) {
      const { asked, calls } = watch();
      const result = await copy(`${from}/index:1`, whole, '-t', 'latest', ...options);
      expect(result.json()).toMatchObject({
        imageDigest: index.descriptor.digest,
        tags: [
          { imageTag: '1', status: 'unchanged' },
          { imageTag: 'latest', status: 'unchanged' },
        ],
        layers: { total: 0 },
        apiCalls: 0,
      });
      expect(calls()).toEqual([]);
      expect(new Set(asked('HEAD /v2/'))).toHaveLength(1);
      expect(asked('GET /v2/').filter((each) => /manifests|blobs/.test(each))).toEqual([]);
      expect(new Set(asked('GET /v2/').filter((each) => /referrers|tags/.test(each)))).toHaveLength(looks);
      expect(result.stderr).toContain('Unchanged: everything was there already');
    }
  });

  it('reads only the blobs that the target lacks', async () => {
    await copy(`${from}/large:1`, to, '--create-repo');
    const { asked } = watch();
    const result = await copy(`${from}/index:1`, `${to}:index`);
    // Config and one layer of the first image, config and layer of the second.
    expect(result.json()).toMatchObject({ layers: { total: 6, uploaded: 4, existing: 2 } });
    expect(asked('/blobs/')).toHaveLength(4);
  });

  it('that sends nothing reads no blob, and says how many bytes would travel', async () => {
    const { asked } = watch();
    const result = await copy(`${from}/large:1`, to, '--create-repo', '--dry-run');
    const blobs = [large.config, ...large.layers.map(({ bytes }) => bytes)];
    const bytes = blobs.reduce((sum, { length }) => sum + length, 0);
    expect(result.json()).toMatchObject({
      dryRun: true,
      createsRepository: true,
      imageDigest: large.descriptor.digest,
      bytes: { total: bytes, uploaded: bytes },
    });
    expect(asked('/blobs/')).toEqual([]);
    await copy(`${from}/large:1`, to, '--create-repo');
    const again = await copy(`${from}/large:1`, to, '--dry-run');
    expect(again.stderr).toContain('Dry run, nothing was sent: everything is there already.');
  });

  it('of one platform is a new index; the second copy finds it there', async () => {
    const options = ['--platform', 'linux/arm64', '--create-repo'];
    const { json } = await copy(`${from}/index:1`, to, ...options);
    expect(json()).toMatchObject({
      manifests: [{ platform: { architecture: 'arm64' } }, {}],
      layers: { total: 2 },
    });
    expect(json().imageDigest).not.toBe(index.descriptor.digest);
    const { asked, calls } = watch();
    const again = await copy(
      `${from}/index:1`,
      `${target.registryHost}/${target.registryAlias}/${to}`,
      ...options,
    );
    expect(again.json()).toMatchObject({ imageDigest: json().imageDigest, tags: [{ status: 'unchanged' }] });
    expect(calls()).toEqual([]);
    expect(asked('/blobs/')).toEqual([]);
  });

  it('by digest takes the tag of TO, a first --tag, or none', async () => {
    const image = `${from}/large@${large.descriptor.digest}`;
    const tagsOf = async (...argv: string[]) => (await copy(image, ...argv)).json().tags;
    expect(await tagsOf(`${to}:a`, '--create-repo')).toMatchObject([{ imageTag: 'a', status: 'created' }]);
    expect(await tagsOf(to, '-t', 'b', '-t', 'c')).toMatchObject([{ imageTag: 'b' }, { imageTag: 'c' }]);
    expect(await tagsOf(to, '--by-digest')).toEqual([]);
    expect(await copy(image, to)).toMatchObject({ status: 2 });
    expect(await copy(`${from}/large`, to)).toMatchObject({ status: 2 });
  });

  it('with a digest on TO must have that digest, which is checked before anything is sent', async () => {
    const { calls } = watch();
    const wrong = await copy(`${from}/index:1`, `${to}@${large.descriptor.digest}`, '--create-repo');
    expect(wrong).toMatchObject({ status: 3 });
    expect(wrong.json()).toMatchObject({ error: { code: 'INVALID_INPUT' } });
    expect(calls()).toEqual([]);
    const right = await copy(`${from}/index:1`, `${to}@${index.descriptor.digest}`, '--create-repo');
    expect(right.json()).toMatchObject({ tags: [{ imageTag: '1' }] });
    // Also where the tag is on the image of the source already.
    expect(await copy(`${from}/index:1`, `${to}@${large.descriptor.digest}`)).toMatchObject({ status: 3 });
  });

  it('with --if-exists skip leaves a tag alone, and reads nothing for it', async () => {
    await copy(`${from}/large:1`, to, '--create-repo');
    const { asked, calls } = watch();
    const result = await copy(
      `${from}/index:1`,
      `${target.registryHost}/${target.registryAlias}/${to}`,
      '--if-exists',
      'skip',
    );
    expect(result.json()).toMatchObject({
      imageDigest: large.descriptor.digest,
      tags: [{ imageTag: '1', status: 'unchanged', imageDigest: large.descriptor.digest }],
    });
    expect(asked('GET /v2/').filter((each) => /manifests|blobs/.test(each))).toEqual([]);
    expect(calls()).toEqual([]);
    expect(result.stderr).toContain('Skipped: the tag exists already');
  });

  it('from the own registry needs no host, and another repository of it is a target too', async () => {
    await copy(`${from}/large:1`, to, '--create-repo');
    const result = await copy(`${to}:1`, `${to}/again`, '--create-repo');
    expect(result.json()).toMatchObject({
      source: `${target.registryHost}/${target.registryAlias}/${to}:1@${large.descriptor.digest}`,
      imageDigest: large.descriptor.digest,
    });
    const tagged = await copy(`${to}:1`, `${to}:2`);
    expect(tagged.json()).toMatchObject({ layers: { uploaded: 0, existing: 3 }, tags: [{ imageTag: '2' }] });
  });

  it('of an image that does not exist says so', async () => {
    for (const [name, message] of [
      [`${from}/large:none`, `${from}/large:none does not exist`],
      [`${from}/none:1`, `${from}/none:1 does not exist`],
    ] as const) {
      const result = await copy(name, to, '--create-repo');
      expect(result).toMatchObject({ status: 5 });
      expect(result.json()).toMatchObject({ error: { code: 'NOT_FOUND', message } });
    }
  });

  it('sends a blob anew from there when the target loses its upload', async () => {
    await setFaults(target, ['CompleteLayerUpload error UploadNotFoundException on=1']);
    const result = await copy(`${from}/large:1`, to, '--create-repo', '--verify');
    await setFaults(target, []);
    expect(result.json()).toMatchObject({ imageDigest: large.descriptor.digest, layers: { uploaded: 3 } });
  });

  it('continues a blob that breaks off where it was', async () => {
    // The whole layer breaks off, and then its rest.
    let cuts = 0;
    const [layer] = large.layers;
    const path = `/v2/${source.registryAlias}/large/blobs/${layer?.descriptor.digest}`;
    chooseFault = (request) => {
      if (request.path !== path || !request.isRedirected || cuts === 2) return undefined;
      cuts += 1;
      return { kind: 'cut', at: 3 * MIB };
    };
    const { asked } = watch();
    const before = new Map(front.blobBytes);
    const result = await copy(`${from}/large:1`, to, '--create-repo', '--verify', '--concurrency', '1');
    expect(result.json()).toMatchObject({ imageDigest: large.descriptor.digest });
    const passed = (front.blobBytes.get(path) ?? 0) - (before.get(path) ?? 0);
    expect(passed).toBe(layer?.bytes.length);
    expect(asked(path)).toHaveLength(3);
  });
});

describe('a copy of all tags', () => {
  beforeAll(async () => {
    await publishLayout('many:1.0', locateArchive('oras-copy'), '-t', '1', '-t', 'latest');
    await publishLayout('many:signed', locateArchive('cosign-save'));
    await publish('many:2.0', [index], '-t', '2');
  });

  it('pushes several tags of one digest as one image, with its referrers, and asks for everything once', async () => {
    const { asked, calls } = watch();
    const result = await copy(`${from}/many`, to, '--all-tags', '--create-repo');
    expect(result).toMatchObject({ status: 0 });
    // as: of copy.json
    const images = result.json().images as readonly { tags: readonly { imageTag: string }[] }[];
    expect(images.map(({ tags }) => tags.map(({ imageTag }) => imageTag))).toEqual([
      ['old'],
      ['2.0', '2'],
      ['1.0', 'signed', '1', 'latest'],
    ]);
    expect(await listTags(target, to)).toEqual(await listTags(source, 'many'));
    for (const kind of ['/blobs/', 'GET /v2/', 'referrers']) {
      const found = asked(kind).filter((each) => !each.includes('tags/list'));
      expect(new Set(found).size).toBe(found.length);
    }
    // One question for the blobs of each image, however many tags it has.
    expect(calls().filter((each) => each === 'BatchCheckLayerAvailability').length).toBeLessThanOrEqual(4);
  });

  it('again, reads no manifest and no blob, and finds one new tag', async () => {
    await copy(`${from}/many`, to, '--all-tags', '--create-repo');
    const { asked, calls } = watch();
    const whole = `${target.registryHost}/${target.registryAlias}/${to}`;
    const again = await copy(`${from}/many`, whole, '--all-tags');
    expect(again.json()).toMatchObject({ exitStatus: 0 });
    expect(asked('GET /v2/').filter((each) => /manifests|blobs/.test(each))).toEqual([]);
    expect(calls()).toEqual([]);
    await publish('many:new', [large]);
    const { asked: askedNew } = watch();
    const result = await copy(`${from}/many`, whole, '--all-tags');
    expect(result.json()).toMatchObject({ exitStatus: 0 });
    expect(askedNew('GET /v2/').filter((each) => each.includes('manifests'))).toHaveLength(1);
    expect(await listTags(target, to)).toHaveProperty('new', large.descriptor.digest);
  });

  it('of many tags lists what the target has in one call, and asks for none of them', async () => {
    const tags = Array.from({ length: 10 }, (_, position) => ['-t', `build-${position}`]).flat();
    await publishLayout('listed:1.0', locateArchive('oras-copy'), ...tags);
    await publishLayout('listed:signed', locateArchive('cosign-save'));
    const first = await copy(`${from}/listed`, to, '--all-tags', '--create-repo');
    expect(first).toMatchObject({ status: 0 });
    const { calls } = watch();
    const questions = () => target.requests.filter(({ route }) => route?.includes(`${to}/manifests`)).length;
    const before = questions();
    const again = await copy(
      `${from}/listed`,
      `${target.registryHost}/${target.registryAlias}/${to}`,
      '--all-tags',
    );
    expect(again.json()).toMatchObject({ images: [{ layers: { total: 0 } }], exitStatus: 0 });
    expect(calls()).toEqual(['DescribeImages']);
    expect(questions()).toBe(before);
  });

  it('takes the tags that match, and never tags that stand for referrers', async () => {
    const result = await copy(
      `${from}/many`,
      to,
      '--all-tags',
      '--match',
      '2*',
      '--match',
      'sha256*',
      '--create-repo',
    );
    expect(result).toMatchObject({ status: 0 });
    expect(Object.keys(await listTags(target, to)).toSorted()).toEqual(['2', '2.0']);
    expect(await copy(`${from}/many`, to, '--all-tags', '--match', 'sha256*')).toMatchObject({ status: 5 });
  });

  it('goes on after an image that fails, with its status', async () => {
    const [shared] = index.children;
    chooseFault = ({ path }) =>
      path.endsWith(`manifests/${shared?.descriptor.digest}`) ? { kind: 'status', status: 404 } : undefined;
    const result = await copy(`${from}/many`, to, '--all-tags', '--create-repo');
    expect(result).toMatchObject({ status: 3 });
    const tags = await listTags(target, to);
    expect(tags).toHaveProperty('1.0');
    expect(tags).not.toHaveProperty('2');
    expect(result.json()).toMatchObject({
      exitStatus: 3,
      images: expect.arrayContaining([
        { reference: `${to}:2.0`, error: expect.objectContaining({ code: 'INVALID_INPUT' }) },
      ]),
    });
  });

  it('in a dry run counts each blob once', async () => {
    const { asked } = watch();
    const result = await copy(`${from}/many`, to, '--all-tags', '--create-repo', '--dry-run');
    // as: of copy.json
    const images = result.json().images as readonly { layers: { uploaded: number } }[];
    const would = images.reduce((sum, { layers }) => sum + layers.uploaded, 0);
    const real = await copy(`${from}/many`, to, '--all-tags', '--create-repo');
    const sent = real.json().images as typeof images; // as: of copy.json
    expect(would).toBe(sent.reduce((sum, { layers }) => sum + layers.uploaded, 0));
    expect(asked('/blobs/')).toHaveLength(would);
  });

  it('refuses what does not go with it', async () => {
    for (const argv of [
      [`${from}/many:1`, to, '--all-tags'],
      [`${from}/many`, `${to}:1`, '--all-tags'],
      [`${from}/many`, to, '--all-tags', '-t', 'a'],
      [`${from}/many`, to, '--all-tags', '--by-digest'],
      [`${from}/many:1`, to, '--match', '*'],
      [`${from}/many`, to, '--all-tags', '--match', '[a'],
      [`${from}/many:1`, to, '--from-username', 'me'],
      [`${from}/many:1`, to, '--from-password-stdin'],
    ]) {
      expect({ argv, status: (await copy(...argv)).status }).toMatchObject({ status: 2 });
    }
  });
});

describe('what refers to an image', () => {
  it('goes with it; a new signature goes later, without the image', async () => {
    await publishLayout('signed:1', locateArchive('oras-copy'), '--referrers', 'drop');
    await copy(`${from}/signed:1`, to, '--create-repo');
    await publishLayout('signed:1', locateArchive('oras-copy'));
    const { asked } = watch();
    const result = await copy(`${from}/signed:1`, to);
    expect(result.json()).toMatchObject({
      tags: [{ imageTag: '1', status: 'unchanged' }],
      manifests: [{ status: 'unchanged' }, { status: 'put' }, { status: 'put' }],
      layers: { total: 5, existing: 2 },
    });
    expect(asked('/blobs/')).toHaveLength(3);
    const { calls } = watch();
    expect(
      (await copy(`${from}/signed:1`, `${target.registryHost}/${target.registryAlias}/${to}`)).status,
    ).toBe(0);
    expect(calls()).toEqual([]);
  });

  it('is left behind with --referrers drop, and not asked for', async () => {
    await publishLayout('dropped:1', locateArchive('oras-copy'));
    const { asked } = watch();
    const result = await copy(`${from}/dropped:1`, to, '--create-repo', '--referrers', 'drop');
    expect(result.json()).toMatchObject({ layers: { total: 2 } });
    expect(result.json().manifests).toHaveLength(1);
    expect(asked('referrers')).toEqual([]);
    expect(asked('tags/list')).toEqual([]);
  });
});
