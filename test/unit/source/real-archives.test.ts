import { tmpdir } from 'node:os';
import { describe, expect, it } from 'vitest';
import type { ImageSource } from '../../../src/ends/image-source.ts';
import { parseConfig } from '../../../src/oci/config.ts';
import { digestOf } from '../../../src/oci/digest.ts';
import { parseManifest } from '../../../src/oci/manifest.ts';
import { openSource } from '../../../src/source/open-source.ts';
import { readBlob } from '../../../src/source/source-blobs.ts';
import { collectBytes } from '../../../src/source/source-store.ts';
import { locateArchive } from '../../support/archives.ts';

async function withSource<Result>(
  name: string,
  use: (source: ImageSource) => Promise<Result>,
): Promise<Result> {
  const source = await openSource(locateArchive(name), { temporaryDirectory: tmpdir() });
  try {
    return await use(source);
  } finally {
    await source.close();
  }
}

/** Reads every blob below the images of a source, checking digests, and returns them by digest. */
async function readAll(source: ImageSource): Promise<Map<string, number>> {
  const blobs = new Map<string, number>();
  for (const image of source.images) {
    if (image.kind === 'damaged') throw image.error;
    if (image.kind === 'archive') {
      const { diffIds } = parseConfig(image.config);
      expect(image.layers.map((layer) => layer.diffId)).toEqual(diffIds);
      for (const { ref, diffId, compression } of image.layers) {
        const bytes = await collectBytes(source.open(ref, 0));
        if (compression === 'none') expect(digestOf(bytes)).toBe(diffId);
        blobs.set(diffId, bytes.length);
      }
      continue;
    }
    const pending = [image.root];
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      const manifest = parseManifest(await readBlob(source, next), next.mediaType);
      blobs.set(next.digest, next.size);
      if (manifest.kind === 'index') pending.push(...manifest.manifests);
      else {
        for (const blob of [manifest.config, ...manifest.layers]) {
          const ref = { kind: 'digest', digest: blob.digest, size: blob.size } as const;
          expect(source.has(ref)).toBe(true);
          expect(digestOf(await collectBytes(source.open(ref, 0)))).toBe(blob.digest);
          blobs.set(blob.digest, blob.size);
        }
      }
    }
  }
  return blobs;
}

describe('docker-archives', () => {
  it.each([
    ['docker-20.10-one.tar', [['fixture/app:1.0']]],
    ['docker-20.10-one.tar.gz', [['fixture/app:1.0']]],
    [
      'docker-20.10-registry-names.tar',
      [['public.ecr.aws/a1b2c3d4/app:1.0', 'public.ecr.aws/a1b2c3d4/app:latest']],
    ],
    ['docker-20.10-two-images.tar', [['fixture/app:1.0'], ['fixture/other:2']]],
    ['docker-20.10-untagged.tar', [[]]],
    ['podman-docker-archive.tar', [['localhost/fixture/app:1.0']]],
    ['skopeo-docker-archive.tar', [['docker.io/fixture/app:1.0']]],
  ])('reads %s', async (name, names) => {
    await withSource(name, async (source) => {
      expect(source.format).toBe('docker-archive');
      expect(source.images.map((image) => image.names)).toEqual(names);
      for (const image of source.images) {
        if (image.kind !== 'archive') throw new Error('not an archive image');
        expect(image.layers.map((layer) => layer.compression)).toEqual(Array(5).fill('none'));
        // The third and the fourth layer are one.
        expect(image.layers[3]).toEqual(image.layers[2]);
      }
      await readAll(source);
    });
  });
});

describe('OCI layouts', () => {
  it.each([
    ['podman-oci.tar', [['localhost/fixture/app:1.0']], 6],
    ['skopeo-oci.tar', [['1.0']], 6],
    ['skopeo-oci.tar.gz', [['1.0']], 6],
    ['skopeo-oci-dir', [['1.0']], 6],
    ['skopeo-oci-zstd-dir', [['1.0']], 6],
    ['umoci-oci-dir', [['v1', 'v2']], 4],
    ['buildah-multi-oci-dir', [['1.0']], 7],
    ['skopeo-multi-oci.tar', [['1.0']], 7],
  ])('reads %s', async (name, names, blobs) => {
    await withSource(name, async (source) => {
      expect(source.format).toBe('oci-layout');
      expect(source.images.map((image) => image.names)).toEqual(names);
      expect((await readAll(source)).size).toBe(blobs);
    });
  });

  it('finds the same image in a layout, its tar and the gzipped tar', async () => {
    const names = ['skopeo-oci-dir', 'skopeo-oci.tar', 'skopeo-oci.tar.gz'];
    const images = await Promise.all(names.map((name) => withSource(name, async (source) => source.images)));
    expect(images[1]).toEqual(images[0]);
    expect(images[2]).toEqual(images[0]);
  });
});
