import { describe, expect, it } from 'vitest';
import { type BuiltLayer, buildManifest } from '../../../src/oci/build-manifest.ts';
import { digestOf } from '../../../src/oci/digest.ts';
import { parseManifest } from '../../../src/oci/manifest.ts';

const config = { digest: digestOf('config'), size: 6 };
const layers: readonly BuiltLayer[] = [
  { digest: digestOf('a'), size: 1, compression: 'gzip' },
  { digest: digestOf('bb'), size: 2, compression: 'zstd' },
  { digest: digestOf('ccc'), size: 3, compression: 'none' },
];

describe('buildManifest', () => {
  it('writes docker manifests as docker push does', () => {
    const built = buildManifest('docker', config, layers.slice(0, 1));
    expect(built.bytes.toString()).toBe(`{
   "schemaVersion": 2,
   "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
   "config": {
      "mediaType": "application/vnd.docker.container.image.v1+json",
      "size": 6,
      "digest": "${config.digest}"
   },
   "layers": [
      {
         "mediaType": "application/vnd.docker.image.rootfs.diff.tar.gzip",
         "size": 1,
         "digest": "${digestOf('a')}"
      }
   ]
}`);
    expect(built.digest).toBe(digestOf(built.bytes));
  });

  it('writes OCI manifests compactly, in the order of the specification', () => {
    const built = buildManifest('oci', config, []);
    expect(built.bytes.toString()).toBe(
      `{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"${config.digest}","size":6},"layers":[]}`,
    );
  });

  it.each(['docker', 'oci'] as const)('builds a manifest that parseManifest reads (%s)', (format) => {
    const built = buildManifest(format, config, layers);
    const parsed = parseManifest(built.bytes, built.mediaType);
    if (parsed.kind !== 'image') throw new Error('not an image');
    expect(parsed.config).toMatchObject(config);
    expect(parsed.layers.map(({ digest, size }) => [digest, size])).toEqual(
      layers.map(({ digest, size }) => [digest, size]),
    );
    expect(parsed.layers.map((layer) => layer.mediaType.replace(/^.*tar[.+]?/, ''))).toEqual([
      'gzip',
      'zstd',
      '',
    ]);
  });
});
