import { withDeadline } from '../async/abort.ts';
import type { Compressor, DigestCache } from '../ends/compressor.ts';
import type { ImageReader, ImageTarget } from '../ends/image-target.ts';
import { listNames } from '../foreign-text.ts';
import { MAX_CONFIG_BYTES, parseConfig } from '../oci/config.ts';
import type { Content, Descriptor } from '../oci/descriptor.ts';
import { verifyContent } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import { type ImageManifest, parseManifest } from '../oci/manifest.ts';
import { DOCKER_LAYER_GZIP, DOCKER_LAYER_ZSTD, OCI_LAYER_GZIP, OCI_LAYER_ZSTD } from '../oci/media-types.ts';
import type { Platform } from '../oci/platform.ts';
import { formatPlatform } from '../oci/platform.ts';

const LAYER_TYPES = {
  gzip: [DOCKER_LAYER_GZIP, OCI_LAYER_GZIP],
  zstd: [DOCKER_LAYER_ZSTD, OCI_LAYER_ZSTD],
} as const;

/** Most images of an index that are read. */
const MAX_IMAGES = 8;

export interface RemoteCacheOptions {
  readonly target: Pick<ImageTarget, 'openReader'>;
  /** Of the repository, for reports. */
  readonly repositoryName: string;
  readonly compressor: Compressor;
  /** Tags of images to look at. If two images have the same layer, the first one counts. */
  readonly tags: readonly string[];
  /** Which image of an index; undefined: all of them. */
  readonly platform: Platform | undefined;
  /** Longest wait for the repository's name, and again for its layers: it only saves time. */
  readonly timeoutMs: number;
  /** Takes a line for verbose output. */
  readonly report: (detail: string) => void;
  readonly signal: AbortSignal;
}

/**
 * A cache that asks the target about layers that the local one does not know: it reads the images that the tags point at. It asks once, at
 * the first such layer, and keeps nothing: only those who may push there have vouched for the answer.
 */
export function addRemoteCache(local: DigestCache, options: RemoteCacheOptions): DigestCache {
  let asked: Promise<ReadonlyMap<Digest, Content>> | undefined;
  return {
    async find(diffId, compressorId) {
      const known = await local.find(diffId, compressorId);
      if (known !== undefined || compressorId !== options.compressor.id) return known;
      asked ??= askTarget(options);
      return (await asked).get(diffId);
    },
    record: (diffId, compressorId, layer) => local.record(diffId, compressorId, layer),
  };
}

async function askTarget(options: RemoteCacheOptions): Promise<ReadonlyMap<Digest, Content>> {
  const { target, repositoryName, compressor, tags, platform, timeoutMs, report, signal } = options;
  const open = (inner: AbortSignal) => target.openReader('anonymous', inner);
  const reader = await withDeadline(signal, timeoutMs, open).catch(() => {
    signal.throwIfAborted();
    report(`the alias of your registry is not known within ${timeoutMs} ms`);
    return undefined;
  });
  if (reader === undefined) return new Map();
  const layers = await readLayers(reader, {
    tags,
    platform,
    compression: compressor.compression,
    timeoutMs,
    signal,
    onProblem: (tag, reason) => report(`the layers of ${repositoryName}:${tag} are not known: ${reason}`),
  });
  const known = `${layers.size} compressed ${layers.size === 1 ? 'layer' : 'layers'} known`;
  report(`${repositoryName}:${listNames(tags)}: ${known}`);
  return layers;
}

export interface LayersWanted extends Pick<RemoteCacheOptions, 'tags' | 'platform' | 'timeoutMs' | 'signal'> {
  readonly compression: 'gzip' | 'zstd';
  /** Called for each image that could not be read. */
  readonly onProblem: (tag: string, reason: string) => void;
}

/**
 * Finds compressed layers that exist already, by diff ID. An image's manifest lists its layers compressed, its config lists the same layers
 * uncompressed; both are read and their digests checked. No layer is read, so the config is believed about the layers.
 *
 * Ends within `timeoutMs` with what is known by then. Throws nothing but the signal's reason.
 */
export async function readLayers(
  registry: ImageReader,
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
  // A map keeps the last value of a repeated key; the first tag must win.
  return new Map(found.flat().reverse());
}

async function readLayersOf(
  registry: ImageReader,
  tag: string,
  { platform, compression }: Pick<LayersWanted, 'platform' | 'compression'>,
  signal: AbortSignal,
): Promise<readonly (readonly [Digest, Content])[]> {
  const images = await readImages(registry, tag, platform, signal);
  return (await Promise.all(images.map((image) => pairLayers(registry, image, compression, signal)))).flat();
}

async function pairLayers(
  registry: ImageReader,
  image: ImageManifest,
  compression: LayersWanted['compression'],
  signal: AbortSignal,
): Promise<readonly (readonly [Digest, Content])[]> {
  const config = await readConfig(registry, image.config.digest, signal);
  verifyContent(config, image.config);
  const { diffIds } = parseConfig(config);
  if (diffIds.length !== image.layers.length) return [];
  return image.layers.flatMap(({ mediaType, digest, size }, position) => {
    const diffId = diffIds[position];
    const fits = LAYER_TYPES[compression].some((type) => type === mediaType);
    return fits && diffId !== undefined ? [[diffId, { digest, size }] as const] : [];
  });
}

async function readConfig(registry: ImageReader, digest: Digest, signal: AbortSignal): Promise<Buffer> {
  const blob = await registry.openBlob(digest, signal);
  if (blob === undefined) throw new Error(`the config ${digest} does not exist`);
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of blob) {
    bytes += chunk.length;
    if (bytes > MAX_CONFIG_BYTES)
      throw new Error(`the config ${digest} is longer than ${MAX_CONFIG_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** The image of a tag; of an index, the images for the platform. */
async function readImages(
  registry: ImageReader,
  tag: string,
  platform: Platform | undefined,
  signal: AbortSignal,
): Promise<readonly ImageManifest[]> {
  const root = await registry.readManifest(tag, signal);
  if (root === undefined) return [];
  const manifest = parseManifest(root.bytes, root.mediaType);
  if (manifest.kind === 'image') return [manifest];
  const children = manifest.manifests.filter((entry) => isFor(entry, platform)).slice(0, MAX_IMAGES);
  const images = await Promise.all(
    children.map(async (child) => {
      const found = await registry.readManifest(child.digest, signal);
      if (found === undefined) return undefined;
      verifyContent(found.bytes, child);
      const image = parseManifest(found.bytes, child.mediaType);
      return image.kind === 'image' ? image : undefined;
    }),
  );
  return images.filter((image) => image !== undefined);
}

/** Attestations have the platform `unknown/unknown`, so they are no match. */
function isFor({ platform }: Descriptor, wanted: Platform | undefined): boolean {
  if (platform === undefined || platform.os === 'unknown') return false;
  return wanted === undefined || formatPlatform(platform) === formatPlatform(wanted);
}
