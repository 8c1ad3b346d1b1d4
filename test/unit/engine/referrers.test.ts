import { describe, expect, test } from 'vitest';
import { ECR_PUBLIC_LIMITS } from '../../../src/ecr/limits.ts';
import type { ManifestImage, Referrer } from '../../../src/ends/image-source.ts';
import type { PushEvent } from '../../../src/engine/events.ts';
import { planPush } from '../../../src/engine/plan/plan.ts';
import { EcrpError } from '../../../src/errors.ts';
import type { Descriptor } from '../../../src/oci/descriptor.ts';
import { digestOf } from '../../../src/oci/digest.ts';
import { OCI_MANIFEST } from '../../../src/oci/media-types.ts';
import { catchError } from '../../support/catch-error.ts';
import { fakeService } from '../../support/fake-service.ts';
import { describeBytes, makeImage, makeIndex } from '../../support/images.ts';
import { layoutSource, type MemorySource } from '../../support/memory-source.ts';
import { pushWith } from '../../support/push-with.ts';

const TYPE = 'application/vnd.example.note';
const empty = Buffer.from('{}');
const image = await makeImage({ seed: 1, layers: [{}] });

/** Adds an artifact to a source. `change`: members of its manifest that are different. */
function addArtifact(source: MemorySource, subject: Descriptor, text: string, change: object = {}): Referrer {
  const layer = Buffer.from(text);
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: OCI_MANIFEST,
      artifactType: TYPE,
      config: describeBytes('application/vnd.oci.empty.v1+json', empty),
      layers: [describeBytes('text/plain', layer)],
      subject,
      ...change,
    }),
  );
  for (const bytes of [empty, layer, manifest]) source.contents.set(digestOf(bytes), bytes);
  return { root: describeBytes(OCI_MANIFEST, manifest), subject: subject.digest, kind: text };
}

const planOf = (source: MemorySource, about: Partial<ManifestImage>, root = image.descriptor) =>
  planPush(source, { kind: 'manifest', names: [], root, ...about }, { limits: ECR_PUBLIC_LIMITS });

/** A service that refuses manifests with a subject. */
const refusing = (code: 'INVALID_INPUT' | 'AUTH' = 'INVALID_INPUT') =>
  fakeService(1000, (truth) => ({
    putImage: async (manifest, signal) => {
      if (!('subject' in JSON.parse(manifest.bytes.toString()))) return truth.putImage(manifest, signal);
      throw new EcrpError(code, 'PutImage: Invalid JSON syntax');
    },
  }));

describe('referrers of an image', () => {
  test('are put after it, each after its own subject, with their blobs', async () => {
    const source = layoutSource([image]);
    const sbom = addArtifact(source, image.descriptor, 'SBOM');
    const signature = addArtifact(source, sbom.root, 'signature');
    const plan = await planOf(source, { referrers: [sbom, signature] });
    const service = fakeService(1000);
    const events: PushEvent[] = [];
    const onEvent = (event: PushEvent) => events.push(event);
    const result = await pushWith(plan, { service, tags: ['1', '2'], onEvent });
    expect(result.imageDigest).toBe(image.descriptor.digest);
    expect(result.manifests.map(({ imageDigest }) => imageDigest)).toEqual([
      image.descriptor.digest,
      sbom.root.digest,
      signature.root.digest,
    ]);
    expect(result.manifests.map(({ artifactType }) => artifactType)).toEqual([undefined, TYPE, TYPE]);
    expect(service.log.slice(-4)).toEqual(['put 1', 'put 2', 'put -', 'put -']);
    expect(events).toContainEqual({ kind: 'phase', phase: 'put', manifests: 4 });
    expect(events.filter(({ kind }) => kind === 'manifest-put')).toHaveLength(4);
    expect(service.blobs.get(digestOf('SBOM'))).toEqual(Buffer.from('SBOM'));
    expect(plan.notes).toEqual(['Pushed with the image, as they refer to it: SBOM, signature.']);
  });

  test('are noted when the service refuses them', async () => {
    const source = layoutSource([image]);
    const sbom = addArtifact(source, image.descriptor, 'SBOM');
    const plan = await planOf(source, { referrers: [sbom] });
    const service = refusing();
    const result = await pushWith(plan, { service, tags: ['1'] });
    expect(result.manifests).toMatchObject([
      { imageDigest: image.descriptor.digest, status: 'put' },
      { imageDigest: sbom.root.digest, status: 'refused', reason: 'PutImage: Invalid JSON syntax' },
    ]);
    expect(service.tags.get('1')).toBe(image.descriptor.digest);
  });

  test('stop the push with any other error', async () => {
    const source = layoutSource([image]);
    const plan = await planOf(source, { referrers: [addArtifact(source, image.descriptor, 'SBOM')] });
    const error = await catchError(() => pushWith(plan, { service: refusing('AUTH'), tags: ['1'] }));
    expect(error.code).toBe('AUTH');
  });

  test('are not put when the tag stays on another image', async () => {
    const source = layoutSource([image]);
    const plan = await planOf(source, { referrers: [addArtifact(source, image.descriptor, 'SBOM')] });
    const service = fakeService(1000);
    const other = digestOf('another image');
    const result = await pushWith(plan, {
      service,
      tags: ['1'],
      ifExists: 'skip',
      locateTag: async () => other,
    });
    expect(result.manifests).toEqual([]);
    expect(service.images.size).toBe(0);
  });

  test('of what is not pushed are left behind', async () => {
    const [one, two] = [image, await makeImage({ seed: 2, layers: [{}] })];
    const index = makeIndex([one, two]);
    const source = layoutSource([index]);
    const ofIndex = addArtifact(source, index.descriptor, 'signature');
    const ofOne = addArtifact(source, one.descriptor, 'SBOM');
    const ofSignature = addArtifact(source, ofIndex.root, 'note');
    const referrers = [ofIndex, ofOne, ofSignature];
    const whole = await planOf(source, { referrers }, index.descriptor);
    expect(whole.buildManifests(new Map())).toHaveLength(6);
    const part = await planOf(source, { referrers }, one.descriptor);
    expect(part.buildManifests(new Map()).map(({ digest }) => digest)).toEqual([
      one.descriptor.digest,
      ofOne.root.digest,
    ]);
    expect(part.warnings).toContain('left behind: 2 that refer to what is not pushed (signature, note)');
  });

  test.each([
    ['without its manifest', {}, /is not in it/],
    ['with a config of no bytes', { config: describeBytes('a/b', Buffer.alloc(0)) }, /Config .* is empty/],
    ['that is no manifest', { schemaVersion: 3 }, /schemaVersion is 3/],
  ])('one %s leaves no trace but a warning', async (_what, change, problem) => {
    const source = layoutSource([image]);
    const broken = addArtifact(source, image.descriptor, 'SBOM', change);
    if (Object.keys(change).length === 0) source.contents.delete(broken.root.digest);
    const good = addArtifact(source, image.descriptor, 'signature');
    const plan = await planOf(source, { referrers: [broken, good] });
    const bare = await planOf(source, { referrers: [good] });
    expect(plan.warnings[0]).toMatch(/^left behind: the SBOM sha256:/);
    expect(plan.warnings[0]).toMatch(problem);
    expect(plan.blobs.map(({ id }) => id)).toEqual(bare.blobs.map(({ id }) => id));
    expect(plan.buildManifests(new Map())).toEqual(bare.buildManifests(new Map()));
  });

  test('a hundred broken ones are counted', async () => {
    const source = layoutSource([image]);
    const referrers = Array.from({ length: 100 }, (_, position) => ({
      root: { mediaType: OCI_MANIFEST, digest: digestOf(`missing ${position}`), size: 7 },
      subject: image.descriptor.digest,
      kind: 'SBOM',
    }));
    const { warnings } = await planOf(source, { referrers });
    expect(warnings).toHaveLength(11);
    expect(warnings[10]).toBe('left behind: 90 more that refer to the image');
  });
});

describe('a companion', () => {
  test('that the service refuses does not stop the image', async () => {
    const source = layoutSource([image]);
    const { root } = addArtifact(source, image.descriptor, 'signature');
    const plan = await planOf(source, { companions: [{ imageTag: 'sha256-1.sig', root }] });
    const service = refusing();
    const result = await pushWith(plan, { service, tags: ['1'] });
    expect(result.manifests.map(({ status }) => status)).toEqual(['refused', 'put']);
    expect(service.tags).toEqual(new Map([['1', image.descriptor.digest]]));
  });

  test('whose part is refused is refused too', async () => {
    const source = layoutSource([image]);
    const { root } = addArtifact(source, image.descriptor, 'signature');
    const document = {
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.index.v1+json',
      manifests: [root],
    };
    const index = Buffer.from(JSON.stringify(document));
    source.contents.set(digestOf(index), index);
    const companion = { imageTag: 'sha256-1.att', root: describeBytes(document.mediaType, index) };
    const plan = await planOf(source, { companions: [companion] });
    const service = fakeService(1000, (truth) => ({
      putImage: async (manifest, signal) => {
        const { subject, manifests } = JSON.parse(manifest.bytes.toString());
        if (subject !== undefined) throw new EcrpError('INVALID_INPUT', 'Invalid JSON syntax');
        return manifests === undefined
          ? truth.putImage(manifest, signal)
          : { kind: 'missing', detail: 'a child' };
      },
    }));
    const result = await pushWith(plan, { service, tags: ['1'] });
    expect(result.manifests.map(({ status, reason }) => [status, reason])).toEqual([
      ['refused', 'Invalid JSON syntax'],
      ['refused', 'a child'],
      ['put', undefined],
    ]);
  });
});

test('an image that is refused is an error', async () => {
  const source = layoutSource([image]);
  const { root } = addArtifact(source, image.descriptor, 'SBOM');
  const plan = await planOf(source, {}, root);
  const error = await catchError(() => pushWith(plan, { service: refusing(), tags: ['1'] }));
  expect(error).toMatchObject({ code: 'INVALID_INPUT' });
});

describe('a warning names what ECR is recorded to refuse, before it is sent', () => {
  const { descriptor } = image;
  test.each([
    ['a type and a subject', {}, /artifacts with a subject \(aws\/containers-roadmap#2783\)/],
    ['a semicolon in the type', { artifactType: 'a/b;v=1' }, /semicolon \(aws\/containers-roadmap#2306\)/],
    [
      'a semicolon in the type of a layer',
      { layers: [describeBytes('a/b;v=1', Buffer.from('SBOM'))] },
      /semicolon/,
    ],
    [
      'annotations of a config',
      { config: { ...describeBytes('a/b', empty), annotations: { a: 'b' } } },
      /annotations of a config/,
    ],
    ['no layers', { layers: [] }, /has no layers/],
    ['a signature of notation', { artifactType: 'application/vnd.cncf.notary.signature' }, undefined],
    ['no type', { artifactType: undefined }, /must have an artifactType/],
    ['no subject', { subject: undefined }, undefined],
  ])('%s', async (_what, change, says) => {
    const source = layoutSource([image]);
    const { root } = addArtifact(source, descriptor, 'SBOM', change);
    const { warnings } = await planOf(source, {}, root);
    expect(warnings).toEqual(says === undefined ? [] : [expect.stringMatching(says)]);
    if (says !== undefined) expect(warnings[0]).toContain(`ECR Public may refuse ${root.digest}: `);
  });
});
