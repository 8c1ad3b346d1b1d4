import type { ImageSource, SourceImage } from '../ends/image-source.ts';
import { isAttestation } from '../oci/attestation.ts';
import { parseIndexDocument } from '../oci/index-document.ts';
import { isIndex } from '../oci/media-types.ts';
import { identifyPlatform, matchesPlatform, type Platform } from '../oci/platform.ts';
import { listIndexEntries } from './index-entries.ts';
import type { SelectedImage } from './select-images.ts';
import { assertPlatforms, selectParts } from './select-parts.ts';
import { readBlob } from './source-blobs.ts';

/**
 * Selects the image of one platform out of an index, as it is. Of several variants that fit, it takes the usual one, else the first. For a single image it
 * only checks the platform. Throws USAGE if no image has the platform.
 */
export async function selectOne(
  source: ImageSource,
  image: SourceImage,
  asked: Platform,
): Promise<SelectedImage> {
  if (image.kind !== 'manifest' || !isIndex(image.root.mediaType)) {
    return selectParts(source, image, { platforms: [asked], attestations: 'keep' });
  }
  const document = parseIndexDocument(await readBlob(source, image.root), image.root.mediaType, source.path);
  const entries = await listIndexEntries(document, {
    path: source.path,
    readIndex: (descriptor) => readBlob(source, descriptor),
  });
  const images = entries.map(({ descriptor }) => descriptor).filter((each) => !isAttestation(each));
  const platforms = images.flatMap(({ platform }) => platform ?? []);
  assertPlatforms(source, [asked], platforms);
  const fitting = images.filter(({ platform }) => platform !== undefined && matchesPlatform(platform, asked));
  const usual = fitting.find(
    ({ platform }) => platform && identifyPlatform(platform) === identifyPlatform(asked),
  );
  const root = usual ?? fitting[0];
  if (root === undefined) throw new TypeError('no image fits, though one was found');
  return { source, image: { kind: 'manifest', names: image.names, root } };
}
