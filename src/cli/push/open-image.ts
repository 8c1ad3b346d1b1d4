import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Compressor, DigestCache } from '../../compress/compressor.ts';
import { parseConfig } from '../../oci/config.ts';
import type { Platform } from '../../oci/platform.ts';
import { planPush } from '../../push/plan.ts';
import type { PushPlan } from '../../push/push-plan.ts';
import type { ImageSource, ListedImage } from '../../source/image-source.ts';
import { type OpenSourceOptions, openSource } from '../../source/open-source.ts';
import type { CommandContext } from '../command-context.ts';
import { findCacheDirectory } from '../directories.ts';
import { findSpoolLimit } from '../spool-limit.ts';
import { findGivenStream, openWritten } from './given-stream.ts';
import { addRemoteCache, type RemoteCache } from './remote-cache.ts';

export interface PackingOptions {
  readonly format?: 'docker' | 'oci';
  readonly compression: 'gzip' | 'zstd' | 'none';
  readonly compressionLevel?: number;
}

/** What compresses plain layers, and what is known of what they come to. */
export interface LayerPacking {
  readonly compressor: Compressor;
  readonly digestCache: DigestCache;
}

/** Opens the source given on the command line; the caller closes it. */
export async function openGivenSource(context: CommandContext, source: string): Promise<ImageSource> {
  const { io } = context;
  const options = findSourceOptions(context);
  const given = findGivenStream(context, source);
  if (given === undefined) return openSource(resolve(io.cwd, source), options);
  const { openStreamSource } = await import('../../source/open-stream.ts');
  return openWritten(() => openStreamSource(given.stream, given.name, options));
}

/** Throws USAGE as `findSpoolLimit`. */
export function findSourceOptions({ io }: CommandContext): OpenSourceOptions {
  const temporaryDirectory = io.env.TMPDIR || tmpdir();
  const maxSpoolBytes = findSpoolLimit(io, temporaryDirectory);
  return { signal: io.signal, temporaryDirectory, maxSpoolBytes };
}

/**
 * Plans the push of an image; what compresses its layers is loaded only when it has uncompressed ones. `remote` is asked
 * about those that the local cache does not know, unless `packing` has been opened before.
 */
export async function planImage(
  context: CommandContext,
  source: ImageSource,
  image: ListedImage,
  options: PackingOptions,
  remote: RemoteCache | undefined,
  packing?: LayerPacking,
): Promise<PushPlan> {
  const { format } = options;
  if (image.kind !== 'archive' || image.layers.every((layer) => layer.packing !== 'none')) {
    return planPush(source, image, { format });
  }
  const { platform } = parseConfig(image.config);
  return planPush(source, image, {
    format,
    ...(packing ?? (await openPacking(context, options, platform, remote))),
  });
}

/** Undefined when plain layers are to stay as they are. `platform` is that of the image, when it is known already. */
export async function openPacking(
  context: CommandContext,
  { compression, compressionLevel }: PackingOptions,
  platform: Platform | undefined,
  remote: RemoteCache | undefined,
): Promise<LayerPacking | undefined> {
  if (compression === 'none') return undefined;
  const { openDigestCache } = await import('../../compress/digest-cache.ts');
  const compressor = await createCompressor(compression, compressionLevel);
  const cache = findCacheDirectory(context.io);
  const local = openDigestCache(cache && join(cache, 'layers'));
  const digestCache = remote ? addRemoteCache(context, local, compressor, platform, remote) : local;
  return { compressor, digestCache };
}

async function createCompressor(kind: 'gzip' | 'zstd', level: number | undefined): Promise<Compressor> {
  if (kind === 'zstd') {
    const { createZstdCompressor } = await import('../../compress/zstd-compressor.ts');
    return createZstdCompressor({ level });
  }
  const { createGzipCompressor } = await import('../../compress/gzip-compressor.ts');
  return createGzipCompressor({ level });
}
