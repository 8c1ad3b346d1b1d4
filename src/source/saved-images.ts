import type { ListedImage, ManifestImage } from '../ends/image-source.ts';
import type { Digest } from '../oci/digest.ts';
import type { ImageManifest } from '../oci/manifest.ts';
import { type ArchiveItem, parseConfigName, readArchiveImages } from './docker-archive.ts';
import { nameBlob } from './oci-layout.ts';
import type { FileStore } from './source-store.ts';
import { type WholeImage, WholeImages } from './whole-images.ts';

export interface SavedImages {
  readonly images: readonly ListedImage[];
  /** Indexes that were made, by their digests. */
  readonly added: ReadonlyMap<Digest, Buffer>;
}

interface KeptImage {
  readonly image: ManifestImage;
  readonly configs: ReadonlySet<Digest>;
}

/**
 * Decides what to make of a `docker save` archive that has an OCI layout inside (Docker 25 and later), image by image. With
 * the containerd image store the layout is what was pulled or built, so pushing it keeps the digest. Where it is not whole,
 * its layers are uncompressed, or it contradicts `manifest.json` or the config, the image is that of `manifest.json`, whose
 * layers are compared with the config's diff IDs while they are read. When neither is whole, the image is damaged; as the
 * only image of the archive it is thrown as INVALID_INPUT.
 */
export async function readSavedImages(
  store: FileStore,
  layout: readonly ManifestImage[],
  items: readonly ArchiveItem[],
): Promise<SavedImages> {
  const whole = new WholeImages(store, (manifest) => !isContradicted(store, manifest, items));
  const kept: KeptImage[] = [];
  for (const image of layout) {
    const found = await whole.find(image.root);
    if (found !== undefined) kept.push(keepImage(store, image, found, items));
  }
  const matches = items.map((item) => {
    const config = parseConfigName(item.config);
    return kept.find(({ configs }) => config !== undefined && configs.has(config));
  });
  const archived = await readArchiveImages(
    store,
    items.filter((_, position) => matches[position] === undefined),
    whole.layers,
  );
  const rest = archived[Symbol.iterator]();
  const listed = matches.flatMap((match) => match?.image ?? rest.next().value ?? []);
  const images = [...new Set([...listed, ...kept.map(({ image }) => image)])];
  const [only, ...others] = images;
  if (only?.kind === 'damaged' && others.length === 0) throw only.error;
  return { images, added: whole.added };
}

function keepImage(
  store: FileStore,
  image: ManifestImage,
  { descriptor, manifests, missing }: WholeImage,
  items: readonly ArchiveItem[],
): KeptImage {
  const configs = new Set(manifests.map(({ config }) => config.digest));
  const names = items.flatMap(({ config, repoTags }) => {
    const digest = parseConfigName(config);
    return digest !== undefined && configs.has(digest) ? repoTags : [];
  });
  const warnings =
    missing.length === 0
      ? []
      : [`${store.path}: not in the archive, and left out of the image: ${missing.join(', ')}`];
  return {
    configs,
    image: {
      ...image,
      names: [...new Set([...image.names, ...names])],
      root: descriptor,
      ...(warnings.length > 0 && { warnings }),
    },
  };
}

/** Whether `manifest.json` lists the image of a manifest with as many layers, but with other ones. */
function isContradicted(store: FileStore, manifest: ImageManifest, items: readonly ArchiveItem[]): boolean {
  const blobs = manifest.layers.map(({ digest }) => nameBlob(digest));
  return items.some(({ config, layers }) => {
    if (parseConfigName(config) !== manifest.config.digest || layers.length !== blobs.length) return false;
    return layers.some((layer, position) => store.find(layer)?.name !== blobs[position]);
  });
}
