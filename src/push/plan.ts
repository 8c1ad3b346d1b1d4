import type { ImageSource, ListedImage } from '../source/image-source.ts';
import { planArchive } from './plan-archive.ts';
import { planManifests } from './plan-manifests.ts';
import type { PlanOptions } from './plan-options.ts';
import type { PushPlan } from './push-plan.ts';

/**
 * Walks an image of the source into a flat plan; reads manifests and no layer, asks no network.
 * Throws INVALID_INPUT for an image that is not whole, LIMIT for what the service does not take.
 */
export async function planPush(
  source: ImageSource,
  image: ListedImage,
  options: PlanOptions = {},
): Promise<PushPlan> {
  if (image.kind === 'damaged') throw image.error;
  return image.kind === 'manifest' ? planManifests(source, image) : planArchive(source, image, options);
}
