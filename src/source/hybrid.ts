import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import { invalidInput } from '../oci/json.ts';
import { MAX_INDEX_DEPTH, MAX_MANIFEST_BYTES, parseManifest } from '../oci/manifest.ts';
import { DOCKER_LAYER, isIndex, isManifest, OCI_LAYER } from '../oci/media-types.ts';
import { verifyContent } from '../oci/verify-content.ts';
import { type ArchiveItem, parseConfigName } from './docker-archive.ts';
import { type FileStore, readStoredFile } from './file-store.ts';
import type { ManifestImage } from './image-source.ts';
import { nameBlob } from './oci-layout.ts';

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
  const configsByRoot = new Map<ManifestImage, ReadonlySet<Digest>>();
  const complete = new Map<Digest, readonly Digest[] | undefined>();
  for (const image of images) {
    const configs = await findConfigs(store, image.root, complete, 0);
    if (configs === undefined) return undefined;
    configsByRoot.set(image, new Set(configs));
  }
  const named = images.map((image) => {
    const configs = configsByRoot.get(image);
    const own = items.filter(({ config }) => configs?.has(parseConfigName(config) ?? 'sha256:'));
    return { ...image, names: [...new Set([...image.names, ...own.flatMap((item) => item.repoTags)])] };
  });
  const known = new Set([...configsByRoot.values()].flatMap((configs) => [...configs]));
  const isCovered = items.every(({ config }) => known.has(parseConfigName(config) ?? 'sha256:'));
  return isCovered ? named : undefined;
}

/**
 * Configs of all images below a descriptor; undefined when a manifest, a config or a layer is missing, or a layer is an
 * uncompressed tar. `seen` holds what is known already, so that shared children are walked once.
 */
async function findConfigs(
  store: FileStore,
  descriptor: Descriptor,
  seen: Map<Digest, readonly Digest[] | undefined>,
  depth: number,
): Promise<readonly Digest[] | undefined> {
  if (seen.has(descriptor.digest)) return seen.get(descriptor.digest);
  if (depth > MAX_INDEX_DEPTH) {
    throw invalidInput(store.path, `its indexes are nested deeper than ${MAX_INDEX_DEPTH}`);
  }
  seen.set(descriptor.digest, undefined);
  const name = nameBlob(descriptor.digest);
  if (store.find(name) === undefined) return undefined;
  if (!isIndex(descriptor.mediaType) && !isManifest(descriptor.mediaType)) return undefined;
  const bytes = await readStoredFile(store, name, MAX_MANIFEST_BYTES);
  verifyContent(bytes, descriptor, store.path);
  const manifest = parseManifest(bytes, descriptor.mediaType, store.path);
  if (manifest.kind === 'image') {
    const isComplete = [manifest.config, ...manifest.layers].every((blob) => isPacked(store, blob));
    const configs = isComplete ? [manifest.config.digest] : undefined;
    seen.set(descriptor.digest, configs);
    return configs;
  }
  const configs: Digest[] = [];
  for (const child of manifest.manifests) {
    const found = await findConfigs(store, child, seen, depth + 1);
    if (found === undefined) return undefined;
    configs.push(...found);
  }
  seen.set(descriptor.digest, configs);
  return configs;
}

function isPacked(store: FileStore, { digest, mediaType }: Descriptor): boolean {
  if (mediaType === OCI_LAYER || mediaType === DOCKER_LAYER) return false;
  return store.find(nameBlob(digest)) !== undefined;
}
