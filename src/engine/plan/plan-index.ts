import type { PlannedBlob } from '../../ends/blob.ts';
import { findExpected } from '../../ends/blob.ts';
import type { TargetLimits } from '../../ends/image-target.ts';
import { EcrpError } from '../../errors.ts';
import type { BuiltManifest } from '../../oci/build-manifest.ts';
import type { Content } from '../../oci/descriptor.ts';
import { type Digest, digestOf } from '../../oci/digest.ts';
import type { Platform } from '../../oci/platform.ts';
import { checkImageCount, checkManifestSize } from '../limits.ts';
import { findRoot, type PlannedManifest, type PushPlan } from './push-plan.ts';

/** An image that an index will list. */
export interface PlannedMember {
  readonly plan: PushPlan;
  /** As the index states it. */
  readonly platform: Platform | undefined;
}

/** The plans of several images as one. */
interface JoinedBlobs {
  readonly blobs: readonly PlannedBlob[];
  /** For each plan, the `id` in `blobs` of each of its own blobs. */
  readonly ids: readonly ReadonlyMap<Digest, Digest>[];
}

/** The better one of two plans of a blob is used. */
const RANKS = { absent: 0, derived: 1, known: 2, stored: 3 } as const;

/**
 * Plans an index together with images that it lists. A blob of several images is sent once. `buildRoot` gets the manifests of these images, in
 * their order, and returns the index. What refers to an image is put after the index.
 */
export function planIndex(
  members: readonly PlannedMember[],
  buildRoot: (images: readonly PlannedManifest[]) => BuiltManifest,
  limits: TargetLimits,
): PushPlan {
  const plans = members.map(({ plan }) => plan);
  const { blobs, ids } = joinBlobs(plans);
  return {
    blobs,
    warnings: [...new Set(plans.flatMap(({ warnings }) => warnings))],
    notes: [...new Set(plans.flatMap(({ notes }) => notes))],
    skippedLayers: plans.reduce((sum, { skippedLayers }) => sum + skippedLayers, 0),
    buildManifests: (contents) => {
      const images: PlannedManifest[] = [];
      const all = new Map<Digest, PlannedManifest>();
      members.forEach(({ plan, platform }, position) => {
        const manifests = plan.buildManifests(translate(contents, ids[position]));
        const image = { ...findRoot(manifests), ...(platform !== undefined && { platform }) };
        images.push(image);
        for (const manifest of manifests) {
          if (all.has(manifest.digest)) continue;
          all.set(manifest.digest, manifest.digest === image.digest ? image : manifest);
        }
      });
      const root = buildRoot(images);
      checkManifestSize(limits, root.digest, root.bytes.length);
      checkImageCount(limits, all.size + 1);
      const isAfter = ({ travels }: PlannedManifest): boolean => travels === 'after';
      const manifests = [...all.values()];
      return [...manifests.filter((each) => !isAfter(each)), root, ...manifests.filter(isAfter)];
    },
  };
}

/** What was sent, by the ids of one of the plans. */
function translate(
  contents: ReadonlyMap<Digest, Content>,
  ids: ReadonlyMap<Digest, Digest> = new Map(),
): ReadonlyMap<Digest, Content> {
  return new Map(
    [...ids].flatMap(([own, joined]) => {
      const content = contents.get(joined);
      return content === undefined ? [] : [[own, content] as const];
    }),
  );
}

/**
 * Joins the blobs of several plans. Two of them are one if they become the same bytes. A layer that one image has compressed and another
 * uncompressed has one diff ID in both, but becomes two blobs: one of them gets an `id` of its own.
 */
function joinBlobs(plans: readonly PushPlan[]): JoinedBlobs {
  const joined = new Map<string, PlannedBlob>();
  const taken = new Set(plans.flatMap(({ blobs }) => blobs.filter(isNamedByContent).map(({ id }) => id)));
  const ids = plans.map((plan) => {
    const own = new Map<Digest, Digest>();
    for (const blob of plan.blobs) {
      const key = identify(blob);
      const before = joined.get(key);
      if (before !== undefined) {
        checkSizes(before, blob);
        if (RANKS[blob.kind] > RANKS[before.kind]) joined.set(key, { ...blob, id: before.id });
        own.set(blob.id, before.id);
        continue;
      }
      const id = !isNamedByContent(blob) && taken.has(blob.id) ? digestOf(key) : blob.id;
      taken.add(id);
      joined.set(key, { ...blob, id });
      own.set(blob.id, id);
    }
    return own;
  });
  return { blobs: [...joined.values()], ids };
}

function isNamedByContent(blob: PlannedBlob): boolean {
  return blob.kind !== 'derived' && blob.id === blob.content.digest;
}

/** Equal for blobs that become the same bytes, as far as that is known before they are sent. */
function identify(blob: PlannedBlob): string {
  const expected = findExpected(blob);
  if (expected !== undefined) return expected.digest;
  return 'compressorId' in blob ? `${blob.id} ${blob.compressorId}` : blob.id;
}

function checkSizes(one: PlannedBlob, other: PlannedBlob): void {
  const [first, second] = [findExpected(one)?.size, findExpected(other)?.size];
  if (first === undefined || second === undefined || first === second) return;
  const digest = findExpected(one)?.digest;
  throw new EcrpError('INVALID_INPUT', `Blob ${digest} is given two sizes: ${first} and ${second} bytes`, {
    hint: 'The images contradict each other: save them again.',
  });
}
