import { EcrpError } from '../errors.ts';
import { ZstdFrames } from './zstd-frames.ts';

/**
 * NULs at the end of gzip that cannot be its own. The last member has its checksum and length there, eight bytes; they are
 * NULs of an empty member alone, whose data ends in no more than two further ones.
 */
const PADDING_BYTES = 16;

/**
 * Passes the bytes of a packed layer through, and throws INVALID_INPUT naming it when something follows the packed data: no
 * client that unpacks layers with Go takes that, as docker and containerd do. Of gzip, which is not unpacked for it, only NULs
 * are seen, as tools that write whole blocks leave them; of zstd anything, if the bytes come from the first one on.
 */
export async function* checkLayerEnd(
  chunks: AsyncIterable<Buffer>,
  packing: 'gzip' | 'zstd',
  start: number,
  name: string,
): AsyncGenerator<Buffer> {
  const frames = packing === 'zstd' && start === 0 ? new ZstdFrames() : undefined;
  let padding = 0;
  for await (const chunk of chunks) {
    if (packing === 'gzip') padding = countPadding(chunk, padding);
    frames?.feed(chunk);
    if (frames?.hasTrailingBytes) throw refuseTrailingBytes(name, packing);
    yield chunk;
  }
  if (padding >= PADDING_BYTES || frames?.endsWithin === 'magic') throw refuseTrailingBytes(name, packing);
  if (frames?.endsWithin === 'frame') {
    throw new EcrpError('INVALID_INPUT', `${name}: its zstd data is cut short`, {
      hint: 'The image is damaged: build or save it again.',
    });
  }
}

/** How the layers with a media type are packed; undefined for plain ones and for what is not a layer of an image. */
export function findLayerPacking(mediaType: string): 'gzip' | 'zstd' | undefined {
  const [, packing] =
    /^application\/vnd\.(?:oci\.image\.layer|docker\.image\.rootfs)\..*tar[+.](gzip|zstd)$/.exec(mediaType) ??
    [];
  return packing === 'gzip' || packing === 'zstd' ? packing : undefined;
}

export function refuseTrailingBytes(name: string, packing: 'gzip' | 'zstd'): EcrpError {
  return new EcrpError(
    'INVALID_INPUT',
    `${name}: bytes follow the end of its ${packing} data, which docker and containerd do not unpack`,
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
