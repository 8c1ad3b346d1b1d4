import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { digestOf } from '../../src/oci/digest.ts';
import { locateArchive } from '../support/archives.ts';
import { type CliResult, runCli } from '../support/cli.ts';
import { setFaults } from '../support/emulator.ts';
import { writeOciLayout } from '../support/image-writers.ts';
import { type GeneratedImage, type GeneratedIndex, makeImage, makeIndex } from '../support/images.ts';
import { startWorkplace } from '../support/workplace.ts';

// Images of private ECR, read with AWS credentials: no test logs in.

const OTHER_ID = '999988887777';
const { home, emulator } = await startWorkplace({
  private: {},
  identities: [
    // The first one is the emulator's own.
    { accessKeyId: 'AKIAOWNER', secretAccessKey: 'owner', allowedActions: ['*'] },
    {
      accessKeyId: 'AKIAOTHER',
      secretAccessKey: 'other',
      registryId: OTHER_ID,
      aliases: [{ name: 'other', status: 'ACTIVE', primaryRegistryAlias: true, defaultRegistryAlias: true }],
      allowedActions: ['*'],
    },
    {
      accessKeyId: 'AKIAPULLER',
      secretAccessKey: 'puller',
      allowedActions: ['ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'],
    },
    {
      accessKeyId: 'AKIALISTER',
      secretAccessKey: 'lister',
      allowedActions: ['ecr:BatchGetImage', 'ecr:List*'],
    },
  ],
});
const { privateRegistryHost = '' } = emulator;
const env = { ...home.env, ...emulator.env };
/** The same registry by the name that AWS would give it. */
const awsHost = `${emulator.registryId}.dkr.ecr.us-east-1.amazonaws.com`;
const otherHost = `${OTHER_ID}.dkr.ecr.us-east-1.amazonaws.com`;
const MIB = 1024 * 1024;
let large: GeneratedImage;
let small: GeneratedImage;
let index: GeneratedIndex;
let count = 0;
let to: string;

beforeAll(async () => {
  large = await makeImage({ seed: 1, layers: [{ size: 6 * MIB }, { size: 1000 }] });
  const arm64 = { architecture: 'arm64', os: 'linux' };
  small = await makeImage({ seed: 2, layers: [{ size: 1000 }], platform: arm64 });
  index = makeIndex([large, small]);
  await publish('large:1', [large]);
  await publish('index:1', [index]);
  await publish('many:old', [small]);
  await publish('many:new', [index]);
  await run('push', join(home.directory, 'many-new'), `${privateRegistryHost}/many:latest`);
});
beforeEach(async () => {
  count += 1;
  to = `copied/c${count}`;
  await setFaults(emulator, []);
});
afterAll(() => setFaults(emulator, []));

const run = (...argv: string[]): Promise<CliResult> => runCli(argv, { env });
const copy = (...argv: string[]): Promise<CliResult> => run('copy', ...argv, '--yes', '--json');
/** Runs a command with other keys. */
const runAs = (name: string, ...argv: string[]): Promise<CliResult> =>
  runCli(argv, {
    env: {
      ...env,
      AWS_ACCESS_KEY_ID: `AKIA${name.toUpperCase()}`,
      AWS_SECRET_ACCESS_KEY: name,
    },
  });

async function publish(name: string, roots: readonly (GeneratedImage | GeneratedIndex)[]): Promise<void> {
  const directory = join(home.directory, name.replace(':', '-'));
  await writeOciLayout(directory, roots);
  const result = await run('push', directory, `${privateRegistryHost}/${name}`, '--create-repo');
  expect(result).toMatchObject({ status: 0 });
}

/** What the next commands ask of private ECR, by operation. */
function watch(): () => Readonly<Record<string, number>> {
  const before = emulator.requests.length;
  return () => {
    const calls: Record<string, number> = {};
    for (const { operation } of emulator.requests.slice(before)) {
      if (operation !== undefined) calls[operation] = (calls[operation] ?? 0) + 1;
    }
    return calls;
  };
}

describe('a copy of private ECR', () => {
  it('to ECR Public and back is byte for byte the same', async () => {
    const asked = watch();
    const there = await copy(`${privateRegistryHost}/index:1`, to, '--create-repo', '--verify');
    expect(there).toMatchObject({ status: 0 });
    expect(there.json()).toMatchObject({
      source: `${privateRegistryHost}/index:1@${index.descriptor.digest}`,
      reference: `${emulator.registryHost}/${emulator.registryAlias}/${to}:1`,
      imageDigest: index.descriptor.digest,
      tags: [{ imageTag: '1', status: 'created' }],
      layers: { total: 5, uploaded: 5 },
    });
    // The index and its children, each once, and each blob once. The tags and what refers to three images besides.
    expect(asked()).toMatchObject({
      BatchGetImage: 3,
      GetDownloadUrlForLayer: 5,
      ListImages: 1,
      ListImageReferrers: 3,
    });
    const back = await copy(`${to}:1`, `${privateRegistryHost}/${to}`, '--create-repo', '--verify');
    expect(back).toMatchObject({ status: 0 });
    expect(back.json()).toMatchObject({
      reference: `${privateRegistryHost}/${to}:1`,
      imageDigest: index.descriptor.digest,
    });
    const pulled = join(home.directory, `layout-${count}`);
    expect(await run('pull', `${privateRegistryHost}/${to}:1`, pulled)).toMatchObject({ status: 0 });
    await expectWhole(pulled, index);
  });

  it('between two repositories of it asks nobody, and sends what is missing', async () => {
    const result = await run(
      'copy',
      `${privateRegistryHost}/large:1`,
      `${privateRegistryHost}/${to}`,
      '--create-repo',
      '--json',
    );
    expect(result).toMatchObject({ status: 0 });
    expect(result.json()).toMatchObject({ imageDigest: large.descriptor.digest, layers: { uploaded: 3 } });
    const asked = watch();
    const more = await copy(`${privateRegistryHost}/index:1`, `${privateRegistryHost}/${to}:index`);
    expect(more.json()).toMatchObject({ layers: { total: 5, uploaded: 2, existing: 3 } });
    expect(asked()).toMatchObject({ GetDownloadUrlForLayer: 2 });
  });

  it('of what is there already reads no manifest twice, and no blob', async () => {
    const whole = `${emulator.registryHost}/${emulator.registryAlias}/${to}`;
    await copy(`${privateRegistryHost}/index:1`, whole, '--create-repo', '-t', 'latest');
    for (const [options, calls] of [
      [[], { BatchGetImage: 1, ListImages: 1, ListImageReferrers: 1 }],
      [['--referrers', 'drop'], { BatchGetImage: 1 }],
    ] as const) {
      const asked = watch();
      const result = await copy(`${privateRegistryHost}/index:1`, whole, '-t', 'latest', ...options);
      expect(result.json()).toMatchObject({
        tags: [
          { imageTag: '1', status: 'unchanged' },
          { imageTag: 'latest', status: 'unchanged' },
        ],
        layers: { total: 0 },
        apiCalls: 0,
      });
      expect(asked()).toEqual(calls);
    }
  });

  it('of all tags lists them with their digests, in place of a question for each', async () => {
    const asked = watch();
    const result = await copy(`${privateRegistryHost}/many`, to, '--all-tags', '--create-repo');
    expect(result).toMatchObject({ status: 0 });
    expect(result.json()).toMatchObject({
      images: [{ imageDigest: small.descriptor.digest }, { tags: [{}, {}] }],
    });
    // Two manifests of images and one of a child that the other image is.
    expect(asked()).toMatchObject({ ListImages: 1, BatchGetImage: 3 });
    const again = watch();
    const whole = `${emulator.registryHost}/${emulator.registryAlias}/${to}`;
    expect(await copy(`${privateRegistryHost}/many`, whole, '--all-tags')).toMatchObject({ status: 0 });
    expect(again()).toEqual({ ListImages: 1, ListImageReferrers: 2 });
  });

  it('that sends nothing reads no blob; of one platform it is a new index', async () => {
    const asked = watch();
    const dry = await copy(`${privateRegistryHost}/index:1`, to, '--create-repo', '--dry-run');
    expect(dry.json()).toMatchObject({ dryRun: true, layers: { total: 5, uploaded: 5 } });
    expect(asked()).not.toHaveProperty('GetDownloadUrlForLayer');
    const one = await copy(
      `${privateRegistryHost}/index:1`,
      to,
      '--create-repo',
      '--platform',
      'linux/arm64',
    );
    expect(one.json()).toMatchObject({
      manifests: [{ platform: { architecture: 'arm64' } }, {}],
      layers: { total: 2 },
    });
  });

  it('takes signatures and other referrers along, and cosign’s tags', async () => {
    for (const [name, archive] of [
      ['referred', 'oras-copy'],
      ['signed', 'cosign-save'],
    ] as const) {
      const source = `${privateRegistryHost}/${name}`;
      const pushed = await run('push', locateArchive(archive), `${source}:1`, '--create-repo', '--json');
      const copied = await copy(`${source}:1`, `${to}/${name}`, '--create-repo');
      expect(copied).toMatchObject({ status: 0 });
      const [here, there] = [pushed, copied].map(({ json }) => listManifests(json()));
      expect(here?.length).toBeGreaterThan(1);
      expect(there?.toSorted()).toEqual(here?.toSorted());
    }
  });

  it('goes on after errors of the API', async () => {
    await setFaults(emulator, [
      'BatchGetImage error ServerException on=1',
      'GetDownloadUrlForLayer error ThrottlingException on=2',
      'ListImageReferrers error ServerException on=1',
    ]);
    const result = await copy(`${privateRegistryHost}/index:1`, to, '--create-repo');
    expect(result.json()).toMatchObject({ imageDigest: index.descriptor.digest, layers: { uploaded: 5 } });
  });
});

describe('permissions', () => {
  it('of docker pull are enough for an image, without a list of its tags', async () => {
    const pulled = join(home.directory, `layout-${count}`);
    expect(await runAs('puller', 'pull', `${privateRegistryHost}/index:1`, pulled)).toMatchObject({
      status: 0,
    });
    await expectWhole(pulled, index);
    const described = await runAs('puller', 'image', 'describe', `${privateRegistryHost}/index:1`, '--json');
    expect(described.json()).toMatchObject({ imageDigest: index.descriptor.digest });
    const options = ['--create-repo', '--yes', '--profile', 'owner', '--from-profile', 'puller', '--json'];
    await writeProfiles();
    const copied = await run('copy', `${privateRegistryHost}/index:1`, to, ...options);
    expect(copied.json()).toMatchObject({ imageDigest: index.descriptor.digest });
  });

  it('that are missing are named', async () => {
    const pulled = join(home.directory, `layout-${count}`);
    for (const [name, reference, action] of [
      ['lister', 'large:1', 'ecr:GetDownloadUrlForLayer'],
      ['other', 'large:1', 'ecr:BatchGetImage'],
    ] as const) {
      const result = await runAs(name, 'pull', `${awsHost}/${reference}`, pulled, '--json');
      expect(result).toMatchObject({ status: 4 });
      expect(result.json().error).toMatchObject({ code: 'AUTH', message: expect.stringContaining(action) });
    }
    await writeProfiles();
    const all = ['--all-tags', '--profile', 'owner', '--from-profile', 'puller', '--create-repo'];
    const listing = await copy(`${privateRegistryHost}/many`, to, ...all);
    expect(listing).toMatchObject({ status: 4 });
    expect(listing.json().error).toMatchObject({ message: expect.stringContaining('ecr:ListImages') });
  });

  it('of two accounts meet in one copy', async () => {
    await writeProfiles();
    const directory = join(home.directory, 'large-1');
    const pushed = await runAs('other', 'push', directory, `${otherHost}/${to}:1`, '--create-repo');
    expect(pushed).toMatchObject({ status: 0 });
    const result = await copy(
      `${otherHost}/${to}:1`,
      `${awsHost}/${to}`,
      '--create-repo',
      '--from-profile',
      'other',
    );
    expect(result.json()).toMatchObject({
      source: `${otherHost}/${to}:1@${large.descriptor.digest}`,
      registryId: emulator.registryId,
      imageDigest: large.descriptor.digest,
    });
    // Without it, the credentials of the target read as well.
    expect(await copy(`${otherHost}/${to}:1`, `${awsHost}/${to}`)).toMatchObject({ status: 4 });
  });
});

describe('an image of private ECR', () => {
  it('is pulled as a docker-archive, to a file and to standard output', async () => {
    const file = join(home.directory, `${count}.tar`);
    const pull = (...argv: string[]) => run('pull', `${privateRegistryHost}/large:1`, ...argv);
    expect(await pull(file, '--format', 'docker-archive')).toMatchObject({ status: 0 });
    const piped = await pull('-');
    expect(piped).toMatchObject({ status: 0 });
    expect(piped.stdout).toContain('manifest.json');
    expect((await readFile(file)).includes('manifest.json')).toBe(true);
  });

  it('goes into an index beside a file', async () => {
    const argv = [
      `${to}:multi`,
      join(home.directory, 'large-1'),
      `${privateRegistryHost}/many:old`,
      '--create-repo',
      '--json',
    ];
    const result = await run('index', 'create', ...argv);
    expect(result).toMatchObject({ status: 0 });
    const [one, two] = index.children.map(({ descriptor }) => descriptor.digest);
    expect(result.json()).toMatchObject({ manifests: [{ imageDigest: one }, { imageDigest: two }, {}] });
  });

  it.each([
    ['large:2', /large:2 does not exist/],
    ['missing:1', /repository with name 'missing' does not exist/],
  ])('that is missing is status 5: %s', async (name, problem) => {
    for (const argv of [
      ['pull', `${privateRegistryHost}/${name}`, join(home.directory, 'nowhere')],
      ['copy', `${privateRegistryHost}/${name}`, to, '--yes'],
      ['image', 'describe', `${privateRegistryHost}/${name}`],
    ]) {
      const { status, stderr } = await run(...argv);
      expect({ argv, status }).toMatchObject({ status: 5 });
      if (argv[0] !== 'image') expect(stderr).toMatch(problem);
      expect(stderr).not.toMatch(/ECR Public|gallery|public/);
    }
  });
});

function listManifests({ manifests }: Record<string, unknown>): readonly string[] {
  // as: of push.json
  return (manifests as readonly { imageDigest: string }[]).map(({ imageDigest }) => imageDigest);
}

async function writeProfiles(): Promise<void> {
  await mkdir(join(home.directory, '.aws'), { recursive: true });
  const sections = ['owner', 'other', 'puller'].map((name) =>
    [
      `[profile ${name}]`,
      `aws_access_key_id = AKIA${name.toUpperCase()}`,
      `aws_secret_access_key = ${name}`,
    ].join('\n'),
  );
  await writeFile(join(home.directory, '.aws', 'config'), `${sections.join('\n')}\n`);
}

/** Every manifest and blob of an image is in the layout, with the bytes that were pushed. */
async function expectWhole(directory: string, root: GeneratedImage | GeneratedIndex): Promise<void> {
  const blobs = join(directory, 'blobs', 'sha256');
  for (const name of await readdir(blobs)) {
    expect(digestOf(await readFile(join(blobs, name)))).toBe(`sha256:${name}`);
  }
  const images = 'children' in root ? [root, ...root.children] : [root];
  for (const image of images) {
    const file = join(blobs, image.descriptor.digest.slice('sha256:'.length));
    expect(await readFile(file)).toEqual(image.manifest);
  }
}
