import type { ImageSource, ListedImage, SourceImage } from '../ends/image-source.ts';
import type { Platform } from '../oci/platform.ts';

/** Which images of an index are wanted. */
export interface Selection {
  /** Empty: all. */
  readonly platforms: readonly Platform[];
  /** BuildKit's attestation manifests. A kept one stays only with its image. */
  readonly attestations: 'keep' | 'drop';
}

export interface SelectedImage {
  /** The same source, with the new index added. */
  readonly source: ImageSource;
  readonly image: SourceImage;
}

/**
 * Selects the wanted images of an image. Few pushes leave anything out, so what does that is loaded then. Throws as `selectParts`,
 * and the error of a damaged image.
 */
export async function selectImages(
  source: ImageSource,
  image: ListedImage,
  selection: Selection,
): Promise<SelectedImage> {
  if (image.kind === 'damaged') throw image.error;
  if (selection.platforms.length === 0 && selection.attestations === 'keep') return { source, image };
  return (await import('./select-parts.ts')).selectParts(source, image, selection);
}
