import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import { invalidInput } from '../oci/json.ts';
import {
  type ImageIndex,
  type ImageManifest,
  MAX_INDEX_DEPTH,
  MAX_MANIFEST_BYTES,
  parseManifest,
} from '../oci/manifest.ts';
import { DOCKER_LAYER, isIndex, isManifest, OCI_LAYER } from '../oci/media-types.ts';
import { verifyContent } from '../oci/verify-content.ts';
import { type ArchiveItem, parseConfigName } from './archive-items.ts';
import { type FileStore, readStoredFile } from './file-store.ts';
import type { ManifestImage } from './image-source.ts';
import { nameBlob } from './oci-layout.ts';

/** Most descriptors looked at, and most bytes of manifests held, while deciding. */
const MAX_STEPS = 100_000;
const MAX_TOTAL_MANIFEST_BYTES = 64 * 1024 * 1024;

interface Walk {
  readonly store: FileStore;
  /** Manifests read so far; undefined for one that is not there or whose blobs are not all there and packed. */
  readonly manifests: Map<Digest, ImageManifest | ImageIndex | undefined>;
  manifestBytes: number;
  steps: number;
}

/**
 * Decides what to make of a `docker save` archive that has an OCI layout inside (Docker 25 and later). With the containerd
 * image store the layout is what was pulled or built, so pushing it keeps the digest: its images are returned, with the
 * names that `manifest.json` gives them. Otherwise its layers are uncompressed, or some are missing (other platforms of an
 * index): undefined is returned, and the docker-archive is to be read.
 */
export async function findKeptImages(
  store: FileStore,
  images: readonly ManifestImage[],
  items: readonly ArchiveItem[],
): Promise<readonly ManifestImage[] | undefined> {
  const namesByConfig = new Map<Digest, string[]>();
  for (const item of items) {
    const config = parseConfigName(item.config);
    if (config === undefined) return undefined;
    const names = namesByConfig.get(config) ?? [];
    names.push(...item.repoTags);
    namesByConfig.set(config, names);
  }
  const walk: Walk = { store, manifests: new Map(), manifestBytes: 0, steps: 0 };
  const covered = new Set<Digest>();
  const kept: ManifestImage[] = [];
  for (const image of images) {
    const configs = new Set<Digest>();
    if (!(await collectConfigs(walk, image.root, configs, new Set(), 0))) return undefined;
    const names = [...configs].flatMap((config) => namesByConfig.get(config) ?? []);
    kept.push({ ...image, names: [...new Set([...image.names, ...names])] });
    for (const config of configs) covered.add(config);
  }
  return [...namesByConfig.keys()].every((config) => covered.has(config)) ? kept : undefined;
}

/** Adds the configs of all images below a descriptor; false when one of them is not there in full, or not packed. */
async function collectConfigs(
  walk: Walk,
  descriptor: Descriptor,
  configs: Set<Digest>,
  visited: Set<Digest>,
  depth: number,
): Promise<boolean> {
  const { store, manifests } = walk;
  const { digest } = descriptor;
  walk.steps += 1;
  if (walk.steps > MAX_STEPS) throw invalidInput(store.path, 'its indexes list too many images');
  if (visited.has(digest)) return true;
  visited.add(digest);
  if (depth > MAX_INDEX_DEPTH) {
    throw invalidInput(store.path, `its indexes are nested deeper than ${MAX_INDEX_DEPTH}`);
  }
  if (!manifests.has(digest)) manifests.set(digest, await readCompleteManifest(walk, descriptor));
  const manifest = manifests.get(digest);
  if (manifest?.kind === 'image') configs.add(manifest.config.digest);
  if (manifest?.kind !== 'index') return manifest !== undefined;
  for (const child of manifest.manifests) {
    if (!(await collectConfigs(walk, child, configs, visited, depth + 1))) return false;
  }
  return true;
}

async function readCompleteManifest(
  walk: Walk,
  descriptor: Descriptor,
): Promise<ImageManifest | ImageIndex | undefined> {
  const { store } = walk;
  const { digest, mediaType } = descriptor;
  const name = nameBlob(digest);
  if (!isIndex(mediaType) && !isManifest(mediaType)) return undefined;
  if (store.find(name) === undefined) return undefined;
  const bytes = await readStoredFile(store, name, MAX_MANIFEST_BYTES);
  walk.manifestBytes += bytes.length;
  if (walk.manifestBytes > MAX_TOTAL_MANIFEST_BYTES) {
    throw invalidInput(
      store.path,
      `its manifests are longer than ${MAX_TOTAL_MANIFEST_BYTES} bytes together`,
    );
  }
  verifyContent(bytes, descriptor, store.path);
  const manifest = parseManifest(bytes, mediaType, store.path);
  if (manifest.kind === 'index') return manifest;
  const blobs = [manifest.config, ...manifest.layers];
  return blobs.every((blob) => isPacked(store, blob)) ? manifest : undefined;
}

function isPacked(store: FileStore, { digest, mediaType }: Descriptor): boolean {
  if (mediaType === OCI_LAYER || mediaType === DOCKER_LAYER) return false;
  return store.find(nameBlob(digest)) !== undefined;
}
