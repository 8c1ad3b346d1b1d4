import { deriveAbort } from '../async/abort.ts';
import type { UploadedBlob } from '../ends/image-target.ts';
import type { Digest } from '../oci/digest.ts';
import { checkImageDigest } from './find-digest.ts';
import { guardReplaced, guardTags, type ReplacedImage, type TagPolicy } from './guard-tags.ts';
import type { PushPlan } from './plan/push-plan.ts';
import { putManifests } from './put-manifests.ts';
import type { PushResult, TagResult } from './result.ts';
import { type BlobLedger, openLedger, sendMissingBlobs } from './send-blobs.ts';
import type { Uploader } from './uploader.ts';

/** What the image becomes in the target. */
export interface WantedImage {
  /** In the order they are put; the root goes up with the first. Without tags, the image is there by its digest alone. */
  readonly tags: readonly string[];
  /** The digest that the image must have. */
  readonly imageDigest?: Digest | undefined;
  readonly ifExists: TagPolicy;
  /** The image that a tag must be on until it is moved. */
  readonly replaces?: ReplacedImage | undefined;
}

/**
 * Pushes a planned image: looks at the tags, asks which blobs the target has, uploads the others, puts the manifests, children first, the
 * root with its tags. When the target misses something at the end, it checks and sends everything once more.
 *
 * Throws the signal's reason when aborted. After a failure nothing is still running.
 */
export async function pushImage(
  planned: PushPlan,
  uploader: Uploader,
  wanted: WantedImage,
  outer: AbortSignal,
): Promise<PushResult> {
  const { target } = uploader.settings;
  const { signal, abort, dispose } = deriveAbort(outer);
  try {
    const exact = await checkImageDigest(planned, wanted.imageDigest, target.limits, signal);
    const looked = await guardTags(wanted.ifExists, exact, wanted.tags, target, signal);
    const guarded = wanted.replaces ? guardReplaced(looked, wanted.replaces, target) : looked;
    const { plan, tags, kept } = guarded;
    if (kept.length > 0 && tags.length === 0) return describeKept(kept);
    const ledger = openLedger(plan);
    const send = (): Promise<void> => sendMissingBlobs(plan, uploader, ledger, signal);
    await send();
    const manifests = plan.buildManifests(ledger.contents);
    const put = await putManifests(manifests, guarded, uploader.settings, send, signal);
    const sent = { ...put, ...countSent(plan, ledger) };
    return addKept({ ...sent, createdRepository: await uploader.hasCreatedRepository() }, kept, wanted.tags);
  } catch (error) {
    abort(error);
    throw error;
  } finally {
    dispose();
  }
}

function countSent(
  { blobs, skippedLayers }: PushPlan,
  { contents, uploaded }: BlobLedger,
): Pick<PushResult, 'layers' | 'bytes'> {
  const sum = (sizes: readonly number[]): number => sizes.reduce((all, size) => all + size, 0);
  const total = sum([...contents.values()].map(({ size }) => size));
  const sent = sum([...uploaded.values()].map(({ content }: UploadedBlob) => content.size));
  const resumed = sum([...uploaded.values()].map(({ resumedBytes }) => resumedBytes));
  return {
    layers: {
      total: blobs.length + skippedLayers,
      uploaded: uploaded.size,
      existing: blobs.length - uploaded.size,
      skipped: skippedLayers,
    },
    bytes: { total, uploaded: sent - resumed, existing: total - sent, resumed },
  };
}

/** The result when every tag stays where it is and nothing is put. It describes the image of the first tag. */
function describeKept(kept: readonly TagResult[]): PushResult {
  return withoutImage({
    registryId: undefined,
    imageDigest: findKeptDigest(kept),
    tags: kept,
    manifests: [],
    layers: { total: 0, uploaded: 0, existing: 0, skipped: 0 },
    bytes: { total: 0, uploaded: 0, existing: 0, resumed: 0 },
    createdRepository: false,
  });
}

/** Adds the tags that were kept, in the order that was asked for. */
function addKept(result: PushResult, kept: readonly TagResult[], order: readonly string[]): PushResult {
  const tags = [...result.tags, ...kept].sort(
    (a, b) => order.indexOf(a.imageTag) - order.indexOf(b.imageTag),
  );
  const isPut = tags.length === 0 || tags.some(({ imageDigest }) => imageDigest === undefined);
  // When every tag stayed elsewhere, the result describes that image; its media type is unknown.
  return isPut ? { ...result, tags } : withoutImage({ ...result, tags, imageDigest: findKeptDigest(tags) });
}

function withoutImage({ imageManifestMediaType: _, ...result }: PushResult): PushResult {
  return result;
}

function findKeptDigest([first]: readonly TagResult[]): Digest {
  if (first?.imageDigest === undefined) throw new TypeError('no tag was kept');
  return first.imageDigest;
}
