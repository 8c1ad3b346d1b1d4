import type { ImageSource, ManifestImage } from '../../ends/image-source.ts';
import type { TargetLimits } from '../../ends/image-target.ts';
import { checkImageCount, describeDoubts } from '../limits.ts';
import type { PushPlan } from './push-plan.ts';
import { type Walk, walkManifest, walkTravelling } from './walk-manifests.ts';

/**
 * Plans an image whose manifests are in the source: an index with all its images, or one image. Companions, which have tags of their own,
 * are put before it.
 */
export async function planManifests(
  source: ImageSource,
  { root, companions = [], referrers = [], warnings = [] }: ManifestImage,
  limits: TargetLimits,
): Promise<PushPlan> {
  const walk: Walk = {
    source,
    limits,
    blobs: new Map(),
    sizes: new Map(),
    manifests: new Map(),
    skipped: new Set(),
    doubts: new Map(),
    manifestBytes: 0,
  };
  for (const companion of companions) {
    await walkTravelling(walk, companion.root, 'before');
    const planned = walk.manifests.get(companion.root.digest);
    if (planned !== undefined) {
      walk.manifests.set(companion.root.digest, { ...planned, imageTag: companion.imageTag });
    }
  }
  await walkManifest(walk, root, 0);
  const travelling =
    referrers.length > 0
      ? await (await import('./plan-referrers.ts')).planReferrers(walk, referrers)
      : { warnings: [], notes: [] };
  const manifests = [...walk.manifests.values()];
  checkImageCount(limits, manifests.length);
  return {
    blobs: [...walk.blobs.values()],
    skippedLayers: walk.skipped.size,
    warnings: [...warnings, ...travelling.warnings, ...describeDoubts(limits, walk.doubts)],
    notes: [
      ...companions.map(({ imageTag }) => `The tag ${imageTag} goes with the image.`),
      ...travelling.notes,
    ],
    buildManifests: () => manifests,
  };
}
