import type { ListedImage, ManifestImage } from '../ends/image-source.ts';
import type { Digest } from '../oci/digest.ts';
import { nameBlob } from '../oci/image-layout.ts';
import type { ImageManifest } from '../oci/manifest.ts';
import { type ArchiveItem, parseConfigName, readArchiveImages } from './docker-archive.ts';

import type { SourceStore } from './source-store.ts';
import { type WholeImage, WholeImages } from './whole-images.ts';

export interface SavedImages {
  readonly images: readonly ListedImage[];
  /** Indexes that were made here, by their digests. */
  readonly added: ReadonlyMap<Digest, Buffer>;
}

interface KeptImage {
  readonly image: ManifestImage;
  readonly configs: ReadonlySet<Digest>;
}

/**
 * Chooses, for each image of a `docker save` archive with an OCI layout inside (Docker 25 and later), which of both describes
 * it. The layout of the containerd image store is what was pulled or built, so pushing it keeps the digest. The image is that
 * of `manifest.json` if the layout's is incomplete, has uncompressed layers, or contradicts `manifest.json` or the config;
 * then its layers are compared with the config's diff IDs while they are read. If neither is complete, the image is damaged.
 * Throws its error if it is the only image.
 */
export async function readSavedImages(
  store: SourceStore,
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
  store: SourceStore,
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
      : [`${store.path}: not in the archive, so left out of the image: ${missing.join(', ')}`];
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

/** Whether `manifest.json` lists the same number of layers for the image, but other ones. */
function isContradicted(store: SourceStore, manifest: ImageManifest, items: readonly ArchiveItem[]): boolean {
  const blobs = manifest.layers.map(({ digest }) => nameBlob(digest));
  return items.some(({ config, layers }) => {
    if (parseConfigName(config) !== manifest.config.digest || layers.length !== blobs.length) return false;
    // A foreign layer is listed, but need not be there.
    return layers.some((layer, position) => (store.find(layer)?.name ?? layer) !== blobs[position]);
  });
}
