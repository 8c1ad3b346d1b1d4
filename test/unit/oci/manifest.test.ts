import { describe, expect, it } from 'vitest';
import { digestOf } from '../../../src/oci/digest.ts';
import { parseManifest } from '../../../src/oci/manifest.ts';
import {
  DOCKER_MANIFEST,
  DOCKER_MANIFEST_LIST,
  OCI_INDEX,
  OCI_LAYER_GZIP,
  OCI_MANIFEST,
} from '../../../src/oci/media-types.ts';
import { catchError } from '../../support/catch-error.ts';
import { makeImage, makeIndex } from '../../support/images.ts';

const digest = digestOf('blob');
const blob = { mediaType: OCI_LAYER_GZIP, digest, size: 4 };
const image = { schemaVersion: 2, mediaType: OCI_MANIFEST, config: blob, layers: [blob] };
const index = { schemaVersion: 2, mediaType: OCI_INDEX, manifests: [blob] };

function toBytes(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}

describe('parseManifest', () => {
  it('reads an image manifest', async () => {
    const made = await makeImage({ seed: 1, layers: [{ size: 10 }, { compression: 'zstd' }] });
    expect(parseManifest(made.manifest, OCI_MANIFEST)).toEqual({
      kind: 'image',
      mediaType: OCI_MANIFEST,
      config: expect.objectContaining({ digest: digestOf(made.config), size: made.config.length }),
      layers: made.layers.map((layer) => layer.descriptor),
    });
  });

  it('reads an index with platforms', async () => {
    const arm = { architecture: 'arm64', os: 'linux', variant: 'v8' };
    const child = await makeImage({ seed: 1, layers: [{}], platform: arm });
    const made = makeIndex([child]);
    const parsed = parseManifest(made.manifest, OCI_INDEX);
    expect(parsed).toEqual({ kind: 'index', mediaType: OCI_INDEX, manifests: [child.descriptor] });
  });

  it('reads every member of a descriptor, and treats null as absent', () => {
    const full = {
      ...blob,
      platform: { architecture: 'amd64', os: 'windows', 'os.version': '10.0', 'os.features': ['win32k'] },
      annotations: { a: 'b', ['__proto__']: 'c' },
      urls: ['https://example.com/layer'],
      artifactType: 'application/x',
    };
    const document = { ...image, mediaType: null, subject: full, annotations: null, layers: null };
    expect(parseManifest(toBytes(document), OCI_MANIFEST)).toEqual({
      kind: 'image',
      mediaType: OCI_MANIFEST,
      config: blob,
      layers: [],
      subject: full,
    });
  });

  const cases: readonly (readonly [string, unknown, string, RegExp])[] = [
    ['no object', [], OCI_MANIFEST, /the document is \[\], not an object/],
    ['null', null, OCI_MANIFEST, /the document is null/],
    ['schema 1', { ...image, schemaVersion: 1 }, OCI_MANIFEST, /old format, schema 1/],
    ['schema 3', { ...image, schemaVersion: 3 }, OCI_MANIFEST, /schemaVersion is 3, not 2/],
    ['another media type', image, DOCKER_MANIFEST, /mediaType is "application\/vnd.oci.*but its descriptor/],
    ['another kind', index, DOCKER_MANIFEST_LIST, /but its descriptor says/],
    ['an unknown media type', image, 'text/plain', /"text\/plain" is not that of an image manifest or index/],
    [
      'schema 1 by media type',
      image,
      'application/vnd.docker.distribution.manifest.v1+prettyjws',
      /old format, schema 1/,
    ],
    ['no config', { ...image, config: undefined }, OCI_MANIFEST, /config is missing, not an object/],
    ['no layers', { ...image, layers: undefined }, OCI_MANIFEST, /layers is missing, not a list/],
    [
      'a negative size',
      { ...image, layers: [{ ...blob, size: -1 }] },
      OCI_MANIFEST,
      /layers\[0\].size is -1/,
    ],
    ['a broken size', { ...image, config: { ...blob, size: 1.5 } }, OCI_MANIFEST, /config.size is 1.5/],
    ['a size as text', { ...image, config: { ...blob, size: '4' } }, OCI_MANIFEST, /config.size is "4"/],
    ['an absurd size', { ...image, config: { ...blob, size: 2 ** 53 } }, OCI_MANIFEST, /config.size is 9007/],
    [
      'a bad digest',
      { ...image, config: { ...blob, digest: 'sha256:0' } },
      OCI_MANIFEST,
      /not a sha256 digest/,
    ],
    [
      'sha512',
      { ...image, config: { ...blob, digest: `sha512:${'0'.repeat(128)}` } },
      OCI_MANIFEST,
      /takes sha256 digests only/,
    ],
    [
      'no media type',
      { ...image, layers: [{ digest, size: 4 }] },
      OCI_MANIFEST,
      /layers\[0\].mediaType is missing/,
    ],
    ['annotations of numbers', { ...image, annotations: { a: 1 } }, OCI_MANIFEST, /annotations\["a"\] is 1/],
    [
      'a bad platform',
      { ...index, manifests: [{ ...blob, platform: 'linux' }] },
      OCI_INDEX,
      /platform is "linux"/,
    ],
    ['an index that is a manifest', { ...index, layers: [] }, OCI_INDEX, /as well as of an index/],
    ['a manifest that is an index', { ...image, manifests: [] }, OCI_MANIFEST, /another kind/],
    ['100,000 layers', { ...image, layers: Array(100_000).fill(0) }, OCI_MANIFEST, /100000 items, more than/],
    ['too many bytes', { ...image, x: ' '.repeat(4_194_304) }, OCI_MANIFEST, /bytes long, more than/],
  ];

  it.each(cases)('refuses %s', async (_, document, mediaType, message) => {
    const bytes = toBytes(document);
    const error = await catchError(() => parseManifest(bytes, mediaType));
    expect(error.code).toBe('INVALID_INPUT');
    expect(error.message).toMatch(message);
    expect(error.message).toContain(digestOf(bytes));
    expect(error.message.length).toBeLessThan(400);
  });

  it.each([
    ['no JSON', Buffer.from('{')],
    ['a byte order mark', Buffer.from(`\ufeff${JSON.stringify(image)}`)],
    [
      'bytes that are not UTF-8',
      Buffer.concat([toBytes(image).subarray(0, -1), Buffer.from(',"\xff":1}', 'latin1')]),
    ],
    ['a list nested a million times', Buffer.alloc(2_000_000, '[')],
    ['objects nested deep', Buffer.from(`${'{"a":'.repeat(500)}1${'}'.repeat(500)}`)],
  ])('refuses %s', async (_, bytes) => {
    const error = await catchError(() => parseManifest(bytes, OCI_MANIFEST));
    expect(error.code).toBe('INVALID_INPUT');
    expect(error.message).toMatch(/JSON/);
  });

  it('does not count brackets in texts as nesting', () => {
    const document = { ...image, annotations: { a: '[{"'.repeat(1000), 'b\\': '\\"[' } };
    expect(parseManifest(toBytes(document), OCI_MANIFEST)).toMatchObject({
      annotations: document.annotations,
    });
  });
});
