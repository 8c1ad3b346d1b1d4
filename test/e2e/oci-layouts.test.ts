import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { type CliResult, runCli } from '../support/cli.ts';
import { writeItems } from '../support/found.ts';
import { describeBytes, makeImage, storeAsZstd, type TarItem } from '../support/images.ts';
import { startWorkplace } from '../support/workplace.ts';

// Layouts written by hand after the examples of the OCI image specification (image-layout.md, image-index.md, manifest.md, descriptor.md), and
// what it forbids.

const { home, emulator } = await startWorkplace();

const INDEX = 'application/vnd.oci.image.index.v1+json';
const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
const EMPTY = 'application/vnd.oci.empty.v1+json';
const NAME = 'org.opencontainers.image.ref.name';

const ppc64le = await makeImage({
  seed: 1,
  layers: [{}, {}],
  platform: { architecture: 'ppc64le', os: 'linux' },
});
const amd64 = await makeImage({ seed: 2, layers: [{}] });
const image = [ppc64le, amd64];
const xml = Buffer.from('<component/>');

/** A blob, and its descriptor. */
interface Blob {
  readonly bytes: Buffer;
  readonly descriptor: object;
}

function blobOf(mediaType: string, content: Buffer | object): Blob {
  const bytes = Buffer.isBuffer(content) ? content : Buffer.from(JSON.stringify(content));
  return { bytes, descriptor: describeBytes(mediaType, bytes) };
}

const named = (descriptor: object, name: string): object => ({
  ...descriptor,
  annotations: { [NAME]: name },
});
const auxiliary = blobOf('application/xml', xml);
const empty = blobOf(EMPTY, Buffer.from('{}'));
const payload = blobOf('application/vnd.example+type', Buffer.from('payload'));
const configured = blobOf('application/vnd.example.config.v1+json', { key: 'value' });

/** The files of a layout: its index, blobs, and the images above. `index` is a whole document, or its `manifests`. */
function layoutOf(
  index: object | readonly object[],
  blobs: readonly Blob[] = [],
  header: unknown = { imageLayoutVersion: '1.0.0' },
): readonly TarItem[] {
  const document = Array.isArray(index) ? { schemaVersion: 2, mediaType: INDEX, manifests: index } : index;
  const parts = image.flatMap(({ manifest, config, layers }) => [
    manifest,
    config,
    ...layers.map(({ bytes }) => bytes),
  ]);
  const all = [...parts, ...blobs.map(({ bytes }) => bytes)];
  return [
    ...all.map((content) => ({
      name: `blobs/sha256/${describeBytes('', content).digest.slice(7)}`,
      content,
    })),
    { name: 'index.json', content: Buffer.from(JSON.stringify(document)) },
    {
      name: 'oci-layout',
      content: Buffer.from(typeof header === 'string' ? header : JSON.stringify(header)),
    },
  ];
}

let count = 0;
async function push(items: readonly TarItem[], ...options: readonly string[]): Promise<CliResult> {
  count += 1;
  const path = join(home.directory, `layout-${count}`);
  await writeItems(path, items);
  const reference = options.includes('--all') ? `layouts/r${count}` : `layouts/r${count}:1`;
  const argv = ['push', path, reference, '--create-repo', '--json', '--verify', ...options];
  return runCli(argv, { env: { ...home.env, ...emulator.env } });
}

const digestOf = ({ descriptor }: Blob): unknown => ({ ...descriptor, digest: '', ...descriptor }).digest;

/** The index of image-index.md, "with multiple media types": a manifest, and a nested index. */
const nested = blobOf(INDEX, { schemaVersion: 2, mediaType: INDEX, manifests: [amd64.descriptor] });
const mixed = blobOf(INDEX, {
  schemaVersion: 2,
  mediaType: INDEX,
  manifests: [ppc64le.descriptor, nested.descriptor],
  annotations: { 'com.example.key1': 'value1', 'com.example.key2': 'value2' },
});

/** The `index.json` of image-layout.md: two names, and something that is no image. */
const example = layoutOf(
  {
    schemaVersion: 2,
    mediaType: INDEX,
    manifests: [
      named(mixed.descriptor, 'stable-release'),
      named(ppc64le.descriptor, 'v1.0'),
      {
        ...auxiliary.descriptor,
        annotations: {
          'org.freedesktop.specifications.metainfo.version': '1.0',
          'org.freedesktop.specifications.metainfo.type': 'AppStream',
        },
      },
    ],
    annotations: { 'com.example.index.revision': 'r124356' },
  },
  [nested, mixed, auxiliary],
);

describe('the example of image-layout.md', () => {
  it('needs a choice, for which the hint names both images', async () => {
    const result = await push(example);
    expect(result.status).toBe(2);
    expect(result.json().error).toMatchObject({
      message: expect.stringContaining('holds 2 images'),
      hint: expect.stringMatching(
        /stable-release \([a-f0-9]{12}, index \(linux\/ppc64le\)\), v1\.0 \([a-f0-9]{12}, image linux\/ppc64le, ID [a-f0-9]{12}\)/,
      ),
    });
  });

  it.each([
    ['stable-release', { imageDigest: digestOf(mixed), verified: { manifests: 4, blobs: 5 } }],
    ['v1.0', { imageDigest: ppc64le.descriptor.digest, verified: { manifests: 1, blobs: 3 } }],
  ])('pushes %s', async (name, expected) => {
    const result = await push(example, '--image', name);
    expect(result.json(), result.stderr).toMatchObject(expected);
  });

  it('pushes both with --all, and says what it leaves out', async () => {
    const result = await push(example, '--all');
    expect(result.json()).toMatchObject({
      images: [
        { imageDigest: digestOf(mixed), tags: [{ imageTag: 'stable-release' }] },
        { imageDigest: ppc64le.descriptor.digest, tags: [{ imageTag: 'v1.0' }] },
      ],
      exitStatus: 0,
    });
    expect(result.stderr).toMatch(/warning: .*left out, as it is no image: application\/xml/);
  });
});

const artifact = { schemaVersion: 2, mediaType: MANIFEST, artifactType: 'application/vnd.example+type' };
const subject = { mediaType: MANIFEST, digest: amd64.descriptor.digest, size: amd64.descriptor.size };
const manifestOf = (change: object): Blob =>
  blobOf(MANIFEST, { ...JSON.parse(amd64.manifest.toString()), ...change });

describe('what the specification allows', () => {
  const minimal = { ...artifact, config: empty.descriptor, layers: [empty.descriptor] };
  const withData = { ...empty.descriptor, data: 'e30=' };
  const rows: readonly (readonly [string, Blob, readonly Blob[]])[] = [
    ['an index of manifests and indexes, with annotations', mixed, [nested]],
    [
      'an index without a media type',
      blobOf(INDEX, { schemaVersion: 2, manifests: [ppc64le.descriptor, amd64.descriptor] }),
      [],
    ],
    ['a manifest without a media type', manifestOf({ mediaType: undefined }), []],
    ['a manifest with a subject that is not there', manifestOf({ subject }), []],
    ['annotations', manifestOf({ annotations: { 'com.example.key1': 'value1' } }), []],
    ['a minimal artifact', blobOf(MANIFEST, minimal), [empty]],
    [
      'an artifact without a config',
      blobOf(MANIFEST, { ...artifact, config: empty.descriptor, layers: [payload.descriptor] }),
      [empty, payload],
    ],
    [
      'an artifact with a config',
      blobOf(MANIFEST, { ...artifact, config: configured.descriptor, layers: [payload.descriptor] }),
      [configured, payload],
    ],
    [
      'content in the descriptor, and as a blob',
      blobOf(MANIFEST, { ...artifact, config: withData, layers: [payload.descriptor] }),
      [empty, payload],
    ],
    [
      'content in the descriptor alone',
      blobOf(MANIFEST, { ...artifact, config: withData, layers: [payload.descriptor] }),
      [payload],
    ],
  ];

  it.each(rows)('%s', async (_, root, blobs) => {
    const result = await push(layoutOf([root.descriptor], [root, ...blobs]));
    expect(result.json(), result.stderr).toMatchObject({ imageDigest: digestOf(root), verified: {} });
    expect(result.stderr).not.toContain('warning');
  });

  it('further files, members and blobs', async () => {
    const items = [
      ...layoutOf([amd64.descriptor], [payload], { imageLayoutVersion: '1.0.0', more: true }),
      { name: 'README', content: Buffer.from('of somebody') },
      { name: `blobs/sha512/${'a'.repeat(128)}`, content: Buffer.from('x') },
    ];
    expect((await push(items)).json()).toMatchObject({ imageDigest: amd64.descriptor.digest });
  });

  it('something else beside an image', async () => {
    const result = await push(layoutOf([auxiliary.descriptor, amd64.descriptor], [auxiliary]));
    expect(result.json()).toMatchObject({ imageDigest: amd64.descriptor.digest });
    expect(result.stderr).toContain('left out, as it is no image: application/xml');
  });

  it('an index that lists something else, which ECR cannot hold: --platform chooses', async () => {
    const root = blobOf(INDEX, {
      schemaVersion: 2,
      manifests: [amd64.descriptor, auxiliary.descriptor],
    });
    const items = layoutOf([root.descriptor], [root, auxiliary]);
    const refused = await push(items);
    expect(refused.status).toBe(3);
    expect(refused.json().error).toMatchObject({
      message: expect.stringContaining('is no image but "application/xml"'),
      hint: expect.stringContaining('--platform'),
    });
    expect((await push(items, '--platform', 'linux/amd64')).json()).toMatchObject({
      manifests: [{ imageDigest: amd64.descriptor.digest }, {}],
    });
  });

  it('blobs that are elsewhere: in the repository', async () => {
    const path = join(home.directory, 'thin');
    const layer = amd64.layers[0]?.descriptor.digest.slice(7);
    const whole = layoutOf([amd64.descriptor]);
    await writeItems(
      path,
      whole.filter(({ name }) => !name.endsWith(String(layer))),
    );
    const env = { ...home.env, ...emulator.env };
    const argv = ['push', path, 'layouts/thin:1', '--create-repo', '--json'];
    const refused = await runCli(argv, { env });
    expect(refused.status).toBe(3);
    expect(refused.json().error).toMatchObject({
      message: expect.stringContaining('neither in the source nor in the repository'),
    });
    await writeItems(`${path}-whole`, whole);
    await runCli(['push', `${path}-whole`, 'layouts/thin:0'], { env });
    expect((await runCli(argv, { env })).json()).toMatchObject({ layers: { uploaded: 0 } });
  });
});

describe('layers as they come', () => {
  const tar = amd64.layers[0]?.tar ?? Buffer.alloc(0);
  const skippable = Buffer.concat([Buffer.from('502a4d1808000000', 'hex'), Buffer.from('8 bytes.')]);
  const gzip = 'application/vnd.oci.image.layer.v1.tar+gzip';
  const zstd = 'application/vnd.oci.image.layer.v1.tar+zstd';

  it.each([
    ['gzip of the best level', gzip, gzipSync(tar, { level: 9 }), {}],
    // stargz-snapshotter, docs/estargz.md: a member for each file, the table of contents, an empty one as footer.
    [
      'eStargz',
      gzip,
      Buffer.concat([gzipSync(tar.subarray(0, 512)), gzipSync(tar.subarray(512)), gzipSync('')]),
      { 'containerd.io/snapshot/stargz/toc.digest': `sha256:${'a'.repeat(64)}` },
    ],
    ['zstd', zstd, storeAsZstd(tar), {}],
    // containers/storage, pkg/chunked: the manifest of the chunks in a frame that others skip.
    [
      'zstd:chunked',
      zstd,
      Buffer.concat([storeAsZstd(tar.subarray(0, 512)), storeAsZstd(tar.subarray(512)), skippable]),
      {
        'io.github.containers.zstd-chunked.manifest-checksum': `sha256:${'b'.repeat(64)}`,
        'io.github.containers.zstd-chunked.manifest-position': '1:2:3:1',
      },
    ],
    ['no compression', 'application/vnd.oci.image.layer.v1.tar', tar, {}],
  ])('%s', async (_, mediaType, bytes, annotations) => {
    const layer = blobOf(mediaType, bytes);
    const root = manifestOf({ layers: [{ ...layer.descriptor, annotations }] });
    const result = await push(layoutOf([root.descriptor], [root, layer]), '--compression', 'zstd');
    // Every byte was read back: of the manifest, with its annotations, and of the layer.
    expect(result.json(), result.stderr).toMatchObject({
      imageDigest: digestOf(root),
      verified: { manifests: 1, blobs: 2, bytes: bytes.length + amd64.config.length },
    });
  });
});

describe('images of several platforms side by side', () => {
  const describeAs = (platform: object): object => ({ ...amd64.descriptor, platform });

  it('are one index, also of versions of Windows', async () => {
    const versions = await Promise.all(
      ['10.0.17763.1', '10.0.20348.1'].map((osVersion, seed) =>
        makeImage({
          seed: 10 + seed,
          layers: [{}],
          platform: { architecture: 'amd64', os: 'windows', 'os.version': osVersion },
        }),
      ),
    );
    const parts = versions.flatMap(({ config, layers, manifest }) => [
      blobOf('', config),
      blobOf('', manifest),
      ...layers.map(({ bytes }) => blobOf('', bytes)),
    ]);
    const items = layoutOf(
      versions.map(({ descriptor }) => descriptor),
      parts,
    );
    for (const options of [[], ['--platform', 'windows/amd64']]) {
      const result = await push(items, ...options);
      expect(result.json(), result.stderr).toMatchObject({
        imageManifestMediaType: INDEX,
        manifests: [
          ...versions.map(({ descriptor }) => ({
            imageDigest: descriptor.digest,
            platform: { 'os.version': descriptor.platform?.['os.version'] },
          })),
          {},
        ],
      });
    }
  });

  it.each([
    [['linux/arm'], ['linux/arm/v6', 'linux/arm/v7', 'linux/arm']],
    [['linux/arm/v7'], ['linux/arm/v7', 'linux/arm']],
    [['linux/arm/v6'], ['linux/arm/v6']],
    [
      ['linux/arm/v6', 'linux/arm64'],
      ['linux/arm/v6', 'linux/arm64'],
    ],
    [['linux/arm64/v8', 'linux/arm64/v8'], ['linux/arm64']],
  ])('--platform %j chooses %j', async (asked, found) => {
    const manifests = [
      { architecture: 'arm', os: 'linux', variant: 'v6' },
      { architecture: 'arm', os: 'linux', variant: 'v7' },
      { architecture: 'arm', os: 'linux' },
      { architecture: 'arm64', os: 'linux' },
    ].map(describeAs);
    const root = blobOf(INDEX, { schemaVersion: 2, mediaType: INDEX, manifests });
    const options = asked.flatMap((platform) => ['--platform', platform]);
    const outer = blobOf(INDEX, { schemaVersion: 2, mediaType: INDEX, manifests: [root.descriptor] });
    const result = await push(layoutOf([outer.descriptor], [root, outer]), ...options);
    const { registryHost, registryAlias } = emulator;
    const { repositoryName, imageDigest } = result.json();
    const url = `http://${registryHost}/v2/${registryAlias}/${repositoryName}/manifests/${imageDigest}`;
    // as: of the token endpoint
    const { token } = (await (await fetch(`http://${registryHost}/token/`)).json()) as { token: string };
    const headers = { authorization: `Bearer ${token}`, accept: INDEX };
    // as: an index that was made here
    const made = (await (await fetch(url, { headers })).json()) as {
      manifests: { platform: { os: string; architecture: string; variant?: string } }[];
    };
    const platforms = made.manifests.map(({ platform: { os, architecture, variant } }) =>
      [os, architecture, variant].filter((part) => part !== undefined).join('/'),
    );
    expect(platforms).toEqual(found);
  });
});

describe('what the specification forbids', () => {
  const good = [amd64.descriptor];
  const changed = (change: object) => layoutOf([{ ...amd64.descriptor, ...change }]);
  const withRoot = (root: Blob) => layoutOf([root.descriptor], [root, empty, payload]);
  const layer = amd64.layers[0];
  const swap = (name: string | undefined, content: Buffer) =>
    layoutOf(good).map((item) => (item.name.endsWith(String(name)) ? { ...item, content } : item));
  const without = (name: string) => layoutOf(good).filter((item) => item.name !== name);
  const { digest } = amd64.descriptor;

  const rows: readonly (readonly [string, readonly TarItem[], RegExp])[] = [
    ['no oci-layout', without('oci-layout'), /"oci-layout": it is missing/],
    ['no index.json', without('index.json'), /"index.json": it is missing/],
    ['an oci-layout without a version', layoutOf(good, [], {}), /imageLayoutVersion is missing/],
    ['an unknown version', layoutOf(good, [], { imageLayoutVersion: '2.0.0' }), /only version 1/],
    ['an oci-layout that is no object', layoutOf(good, [], []), /imageLayoutVersion/],
    ['an oci-layout that is no JSON', layoutOf(good, [], '1.0.0'), /JSON/],
    ['an index.json without manifests', layoutOf({ schemaVersion: 2 }), /manifests is missing/],
    ['an index.json of schema 1', layoutOf({ schemaVersion: 1, manifests: good }), /schemaVersion is 1/],
    ['a schema version as text', layoutOf({ schemaVersion: '2', manifests: good }), /schemaVersion is "2"/],
    [
      'an index that is a manifest',
      layoutOf({ schemaVersion: 2, manifests: good, layers: [] }),
      /of a manifest/,
    ],
    ['a manifest of another content', swap(digest.slice(7), Buffer.from('{}')), /should be \d+ bytes long/],
    [
      'a manifest of other bytes',
      swap(digest.slice(7), Buffer.alloc(amd64.manifest.length, ' ')),
      /another digest/,
    ],
    [
      'a layer of other bytes',
      swap(layer?.descriptor.digest.slice(7), Buffer.alloc(layer?.bytes.length ?? 0, 'x')),
      /digest/,
    ],
    ['a digest in capitals', changed({ digest: digest.toUpperCase() }), /not a sha256 digest/],
    [
      'capitals after the algorithm',
      changed({ digest: `sha256:${digest.slice(7).toUpperCase()}` }),
      /not a sha256/,
    ],
    ['a negative size', changed({ size: -1 }), /size is -1/],
    ['another size', changed({ size: amd64.descriptor.size + 1 }), /bytes long/],
    ['no media type', changed({ mediaType: undefined }), /mediaType is missing/],
    ['annotations of numbers', changed({ annotations: { a: 1 } }), /annotations\["a"\] is 1/],
    ['a media type that the manifest contradicts', changed({ mediaType: INDEX }), /descriptor says/],
    ['a config that is a list', withRoot(manifestOf({ config: [] })), /config is \[\]/],
    ['layers that are no list', withRoot(manifestOf({ layers: {} })), /layers is/],
    ['a manifest with manifests', withRoot(manifestOf({ manifests: [] })), /another kind/],
    [
      'data that is not the content',
      layoutOf(
        ...((): readonly [readonly object[], readonly Blob[]] => {
          const config = { ...empty.descriptor, data: 'W10=' };
          const root = blobOf(MANIFEST, { ...artifact, config, layers: [payload.descriptor] });
          return [[root.descriptor], [root, payload]];
        })(),
      ),
      /data in the manifest.*another digest/,
    ],
    // Allowed, but ECR takes sha256 only.
    ['a sha512 digest', changed({ digest: `sha512:${'a'.repeat(128)}` }), /sha256 digests only/],
    [
      "Docker's schema 1",
      withRoot(
        blobOf('application/vnd.docker.distribution.manifest.v1+prettyjws', {
          schemaVersion: 1,
          fsLayers: [],
        }),
      ),
      /old format, schema 1/,
    ],
  ];

  it.each(rows)('%s', async (_, items, message) => {
    const result = await push(items);
    expect(result.status, result.stderr).toBe(3);
    const { error } = result.json();
    expect(error).toMatchObject({
      message: expect.stringMatching(message),
      hint: expect.stringMatching(/./),
    });
  });

  it('an empty config without an artifact type: a warning before it is sent', async () => {
    const root = blobOf(MANIFEST, {
      schemaVersion: 2,
      mediaType: MANIFEST,
      config: empty.descriptor,
      layers: [payload.descriptor],
    });
    const result = await push(withRoot(root));
    expect(result.stderr).toMatch(/ECR Public may refuse sha256:\S+: .* must have an artifactType/);
  });
});
