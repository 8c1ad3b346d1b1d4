import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createGunzip } from 'node:zlib';
import { EcrpError } from '../../errors.ts';
import type { Digest } from '../../oci/digest.ts';
import { ZstdFrames } from './zstd-frames.ts';

/**
 * So many NULs cannot end a gzip member. Its last eight bytes are checksum and length, which are NULs in an empty member only, whose data
 * ends in at most two more.
 */
const PADDING_BYTES = 16;

/**
 * Passes the bytes of a compressed layer through. Throws INVALID_INPUT when bytes follow the compressed data: docker and containerd, which
 * decompress with Go, refuse such a layer. After zstd it finds any such bytes if `start` is 0. It does not decompress gzip, so after gzip it
 * finds only the NULs with which some tools fill their last block.
 */
export async function* checkLayerEnd(
  chunks: AsyncIterable<Buffer>,
  compression: 'gzip' | 'zstd',
  start: number,
  name: string,
): AsyncGenerator<Buffer> {
  const frames = compression === 'zstd' && start === 0 ? new ZstdFrames() : undefined;
  let padding = 0;
  for await (const chunk of chunks) {
    if (compression === 'gzip') padding = countPadding(chunk, padding);
    frames?.feed(chunk);
    if (frames?.hasTrailingBytes) throw refuseTrailingBytes(name, compression);
    yield chunk;
  }
  if (padding >= PADDING_BYTES || frames?.endsWithin === 'magic')
    throw refuseTrailingBytes(name, compression);
  if (frames?.endsWithin === 'frame') {
    throw new EcrpError('INVALID_INPUT', `${name}: its zstd data is cut short`, {
      hint: 'The image is damaged: build or save it again.',
    });
  }
}

/** How layers of a media type are compressed; undefined for uncompressed layers and for other media types. */
export function findLayerCompression(mediaType: string): 'gzip' | 'zstd' | undefined {
  const [, compression] =
    /^application\/vnd\.(?:oci\.image\.layer|docker\.image\.rootfs)\..*tar[+.](gzip|zstd)$/.exec(mediaType) ??
    [];
  return compression === 'gzip' || compression === 'zstd' ? compression : undefined;
}

/**
 * Passes gzip bytes through and gives `onEnd` the digest of the decompressed bytes. Throws INVALID_INPUT when they do not decompress, or
 * when bytes follow the last member: Go reads those as a damaged member, even NULs, which Node ignores.
 */
export async function* verifyGzip(
  chunks: AsyncIterable<Buffer>,
  name: string,
  onEnd: (digest: Digest) => void,
): AsyncGenerator<Buffer> {
  const gunzip = createGunzip();
  const hash = createHash('sha256');
  gunzip.on('data', (chunk: Buffer) => hash.update(chunk));
  let isEnded = false;
  const ended = once(gunzip, 'end').then(
    () => {
      isEnded = true;
    },
    (cause: unknown) => {
      const detail = cause instanceof Error ? cause.message : String(cause);
      throw new EcrpError('INVALID_INPUT', `${name} begins like gzip, but is damaged: ${detail}`, {
        hint: 'The archive is damaged or was changed; save the image again.',
        cause,
      });
    },
  );
  // It is awaited below; until then a failure must not count as unhandled.
  ended.catch(() => undefined);
  let fed = 0;
  try {
    for await (const chunk of chunks) {
      // It ends before its input only when bytes are left over.
      if (isEnded) throw refuseTrailingBytes(name, 'gzip');
      fed += chunk.length;
      if (!gunzip.write(chunk)) {
        await Promise.race([once(gunzip, 'drain'), ended]);
      }
      yield chunk;
    }
    gunzip.end();
    await ended;
    if (gunzip.bytesWritten !== fed) throw refuseTrailingBytes(name, 'gzip');
    onEnd(`sha256:${hash.digest('hex')}`);
  } finally {
    gunzip.destroy();
  }
}

function refuseTrailingBytes(name: string, compression: 'gzip' | 'zstd'): EcrpError {
  return new EcrpError(
    'INVALID_INPUT',
    `${name}: bytes follow the end of its ${compression} data, which docker and containerd do not unpack`,
    {
      hint: 'Write the layer again without padding: bsdtar pads what it compresses into a pipe; use `tar | gzip`.',
    },
  );
}

function countPadding(chunk: Buffer, before: number): number {
  const most = Math.min(chunk.length, PADDING_BYTES);
  let count = 0;
  while (count < most && chunk[chunk.length - 1 - count] === 0) count += 1;
  return count === chunk.length ? before + count : count;
}
