import type { ImageReader } from '../../ends/image-target.ts';
import { type Digest, isDigest } from '../../oci/digest.ts';
import { streamBlob } from '../../registry/read-answer.ts';
import { findLayerUrl, requestLayer } from './source/find-layer-url.ts';
import { getImage, type ReadPlace } from './source/get-image.ts';

/**
 * Reads a repository of private ECR back through the API, with the permissions of `docker pull` and without a token. `onTag` is called with
 * where a tag points, or that it does not exist.
 */
export function createPrivateReader(
  place: ReadPlace,
  onTag: (tag: string, found: Digest | undefined) => void,
): ImageReader {
  return {
    name: place.name,
    async readManifest(reference, signal) {
      const found = await getImage(place, reference, signal);
      if (!isDigest(reference)) onTag(reference, found?.digest);
      return found;
    },
    async openBlob(digest, signal) {
      const url = await findLayerUrl(place, digest, signal);
      if (url === undefined) return undefined;
      return streamBlob(await requestLayer(place, url, undefined, signal));
    },
  };
}
