import { withDeadline } from '../async/abort.ts';
import { MAX_CONFIG_BYTES, parseConfig } from '../oci/config.ts';
import type { Content, Descriptor } from '../oci/descriptor.ts';
import { verifyContent } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import { type ImageManifest, parseManifest } from '../oci/manifest.ts';
import { DOCKER_LAYER_GZIP, DOCKER_LAYER_ZSTD, OCI_LAYER_GZIP, OCI_LAYER_ZSTD } from '../oci/media-types.ts';
import type { Platform } from '../oci/platform.ts';
import { formatPlatform } from '../oci/platform.ts';
import { readBytes } from './read-answer.ts';
import { readManifest } from './read-manifest.ts';
import type { RegistryReader } from './registry-reader.ts';

const LAYER_TYPES = {
  gzip: [DOCKER_LAYER_GZIP, OCI_LAYER_GZIP],
  zstd: [DOCKER_LAYER_ZSTD, OCI_LAYER_ZSTD],
} as const;

/** Most images of an index that are looked at. */
const MAX_IMAGES = 8;

export interface LayersWanted {
  /** Tags of images to look at; of those that have the same layer, the first one counts. */
  readonly tags: readonly string[];
  /** Which image of an index; undefined: all of them. */
  readonly platform: Platform | undefined;
  readonly packing: 'gzip' | 'zstd';
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** Told of each image that could not be looked at, and why. */
  readonly onProblem: (tag: string, reason: string) => void;
}

/**
 * What layers came to that are in the registry already, by diff ID: an image's manifest lists its layers compressed, its
 * config the same ones uncompressed. Both are read, and their digests checked; that the config tells the truth about the
 * layers is believed of whoever pushed the image, as nobody reads a layer here. Ends within `timeoutMs`, with what is known
 * by then; throws the signal's reason and nothing else.
 */
export async function readLayers(
  registry: RegistryReader,
  { tags, timeoutMs, signal, ...wanted }: LayersWanted,
): Promise<ReadonlyMap<Digest, Content>> {
  const found = await withDeadline(signal, timeoutMs, (inner) =>
    Promise.all(
      tags.map(async (tag) => {
        try {
          return await readLayersOf(registry, tag, wanted, inner);
        } catch (error) {
          signal.throwIfAborted();
          const reason = error instanceof Error ? error.message : String(error);
          wanted.onProblem(tag, inner.aborted ? `no answer within ${timeoutMs} ms` : reason);
          return [];
        }
      }),
    ),
  );
  // Of a key that comes twice, a map keeps the last.
  return new Map(found.flat().reverse());
}

async function readLayersOf(
  registry: RegistryReader,
  tag: string,
  { platform, packing }: Pick<LayersWanted, 'platform' | 'packing'>,
  signal: AbortSignal,
): Promise<readonly (readonly [Digest, Content])[]> {
  const images = await readImages(registry, tag, platform, signal);
  return (await Promise.all(images.map((image) => pairLayers(registry, image, packing, signal)))).flat();
}

async function pairLayers(
  registry: RegistryReader,
  image: ImageManifest,
  packing: LayersWanted['packing'],
  signal: AbortSignal,
): Promise<readonly (readonly [Digest, Content])[]> {
  const config = await readBytes(await registry.getBlob(image.config.digest, signal), MAX_CONFIG_BYTES);
  verifyContent(config, image.config);
  const { diffIds } = parseConfig(config);
  if (diffIds.length !== image.layers.length) return [];
  return image.layers.flatMap(({ mediaType, digest, size }, position) => {
    const diffId = diffIds[position];
    const fits = LAYER_TYPES[packing].some((type) => type === mediaType);
    return fits && diffId !== undefined ? [[diffId, { digest, size }] as const] : [];
  });
}

/** The image of a tag, or those for the platform when it is an index. */
async function readImages(
  registry: RegistryReader,
  tag: string,
  platform: Platform | undefined,
  signal: AbortSignal,
): Promise<readonly ImageManifest[]> {
  const root = await readManifest(registry, tag, signal);
  if (root === undefined) return [];
  const manifest = parseManifest(root.bytes, root.mediaType);
  if (manifest.kind === 'image') return [manifest];
  const children = manifest.manifests.filter((entry) => isFor(entry, platform)).slice(0, MAX_IMAGES);
  const images = await Promise.all(
    children.map(async (child) => {
      const found = await readManifest(registry, child.digest, signal);
      if (found === undefined) return undefined;
      verifyContent(found.bytes, child);
      const image = parseManifest(found.bytes, child.mediaType);
      return image.kind === 'image' ? image : undefined;
    }),
  );
  return images.filter((image) => image !== undefined);
}

/** Attestations have the platform `unknown/unknown`. */
function isFor({ platform }: Descriptor, wanted: Platform | undefined): boolean {
  if (platform === undefined || platform.os === 'unknown') return false;
  return wanted === undefined || formatPlatform(platform) === formatPlatform(wanted);
}
