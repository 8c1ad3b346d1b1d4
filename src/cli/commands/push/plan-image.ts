import { join } from 'node:path';
import type { Compressor, DigestCache } from '../../../ends/compressor.ts';
import type { ImageSource, ListedImage } from '../../../ends/image-source.ts';
import type { ImageTarget } from '../../../ends/image-target.ts';
import { planPush } from '../../../engine/plan/plan.ts';
import type { PushPlan } from '../../../engine/plan/push-plan.ts';
import { parseConfig } from '../../../oci/config.ts';
import type { Platform } from '../../../oci/platform.ts';
import type { CommandContext } from '../../command-context.ts';
import { findCacheDirectory } from '../../directories.ts';
import { limitWait } from '../../options.ts';
import type { ChosenTarget } from './choose-target.ts';
import type { CompressionOptions, TransferRequest } from './request.ts';

/** Longest wait for the registry's answers: they only save time. */
const REMOTE_CACHE_MS = 3_000;

/** What compresses layers, and the cache of what they become. */
export interface LayerCompression {
  readonly compressor: Compressor;
  readonly digestCache: DigestCache;
}

/** Where an image goes, as far as planning needs it. */
export interface ImageDestination {
  readonly chosen: ChosenTarget;
  readonly target: ImageTarget;
}

/** Plans the push of an image. Loads the compressor only for an image with uncompressed layers, unless `opened` has it. */
export async function planImage(
  context: CommandContext,
  request: TransferRequest,
  { source, image }: { readonly source: ImageSource; readonly image: ListedImage },
  destination: ImageDestination,
  opened?: LayerCompression,
): Promise<PushPlan> {
  const { limits } = destination.target;
  const { foreignLayers } = request;
  const { format } = request.compression;
  if (image.kind !== 'archive') return planPush(source, image, { limits, format, foreignLayers });
  const open = (): Promise<LayerCompression | undefined> =>
    openCompression(context, request, destination, parseConfig(image.config).platform);
  const compression =
    opened ?? (needsCompression(image) ? await open() : { digestCache: await openLocalCache(context) });
  return planPush(source, image, { limits, format, foreignLayers, ...compression });
}

/** Whether the image has layers that a push compresses by default. */
export function needsCompression(image: ListedImage): boolean {
  return image.kind === 'archive' && image.layers.some((layer) => layer.compression === 'none');
}

/** Undefined when uncompressed layers stay as they are. `platform`: of the image, when it is known. A compressor is made unless it is `given`. */
export async function openCompression(
  context: CommandContext,
  { compression, remoteCache, cacheFrom }: TransferRequest,
  { chosen, target }: ImageDestination,
  platform: Platform | undefined,
  given?: Compressor,
): Promise<LayerCompression | undefined> {
  if (compression.compression === 'none') return undefined;
  const compressor = given ?? (await createCompressor(compression.compression, compression.compressionLevel));
  const local = await openLocalCache(context);
  if (!remoteCache) return { compressor, digestCache: local };
  const { addRemoteCache } = await import('../../../engine/remote-cache.ts');
  const digestCache = addRemoteCache(local, {
    target,
    repositoryName: chosen.repositoryName,
    compressor,
    tags: [...new Set([...chosen.tags, ...cacheFrom])],
    platform,
    timeoutMs: limitWait(context.options, REMOTE_CACHE_MS),
    report: (detail) => context.messages.detail(detail),
    signal: context.io.signal,
  });
  return { compressor, digestCache };
}

async function openLocalCache({ io }: CommandContext): Promise<DigestCache> {
  const { openDigestCache } = await import('../../../compress/digest-cache.ts');
  const directory = findCacheDirectory(io);
  return openDigestCache(directory && join(directory, 'layers'));
}

async function createCompressor(
  kind: Exclude<CompressionOptions['compression'], 'none'>,
  level: number | undefined,
): Promise<Compressor> {
  if (kind === 'zstd') {
    const { createZstdCompressor } = await import('../../../compress/zstd-compressor.ts');
    return createZstdCompressor({ level });
  }
  const { createGzipCompressor } = await import('../../../compress/gzip-compressor.ts');
  return createGzipCompressor({ level });
}
