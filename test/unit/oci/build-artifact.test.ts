import { expect, test } from 'vitest';
import { buildArtifact } from '../../../src/oci/build-artifact.ts';
import { digestOf } from '../../../src/oci/digest.ts';
import { OCI_LAYER, OCI_MANIFEST } from '../../../src/oci/media-types.ts';

const created = '2026-11-28T14:19:57Z';
const describe = (text: string, mediaType: string, title: string) => {
  return { mediaType, digest: digestOf(text), size: Buffer.byteLength(text), title };
};

test('makes the bytes that `oras push` 1.3.6 made', () => {
  const built = buildArtifact({
    artifactType: 'application/vnd.x+json',
    layers: [
      describe('{"a":1}', 'application/spdx+json', 'sbom.json'),
      describe('hello', OCI_LAYER, 'a.txt'),
    ],
    annotations: { foo: 'bar', 'org.opencontainers.image.created': created, a: 'b' },
  });
  expect(built.mediaType).toBe(OCI_MANIFEST);
  expect(built.digest).toBe('sha256:9282edcaf80ad8f058a8c148fced1fefdbfd48e64303030e106b4f5821608721');
  expect(digestOf(built.bytes)).toBe(built.digest);
});

test('escapes characters, and sorts annotations, as Go does', () => {
  const built = buildArtifact({
    artifactType: 'application/x',
    layers: [describe('q', 'text/plain', 'a:b'), describe('w', OCI_LAYER, 'uml ü<&>.txt')],
    annotations: { k: '<&>"é', 'org.opencontainers.image.created': '2026-11-28T14:51:21Z' },
  });
  expect(built.digest).toBe('sha256:a947e47c4b0905944b87d017a56b9996561ddcdb2bfe0d73ed5359192ed7e2b1');
  const keys = ['10', '9', 'B', 'a', '__proto__', '\u{ff5e}', '\u{1f600}'];
  const annotations = Object.fromEntries(keys.toReversed().map((key) => [key, 'line\u2028']));
  const text = buildArtifact({ artifactType: 'a/b', layers: [], annotations }).bytes.toString();
  const places = ['10', '9', 'B', '__proto__', 'a', '\u{ff5e}', '\u{1f600}'].map((key) =>
    text.indexOf(`"${key}":"line\\u2028"`),
  );
  expect(places).toEqual(places.toSorted((a, b) => a - b));
  expect(places).not.toContain(-1);
});

test('has a subject after the layers, and no empty annotations', () => {
  const subject = { mediaType: OCI_MANIFEST, digest: digestOf('image'), size: 5 };
  const { bytes } = buildArtifact({ artifactType: 'a/b', layers: [], subject, annotations: {} });
  expect(Object.keys(JSON.parse(bytes.toString()))).toEqual([
    'schemaVersion',
    'mediaType',
    'artifactType',
    'config',
    'layers',
    'subject',
  ]);
  expect(JSON.parse(bytes.toString()).subject).toEqual(subject);
});
