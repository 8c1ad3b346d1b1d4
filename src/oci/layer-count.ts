import { MAX_CONFIG_BYTES } from './config.ts';
import { isObject, parseJson } from './json.ts';
import type { ImageManifest } from './manifest.ts';
import { DOCKER_CONFIG, OCI_CONFIG } from './media-types.ts';

/** Layers of images, whatever compresses them; artifacts hold other things under configs of images, too. */
const IMAGE_LAYER = /^application\/vnd\.(oci\.image\.layer|docker\.image\.rootfs)\./;

export function isImageConfig(mediaType: string): boolean {
  return mediaType === OCI_CONFIG || mediaType === DOCKER_CONFIG;
}

/**
 * How many layers the config of a manifest lists, when that is another number than the manifest's own: then the image is not
 * whole. Undefined when they agree, and for what is not the config of an image, or lists none.
 */
export function findOtherLayerCount({ config, layers }: ImageManifest, bytes: Buffer): number | undefined {
  if (!isImageConfig(config.mediaType)) return undefined;
  const diffIds = countDiffIds(bytes, config.digest);
  if (diffIds === undefined || diffIds === layers.length) return undefined;
  const isArtifact = diffIds === 0 && !layers.some(({ mediaType }) => IMAGE_LAYER.test(mediaType));
  return isArtifact ? undefined : diffIds;
}

/** Undefined without `rootfs`, which configs of artifacts lack. */
function countDiffIds(bytes: Buffer, subject: string): number | undefined {
  let config: unknown;
  try {
    config = parseJson(bytes, subject, MAX_CONFIG_BYTES);
  } catch {
    return undefined;
  }
  if (!isObject(config) || !isObject(config.rootfs)) return undefined;
  // Go writes an image without layers with `null`.
  const diffIds = config.rootfs.diff_ids ?? [];
  return Array.isArray(diffIds) ? diffIds.length : undefined;
}
