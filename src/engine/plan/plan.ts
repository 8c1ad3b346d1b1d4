import type { ImageSource, ListedImage } from '../../ends/image-source.ts';
import { planArchive } from './plan-archive.ts';
import { planManifests } from './plan-manifests.ts';
import type { PlanOptions, PushPlan } from './push-plan.ts';

/**
 * Walks an image of the source into a flat plan. Reads manifests but no layer, and uses no network. Throws INVALID_INPUT for an incomplete
 * image, LIMIT for what the target refuses.
 */
export async function planPush(
  source: ImageSource,
  image: ListedImage,
  options: PlanOptions,
): Promise<PushPlan> {
  if (image.kind === 'damaged') throw image.error;
  return image.kind === 'manifest'
    ? planManifests(source, image, options)
    : planArchive(source, image, options);
}
