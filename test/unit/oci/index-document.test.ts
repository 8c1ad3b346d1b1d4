import { describe, expect, it } from 'vitest';
import { buildIndex } from '../../../src/oci/build-index.ts';
import { digestOf } from '../../../src/oci/digest.ts';
import { type IndexEntry, parseIndexDocument, rebuildIndex } from '../../../src/oci/index-document.ts';
import {
  DOCKER_MANIFEST,
  DOCKER_MANIFEST_LIST,
  OCI_INDEX,
  OCI_MANIFEST,
} from '../../../src/oci/media-types.ts';
import type { Platform } from '../../../src/oci/platform.ts';

function entry(seed: string, mediaType = OCI_MANIFEST, platform?: Platform): IndexEntry {
  return {
    descriptor: { mediaType, digest: digestOf(seed), size: seed.length, ...(platform && { platform }) },
  };
}
const windows: Platform = {
  variant: 'v1',
  'os.features': ['win32k'],
  'os.version': '10.0.17763.1',
  os: 'windows',
  architecture: 'amd64',
};

describe('a new index', () => {
  it('of images of docker is a manifest list, with the bytes of docker manifest push', () => {
    const built = buildIndex([entry('a', DOCKER_MANIFEST, windows)]);
    expect(built.mediaType).toBe(DOCKER_MANIFEST_LIST);
    expect(built.bytes.toString()).toBe(
      [
        '{',
        '   "schemaVersion": 2,',
        '   "mediaType": "application/vnd.docker.distribution.manifest.list.v2+json",',
        '   "manifests": [',
        '      {',
        '         "mediaType": "application/vnd.docker.distribution.manifest.v2+json",',
        '         "size": 1,',
        '         "digest": "sha256:ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb",',
        '         "platform": {',
        '            "architecture": "amd64",',
        '            "os": "windows",',
        '            "os.version": "10.0.17763.1",',
        '            "os.features": [',
        '               "win32k"',
        '            ],',
        '            "variant": "v1"',
        '         }',
        '      }',
        '   ]',
        '}',
      ].join('\n'),
    );
    expect(built.digest).toBe(digestOf(built.bytes));
  });

  it.each([
    ['one image is of OCI', [entry('a', DOCKER_MANIFEST), entry('b')], {}],
    ['it has annotations', [entry('a', DOCKER_MANIFEST)], { key: 'value' }],
    [
      'an entry has annotations',
      [{ descriptor: { ...entry('a', DOCKER_MANIFEST).descriptor, annotations: { key: 'value' } } }],
      {},
    ],
  ])('is one of OCI if %s', (_, entries, annotations) => {
    const built = buildIndex(entries, annotations);
    expect(built.mediaType).toBe(OCI_INDEX);
    expect(JSON.parse(built.bytes.toString())).toEqual({
      schemaVersion: 2,
      mediaType: OCI_INDEX,
      manifests: entries.map(({ descriptor }) => descriptor),
      ...(Object.keys(annotations).length > 0 && { annotations }),
    });
    // In the order of the specification.
    expect(built.bytes.toString()).toMatch(
      /^\{"schemaVersion":2,"mediaType":"[^"]+","manifests":\[\{"mediaType":/,
    );
    expect(built.bytes.toString()).toMatch(/"digest":"[^"]+","size":1/);
  });
});

describe('a changed index', () => {
  const manifests = [
    { ...entry('a').descriptor, unknown: { of: ['an', 'entry'] } },
    { ...entry('b').descriptor, platform: { ...windows, unknown: 1 } },
  ];
  const json = { unknown: null, manifests, schemaVersion: 2, annotations: { old: '1', key: '1' } };
  const read = (document: object, mediaType: string, indent?: string | number) =>
    parseIndexDocument(Buffer.from(JSON.stringify(document, undefined, indent)), mediaType);

  it.each([undefined, 1, 3, '\t', '     '])(
    'keeps unknown members, their order and an indent of %j',
    (indent) => {
      const document = read(json, OCI_INDEX, indent);
      const built = rebuildIndex(document, document.entries.slice(1));
      expect(built.bytes.toString()).toBe(
        JSON.stringify({ ...json, manifests: manifests.slice(1) }, undefined, indent),
      );
      expect(built.mediaType).toBe(OCI_INDEX);
    },
  );

  it('keeps its exact bytes if nothing changes', () => {
    const bytes = Buffer.from(
      `\n{ "manifests" : [ ${JSON.stringify(manifests[0])} ] , "schemaVersion":2 }\r\n`,
    );
    const document = parseIndexDocument(bytes, OCI_INDEX);
    for (const annotations of [undefined, {}]) {
      const built = rebuildIndex(document, document.entries, annotations);
      expect(built.bytes).toBe(bytes);
      expect(built.digest).toBe(digestOf(bytes));
    }
    const annotated = read(json, OCI_INDEX, 7);
    expect(rebuildIndex(annotated, annotated.entries, { key: '1' }).bytes).toBe(annotated.bytes);
  });

  it('adds annotations to those that it has', () => {
    const document = read(json, OCI_INDEX);
    const built = rebuildIndex(document, document.entries, { key: '2', new: '3' });
    expect(JSON.parse(built.bytes.toString())).toEqual({
      ...json,
      annotations: { old: '1', key: '2', new: '3' },
    });
  });

  const list = {
    schemaVersion: 2,
    mediaType: DOCKER_MANIFEST_LIST,
    manifests: [entry('a', DOCKER_MANIFEST).descriptor],
  };

  it.each([
    ['an image of OCI', [entry('b')], {}],
    ['annotations', [], { key: 'value' }],
  ])('is one of OCI when a manifest list of docker gets %s', (_, added, annotations) => {
    const document = read(list, DOCKER_MANIFEST_LIST, 3);
    const built = rebuildIndex(document, [...document.entries, ...added], annotations);
    expect(built.mediaType).toBe(OCI_INDEX);
    expect(JSON.parse(built.bytes.toString())).toMatchObject({ mediaType: OCI_INDEX });
    expect(built.bytes.toString()).not.toContain('\n');
  });

  it('stays a manifest list of docker otherwise, whatever is in it already', () => {
    const odd = { ...list, manifests: [...list.manifests, entry('odd').descriptor] };
    const document = read(odd, DOCKER_MANIFEST_LIST, 3);
    const built = rebuildIndex(document, [...document.entries, entry('c', DOCKER_MANIFEST)]);
    expect(built.mediaType).toBe(DOCKER_MANIFEST_LIST);
  });
});

it.each([
  ['a single image', { schemaVersion: 2, config: entry('a').descriptor, layers: [] }, OCI_MANIFEST],
  [
    'another media type than its own',
    { schemaVersion: 2, mediaType: OCI_INDEX, manifests: [] },
    DOCKER_MANIFEST_LIST,
  ],
  ['an entry that is a text', { schemaVersion: 2, manifests: ['a'] }, OCI_INDEX],
  ['a list that is none', { schemaVersion: 2, manifests: { length: 1 } }, OCI_INDEX],
])('refuses %s', (_, document, mediaType) => {
  expect(() => parseIndexDocument(Buffer.from(JSON.stringify(document)), mediaType, 'here')).toThrowError(
    /^here: /,
  );
});
