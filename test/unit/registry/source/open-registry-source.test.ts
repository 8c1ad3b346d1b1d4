import { describe, expect, test } from 'vitest';
import { ECR_PUBLIC_LIMITS } from '../../../../src/ecr/limits.ts';
import type { ImageSource } from '../../../../src/ends/image-source.ts';
import { planPush } from '../../../../src/engine/plan/plan.ts';
import { type Digest, digestOf } from '../../../../src/oci/digest.ts';
import { OCI_FOREIGN_LAYER_GZIP, OCI_LAYER_GZIP } from '../../../../src/oci/media-types.ts';
import { ManifestCache } from '../../../../src/registry/source/manifest-cache.ts';
import { openRegistrySource } from '../../../../src/registry/source/open-registry-source.ts';
import { selectImages } from '../../../../src/source/select-images.ts';
import { PART_BYTES } from '../../../../src/wire/limits.ts';
import { fakeService } from '../../../support/fake-service.ts';
import { describeBytes, makeImage, makeIndex, makeManifest } from '../../../support/images.ts';
import { type MemoryRemote, memoryRemote } from '../../../support/memory-remote.ts';
import { pushWith } from '../../../support/push-with.ts';

const amd64 = await makeImage({ seed: 1, layers: [{}, { size: 20_000 }] });
const arm64 = await makeImage({ seed: 2, layers: [{}], platform: { architecture: 'arm64', os: 'linux' } });

const open = (remote: MemoryRemote, digest: Digest): Promise<ImageSource> =>
  openRegistrySource(new ManifestCache(remote, new AbortController().signal), {
    digest,
    names: ['registry.example/app:1'],
  });

async function push(source: ImageSource) {
  const service = fakeService(PART_BYTES);
  const [image] = source.images;
  if (image === undefined) throw new Error('no image');
  const plan = await planPush(source, image, { limits: ECR_PUBLIC_LIMITS });
  return { plan, service, result: await pushWith(plan, { service, tags: ['1'] }) };
}

describe('an image of a registry as a source', () => {
  test('gives an index with its images, each manifest read once', async () => {
    const remote = memoryRemote();
    const nested = makeIndex([makeIndex([amd64]), arm64]);
    remote.add(nested);
    const source = await open(remote, nested.descriptor.digest);
    const { service } = await push(source);
    expect(service.images.get(nested.descriptor.digest)).toEqual(nested.manifest);
    for (const [digest, bytes] of remote.blobs) expect(service.blobs.get(digest)).toEqual(bytes);
    const reads = remote.asked.filter((each) => each.startsWith('GET'));
    expect(reads).toHaveLength(4);
    expect(new Set(reads).size).toBe(4);
    expect(remote.asked.filter((each) => each.startsWith('blob'))).toHaveLength(remote.blobs.size);
  });

  test('reads a blob from any byte', async () => {
    const remote = memoryRemote();
    remote.add(amd64);
    const source = await open(remote, amd64.descriptor.digest);
    const [, { bytes, descriptor } = { bytes: Buffer.alloc(0), descriptor: amd64.descriptor }] = amd64.layers;
    const { digest, size } = descriptor;
    const chunks: Buffer[] = [];
    for await (const chunk of source.open({ kind: 'digest', digest, size }, 12_345)) chunks.push(chunk);
    expect(Buffer.concat(chunks)).toEqual(bytes.subarray(12_345));
  });

  test('of one platform reads the manifests of that alone', async () => {
    const remote = memoryRemote();
    const index = makeIndex([amd64, arm64]);
    remote.add(index);
    const source = await open(remote, index.descriptor.digest);
    const [image] = source.images;
    if (image === undefined) throw new Error('no image');
    const platforms = [{ architecture: 'arm64', os: 'linux' }];
    const selected = await selectImages(source, image, { platforms, attestations: 'keep' });
    await planPush(selected.source, selected.image, { limits: ECR_PUBLIC_LIMITS });
    const reads = [index, arm64].map(({ descriptor }) => `GET ${descriptor.digest}`);
    expect(remote.asked).toEqual(reads);
  });

  test('leaves out foreign layers unread, unless a manifest has them as its own', async () => {
    const remote = memoryRemote();
    const [layer] = arm64.layers;
    if (layer === undefined) throw new Error('no layer');
    const foreign = {
      ...layer.descriptor,
      mediaType: OCI_FOREIGN_LAYER_GZIP,
      urls: ['https://example.com/layer'],
    };
    remote.add(arm64);
    const windows = makeManifest(arm64.config, [foreign]);
    const { digest } = remote.addManifest(windows, arm64.descriptor.mediaType);
    const { result } = await push(await open(remote, digest));
    expect(result.layers).toMatchObject({ total: 2, uploaded: 1, skipped: 1 });
    expect(remote.asked).not.toContain(`blob ${foreign.digest}`);

    const own = makeManifest(arm64.config, [{ ...foreign, mediaType: OCI_LAYER_GZIP }]);
    const { result: whole } = await push(
      await open(remote, remote.addManifest(own, arm64.descriptor.mediaType).digest),
    );
    expect(whole.layers).toMatchObject({ uploaded: 2, skipped: 0 });
  });

  test('fails for an image that is gone, for a child that is missing, and for what is no image', async () => {
    const remote = memoryRemote();
    const index = makeIndex([amd64, arm64]);
    remote.add(index);
    remote.manifests.delete(arm64.descriptor.digest);
    await expect(open(remote, digestOf('gone'))).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(open(remote, index.descriptor.digest).then(push)).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      message: `registry.example/app: the manifest ${arm64.descriptor.digest} does not exist, but an index lists it`,
    });
    for (const [bytes, mediaType] of [
      ['{}', 'text/plain'],
      ['[', ''],
      ['{"schemaVersion":1}', 'application/vnd.docker.distribution.manifest.v1+prettyjws'],
    ]) {
      const { digest } = remote.addManifest(Buffer.from(bytes ?? ''), mediaType ?? '');
      await expect(open(remote, digest).then(push)).rejects.toMatchObject({ code: 'INVALID_INPUT' });
    }
  });

  test('sends other bytes than a descriptor states nowhere', async () => {
    const remote = memoryRemote();
    remote.add(amd64);
    const lie = { ...describeBytes(amd64.descriptor.mediaType, amd64.manifest), size: 3 };
    const index = Buffer.from(JSON.stringify({ schemaVersion: 2, manifests: [lie] }));
    const { digest } = remote.addManifest(index, 'application/vnd.oci.image.index.v1+json');
    await expect(open(remote, digest).then(push)).rejects.toThrow('it should be 3 bytes long');
  });
});
