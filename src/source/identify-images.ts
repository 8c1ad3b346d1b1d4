import type { ImageSource, ListedImage } from '../ends/image-source.ts';
import { EcrpError } from '../errors.ts';
import { isImageConfig, parseConfig } from '../oci/config.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { type Digest, digestOf } from '../oci/digest.ts';
import { parseManifest } from '../oci/manifest.ts';
import { describeManifest } from '../oci/manifest-kind.ts';
import { isIndex } from '../oci/media-types.ts';
import { formatPlatform } from '../oci/platform.ts';
import { readBlob } from './source-blobs.ts';

/** An image of a source, and what it can be called besides its names. */
export interface IdentifiedImage {
  readonly image: ListedImage;
  /**
   * The digest it is shown under: of its manifest, or of its config if it has no manifest yet. Damaged images may have none.
   */
  readonly digest: Digest | undefined;
  /** All digests that select it: of its manifest, and of its config, which is the image ID of Docker's own store. */
  readonly digests: readonly Digest[];
  /** For a person: `image linux/amd64`, `signature`. */
  readonly kind: string;
}

/** Finds the kind and the digests of images. Of damaged images it gives what is known. */
export async function identifyImages(
  source: ImageSource,
  images: readonly ListedImage[],
): Promise<readonly IdentifiedImage[]> {
  const identified: IdentifiedImage[] = [];
  for (const image of images) identified.push(await identifyImage(source, image));
  return identified;
}

/** The images of an index, each as an image of its own. Empty for anything else. */
export async function identifyParts(
  source: ImageSource,
  image: ListedImage,
): Promise<readonly IdentifiedImage[]> {
  if (image.kind !== 'manifest' || !isIndex(image.root.mediaType)) return [];
  const manifest = await readManifest(source, image.root);
  if (manifest?.kind !== 'index') return [];
  // The referrers of a part are among those of the index.
  const { referrers = [] } = image;
  return identifyImages(
    source,
    manifest.manifests.map((root) => ({ kind: 'manifest', names: [], root, referrers })),
  );
}

async function identifyImage(source: ImageSource, image: ListedImage): Promise<IdentifiedImage> {
  if (image.kind === 'damaged') {
    const { id } = image;
    return { image, digest: id, digests: id === undefined ? [] : [id], kind: 'damaged' };
  }
  if (image.kind === 'archive') {
    const digest = digestOf(image.config);
    const { platform } = parseConfig(image.config, source.path);
    return { image, digest, digests: [digest], kind: `image ${formatPlatform(platform)}` };
  }
  const { root } = image;
  const { digest } = root;
  const manifest = await readManifest(source, root);
  if (manifest === undefined) return { image, digest, digests: [digest], kind: 'unreadable' };
  const kind = describeManifest(manifest);
  if (manifest.kind === 'index') return { image, digest, digests: [digest], kind };
  const { config } = manifest;
  const isImage = kind === 'image' && isImageConfig(config.mediaType);
  const id = config.digest.slice('sha256:'.length, 'sha256:'.length + 12);
  return {
    image,
    digest,
    digests: [digest, config.digest],
    kind: isImage ? `${kind} ${await findPlatform(source, root, config)}, ID ${id}` : kind,
  };
}

async function findPlatform(source: ImageSource, root: Descriptor, config: Descriptor): Promise<string> {
  const unknown = 'of unknown platform';
  if (root.platform !== undefined) return formatPlatform(root.platform);
  try {
    const { platform } = parseConfig(await readBlob(source, config), source.path);
    return platform.os === '' ? unknown : formatPlatform(platform);
  } catch (error) {
    if (error instanceof EcrpError && error.code === 'INVALID_INPUT') return unknown;
    throw error;
  }
}

async function readManifest(source: ImageSource, root: Descriptor) {
  try {
    return parseManifest(await readBlob(source, root), root.mediaType, source.path);
  } catch (error) {
    if (error instanceof EcrpError && error.code === 'INVALID_INPUT') return undefined;
    throw error;
  }
}
