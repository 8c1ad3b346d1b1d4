import { EcrpError } from '../errors.ts';
import type { ImageIndex, ImageManifest } from '../oci/manifest.ts';

/** Source: BuildKit, cache/remotecache/v1/spec.go. */
const CACHE_CONFIG = /^application\/vnd\.buildkit\.cacheconfig\./;

/** Throws INVALID_INPUT for a cache that BuildKit has exported: an index of layers, or a manifest with a config of its own. */
export function refuseCache({ path }: { readonly path: string }, manifest: ImageIndex | ImageManifest): void {
  const parts = manifest.kind === 'index' ? manifest.manifests : [manifest.config];
  if (!parts.some(({ mediaType }) => CACHE_CONFIG.test(mediaType))) return;
  throw new EcrpError('INVALID_INPUT', `${path}: a build cache, not an image`, {
    hint: 'Export the image: docker buildx build --output type=oci,dest=image.tar .',
  });
}
