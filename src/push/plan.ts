import type { Compressor, DigestCache } from '../compress/compressor.ts';
import type { ManifestFormat } from '../oci/archive-manifest.ts';
import type { ImageSource, SourceImage } from '../source/image-source.ts';
import { planArchive } from './plan-archive.ts';
import { planManifests } from './plan-manifests.ts';
import type { PushPlan } from './push-plan.ts';

export interface PlanOptions {
  /** For layers that are uncompressed in a docker-archive; undefined sends them as they are. */
  readonly compressor?: Compressor | undefined;
  readonly digestCache?: DigestCache | undefined;
  /** Of the manifest made for a docker-archive. Default docker, as docker push. */
  readonly format?: ManifestFormat | undefined;
}

/**
 * Walks an image of the source into a flat plan; reads manifests and no layer, asks no network.
 * Throws INVALID_INPUT for an image that is not whole, LIMIT for what the service does not take.
 */
export async function planPush(
  source: ImageSource,
  image: SourceImage,
  options: PlanOptions = {},
): Promise<PushPlan> {
  return image.kind === 'manifest' ? planManifests(source, image.root) : planArchive(source, image, options);
}
