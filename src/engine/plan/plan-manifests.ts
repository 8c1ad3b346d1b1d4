import type { ImageSource, ManifestImage } from '../../ends/image-source.ts';
import { checkImageCount, describeDoubts } from '../limits.ts';
import type { PlanOptions, PushPlan } from './push-plan.ts';
import { type Walk, walkManifest, walkTravelling } from './walk-manifests.ts';

/**
 * Plans an image whose manifests are in the source: an index with all its images, or one image. Companions, which have tags of their own,
 * are put before it.
 */
export async function planManifests(
  source: ImageSource,
  { root, companions = [], referrers = [], warnings = [] }: ManifestImage,
  { limits, foreignLayers = false }: PlanOptions,
): Promise<PushPlan> {
  const walk: Walk = {
    source,
    limits,
    foreignLayers,
    blobs: new Map(),
    sizes: new Map(),
    manifests: new Map(),
    skipped: new Map(),
    doubts: new Map(),
    manifestBytes: 0,
    travels: undefined,
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
  const foreign =
    walk.skipped.size > 0
      ? (await import('./foreign-layers.ts')).tellForeignLayers([...walk.skipped.values()], foreignLayers)
      : { warnings: [], notes: [] };
  return {
    blobs: [...walk.blobs.values()],
    skippedLayers: walk.skipped.size,
    warnings: [
      ...warnings,
      ...travelling.warnings,
      ...describeDoubts(limits, walk.doubts),
      ...foreign.warnings,
    ],
    notes: [
      ...companions.map(({ imageTag }) => `The tag ${imageTag} goes with the image.`),
      ...travelling.notes,
      ...foreign.notes,
    ],
    buildManifests: () => manifests,
  };
}
