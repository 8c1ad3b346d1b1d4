import { describe, expect, it } from 'vitest';
import type { Compressor } from '../../../src/ends/compressor.ts';
import type { ImageSource, ListedImage } from '../../../src/ends/image-source.ts';
import { guardReplaced, guardTags } from '../../../src/engine/guard-tags.ts';
import { planPush } from '../../../src/engine/plan/plan.ts';
import { planIndex } from '../../../src/engine/plan/plan-index.ts';
import type { PlannedManifest, PushPlan } from '../../../src/engine/plan/push-plan.ts';
import { pushImage } from '../../../src/engine/push-image.ts';
import { Uploader } from '../../../src/engine/uploader.ts';
import { buildIndex } from '../../../src/oci/build-index.ts';
import { type Digest, digestOf } from '../../../src/oci/digest.ts';
import { verifyImage } from '../../../src/registry/verify-image.ts';
import { catchError } from '../../support/catch-error.ts';
import { type GeneratedImage, makeImage } from '../../support/images.ts';
import { layoutTarget } from '../../support/layout-target.ts';
import { compressor } from '../../support/mark-compressor.ts';
import { archiveSource, layoutSource } from '../../support/memory-source.ts';
import { useTemporaryDirectories } from '../../support/temporary-directory.ts';

const makeDirectory = useTemporaryDirectories();
const { signal } = new AbortController();
const limits = { service: 'an OCI layout' };

const layers = [{ size: 3_000 }, { size: 40 }];
const amd64 = await makeImage({ seed: 3, layers });
const arm64 = await makeImage({ seed: 3, layers, platform: { os: 'linux', architecture: 'arm64' } });

/** What each form of an image is called here. */
type Form = 'layout' | 'uncompressed layout' | 'archive' | 'packed archive' | 'marked archive';

async function planForm(form: Form, image: GeneratedImage): Promise<PushPlan> {
  if (form === 'layout')
    return plan(layoutSource([image]), { kind: 'manifest', names: [], root: image.descriptor });
  if (form === 'uncompressed layout') {
    const plain = await makeImage({
      seed: 3,
      layers: layers.map((layer) => ({ ...layer, compression: 'none' })),
      platform: image.platform,
    });
    return plan(layoutSource([plain]), { kind: 'manifest', names: [], root: plain.descriptor });
  }
  const [source, listed] = archiveSource(image, form === 'packed archive');
  return plan(source, listed, form === 'marked archive' ? compressor : undefined);
}

function plan(source: ImageSource, image: ListedImage, given?: Compressor): Promise<PushPlan> {
  return planPush(source, image, { limits, ...(given && { compressor: given }) });
}

function list(images: readonly PlannedManifest[]) {
  return buildIndex(
    images.map(({ mediaType, digest, bytes, platform }) => ({
      descriptor: { mediaType, digest, size: bytes.length, ...(platform && { platform }) },
    })),
  );
}

/** What the layers of each form become. */
const BYTES: Readonly<Record<Form, string>> = {
  layout: 'gzip',
  'packed archive': 'gzip',
  'uncompressed layout': 'plain',
  archive: 'plain',
  'marked archive': 'marked',
};
const FORMS = Object.keys(BYTES) as readonly Form[]; // as: the keys above
const PAIRS = FORMS.flatMap((one) => FORMS.map((other) => [one, other] as const));

describe('an index of two images', () => {
  it.each(PAIRS)('%s and %s: both are whole in the target', async (one, other) => {
    const plans = [await planForm(one, amd64), await planForm(other, arm64)];
    const members = plans.map((each, at) => ({ plan: each, platform: [amd64, arm64][at]?.platform }));
    const index = planIndex(members, list, limits);
    const ids = index.blobs.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    const target = layoutTarget(await makeDirectory());
    const uploader = new Uploader({
      target,
      concurrency: 2,
      uploads: undefined,
      dryRun: false,
      onEvent: () => {},
    });
    const pushed = await pushImage(index, uploader, { tags: ['1'], ifExists: 'overwrite' }, signal);
    // Two configs, and each of two layers once for all images that have the same bytes. A packed archive does not state its digests.
    const isShared = BYTES[one] === BYTES[other];
    const isKnown = one === other || ![one, other].includes('packed archive');
    expect(pushed.layers.total).toBe(isShared && isKnown ? 4 : 6);
    expect(pushed.manifests.map(({ platform }) => platform?.architecture)).toEqual([
      'amd64',
      'arm64',
      undefined,
    ]);
    const reader = await target.openReader('anonymous', signal);
    if (reader === undefined) throw new Error('no reader');
    const digest = pushed.imageDigest;
    const mediaType = pushed.imageManifestMediaType ?? '';
    const verified = await verifyImage(
      reader,
      { tags: ['1'], digest, mediaType },
      { concurrency: 1, signal },
    );
    expect(verified).toMatchObject({ manifests: 3, blobs: isShared ? 4 : 6 });
  });

  it('is planned in the same way each time, so that its uploads resume', async () => {
    const ids = async () => {
      const plans = [await planForm('archive', amd64), await planForm('marked archive', arm64)];
      const members = plans.map((each) => ({ plan: each, platform: undefined }));
      return planIndex(members, list, limits).blobs.map(({ id }) => id);
    };
    expect(await ids()).toEqual(await ids());
  });

  it('must not give a blob two sizes', async () => {
    const [source, other] = [layoutSource([amd64]), layoutSource([arm64])];
    const first = await plan(source, { kind: 'manifest', names: [], root: amd64.descriptor });
    const second = await plan(other, { kind: 'manifest', names: [], root: arm64.descriptor });
    const blobs = second.blobs.map((blob) =>
      blob.kind === 'known' ? { ...blob, content: { ...blob.content, size: blob.content.size + 1 } } : blob,
    );
    const members = [first, { ...second, blobs }].map((each) => ({ plan: each, platform: undefined }));
    const error = await catchError(async () => planIndex(members, list, limits));
    expect(error.code).toBe('INVALID_INPUT');
    expect(error.message).toContain('is given two sizes');
  });

  it('must not be longer than the target takes, nor have more images', async () => {
    const members = [{ plan: await planForm('layout', amd64), platform: undefined }];
    for (const tight of [{ maxManifestBytes: 100 }, { maxImages: 1 }]) {
      const index = planIndex(members, list, { ...limits, ...tight });
      const error = await catchError(async () => index.buildManifests(new Map()));
      expect(error.code).toBe('LIMIT');
    }
  });
});

describe('an image that a new one replaces', () => {
  const [before, after, other] = [digestOf('before'), digestOf('after'), digestOf('other')];
  const confirm = async (current: Digest | undefined, tag = '1') => {
    const target = { ...layoutTarget(await makeDirectory()), locateTag: async () => current };
    const guarded = await guardTags(
      'overwrite',
      await planForm('layout', amd64),
      ['1', 'latest'],
      target,
      signal,
    );
    return guardReplaced(guarded, { imageTag: '1', imageDigest: before }, target).confirm(tag, after, signal);
  };

  it('is still under its tag right before that moves, or the new one is', async () => {
    expect(await confirm(before)).toBeUndefined();
    expect(await confirm(after)).toBeUndefined();
    // Other tags may be anywhere.
    expect(await confirm(other, 'latest')).toBeUndefined();
  });

  it.each([other, undefined])('is a conflict when the tag is on %s', async (current) => {
    const error = await catchError(() => confirm(current));
    expect(error.code).toBe('CONFLICT');
    expect(error.message).toContain(before);
  });
});
