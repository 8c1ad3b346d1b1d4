import { describe, expect, test } from 'vitest';
import { ECR_PUBLIC_LIMITS } from '../../../src/ecr/limits.ts';
import type { ImageSource } from '../../../src/ends/image-source.ts';
import { planPush } from '../../../src/engine/plan/plan.ts';
import type { Descriptor } from '../../../src/oci/descriptor.ts';
import { digestOf } from '../../../src/oci/digest.ts';
import { OCI_LAYER_GZIP } from '../../../src/oci/media-types.ts';
import { fakeService } from '../../support/fake-service.ts';
import { describeBytes, makeImage, makeIndex, makeManifest } from '../../support/images.ts';
import { layoutSource, type MemorySource, memorySource } from '../../support/memory-source.ts';
import { pushWith } from '../../support/push-with.ts';

// A source over the network, whose bytes a registry has checked.

function overNetwork(source: MemorySource): ImageSource & { readonly expected: Descriptor[] } {
  const expected: Descriptor[] = [];
  return { ...source, isRemote: true, expected, expect: (manifests) => expected.push(...manifests) };
}

const plan = (source: ImageSource, root: Descriptor) =>
  planPush(source, { kind: 'manifest', names: [], root }, { limits: ECR_PUBLIC_LIMITS });

describe('an image of a registry', async () => {
  const images = [await makeImage({ seed: 1, layers: [{}, {}] }), await makeImage({ seed: 2, layers: [{}] })];
  const index = makeIndex(images);
  const manifests = [index, ...images].map(({ descriptor }) => descriptor.digest);

  test('is planned by its manifests alone, which are announced', async () => {
    const source = layoutSource([index]);
    const remote = overNetwork(source);
    await plan(remote, index.descriptor);
    expect(source.reads).toEqual(manifests);
    expect(remote.expected.map(({ digest }) => digest)).toEqual(manifests.slice(1));
  });

  test('is not read by a dry run, which says how much would travel', async () => {
    const source = layoutSource([index]);
    const planned = await plan(overNetwork(source), index.descriptor);
    const { layers, bytes } = await pushWith(planned, { service: fakeService(1000), dryRun: true });
    expect(source.reads).toEqual(manifests);
    const blobs = images.flatMap(({ config, layers: own }) => [config, ...own.map((each) => each.bytes)]);
    const total = blobs.reduce((sum, { length }) => sum + length, 0);
    expect({ layers, bytes }).toMatchObject({ layers: { uploaded: 5 }, bytes: { uploaded: total } });
  });

  test('is only read as far as the target lacks it', async () => {
    const service = fakeService(1000);
    await pushWith(await plan(layoutSource([index]), index.descriptor), { service, tags: ['1'] });
    const source = layoutSource([index]);
    await pushWith(await plan(overNetwork(source), index.descriptor), { service, tags: ['2'] });
    expect(source.reads).toEqual(manifests);
  });

  test('is copied as it is, also with a layer that docker could not unpack', async () => {
    const [image] = images;
    const layer = Buffer.concat([image?.layers[0]?.bytes ?? Buffer.alloc(0), Buffer.alloc(512)]);
    const config = image?.config ?? Buffer.alloc(0);
    const bytes = makeManifest(config, [describeBytes(OCI_LAYER_GZIP, layer)]);
    const root = describeBytes('application/vnd.oci.image.manifest.v1+json', bytes);
    const source = memorySource(new Map([bytes, config, layer].map((each) => [digestOf(each), each])));
    const service = fakeService(1000);
    await pushWith(await plan(overNetwork(source), root), { service, tags: ['1'] });
    expect(service.blobs.get(digestOf(layer))).toEqual(layer);
    // The same from a file is refused.
    const pushed = plan(source, root).then((local) =>
      pushWith(local, { service: fakeService(1000), tags: ['1'] }),
    );
    await expect(pushed).rejects.toThrow('layers');
  });
});
