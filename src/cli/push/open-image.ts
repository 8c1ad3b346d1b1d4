import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Compressor } from '../../compress/compressor.ts';
import { EcrpError } from '../../errors.ts';
import { planPush } from '../../push/plan.ts';
import type { PushPlan } from '../../push/push-plan.ts';
import type { ImageSource, SourceImage } from '../../source/image-source.ts';
import { openSource } from '../../source/open-source.ts';
import type { CommandContext } from '../command-context.ts';
import { findCacheDirectory } from '../directories.ts';
import { addRemoteCache, type RemoteCache } from './remote-cache.ts';

export interface PackingOptions {
  readonly format?: 'docker' | 'oci';
  readonly compression: 'gzip' | 'zstd' | 'none';
  readonly compressionLevel?: number;
}

/** Opens the source given on the command line; the caller closes it. */
export async function openGivenSource({ io }: CommandContext, source: string): Promise<ImageSource> {
  const options = { signal: io.signal, temporaryDirectory: io.env.TMPDIR || tmpdir() };
  if (source.startsWith('docker:')) {
    throw new EcrpError('USAGE', 'an image cannot be read from a docker engine yet', {
      hint: `Pipe it: docker save ${source.slice('docker:'.length)} | ecrp push - REFERENCE`,
    });
  }
  if (source !== '-') return openSource(resolve(io.cwd, source), options);
  if (io.stdin.isTTY) {
    throw new EcrpError('USAGE', 'standard input is a terminal, and not an archive', {
      hint: 'Pipe an archive into it: docker save NAME:TAG | ecrp push - REFERENCE',
    });
  }
  const { openStreamSource } = await import('../../source/open-stream.ts');
  return openStreamSource(io.stdin, 'standard input', options);
}

/**
 * Plans the push of an image; what compresses its layers is loaded only when it has uncompressed ones. `remote` is asked
 * about those that the local cache does not know.
 */
export async function planImage(
  context: CommandContext,
  source: ImageSource,
  image: SourceImage,
  options: PackingOptions,
  remote: RemoteCache | undefined,
): Promise<PushPlan> {
  const { format, compression, compressionLevel } = options;
  const isPacked = image.kind === 'manifest' || image.layers.every(({ packing }) => packing !== 'none');
  if (isPacked || compression === 'none') return planPush(source, image, { format });
  const { openDigestCache } = await import('../../compress/digest-cache.ts');
  const compressor = await createCompressor(compression, compressionLevel);
  const local = openDigestCache(join(findCacheDirectory(context.io), 'layers'));
  const digestCache = remote ? addRemoteCache(context, local, compressor, image, remote) : local;
  return planPush(source, image, { format, compressor, digestCache });
}

async function createCompressor(kind: 'gzip' | 'zstd', level: number | undefined): Promise<Compressor> {
  if (kind === 'zstd') {
    const { createZstdCompressor } = await import('../../compress/zstd-compressor.ts');
    return createZstdCompressor({ level });
  }
  const { createGzipCompressor } = await import('../../compress/gzip-compressor.ts');
  return createGzipCompressor({ level });
}
