import type { Compressor, DigestCache } from '../compress/compressor.ts';
import { EcrpError } from '../errors.ts';
import type { Content } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import type { ArchiveLayer, ImageSource } from '../source/image-source.ts';
import { countBytes, hashBytes, skipBytes } from './byte-streams.ts';
import { checkLayerEnd } from './layer-end.ts';
import type { BlobReading, PlannedBlob } from './push-plan.ts';
import { verifyGzip } from './verify-gzip.ts';

/** Cache key of a layer that is sent as the archive has it. */
const AS_PACKED = 'as-packed';

/**
 * A layer of a docker-archive whose digest comes out while it is read: compressed on the way, or compressed in the
 * archive already. Reading goes from the beginning each time, as both hashes need every byte; with a deterministic
 * compressor each reading gives the same bytes.
 */
export async function planDerivedLayer(
  source: ImageSource,
  layer: ArchiveLayer,
  compressor: Compressor | undefined,
  cache: DigestCache | undefined,
): Promise<PlannedBlob> {
  const { diffId, ref, packing } = layer;
  const encoderId = packing === 'none' && compressor ? compressor.id : AS_PACKED;
  // Of zstd the diff ID is not checked here, and a cache entry must be true for whichever archive asks.
  const cacheable = packing !== 'zstd';
  const sent = source.findSent?.(ref);
  if (sent?.diffId !== undefined) checkDiffId(source, layer, sent.diffId);
  return {
    id: diffId,
    role: 'layer',
    // One diff ID may be packed in many ways, hardly two of them of the same length.
    encoding: encoderId === AS_PACKED ? `${AS_PACKED}-${ref.size}` : encoderId,
    content: undefined,
    expected: sent ? sent.content : cacheable ? await cache?.find(diffId, encoderId) : undefined,
    sourceBytes: ref.size,
    sent,
    present: source.has(ref),
    open: (start) => readDerived(source, layer, compressor, start),
    record: async (content) => {
      if (cacheable) {
        await cache?.record(diffId, encoderId, content);
      }
    },
  };
}

function nameLayer({ path }: ImageSource, { ref }: ArchiveLayer): string {
  return `${path}: layer ${ref.kind === 'entry' ? ref.name : ref.digest}`;
}

function checkDiffId(source: ImageSource, layer: ArchiveLayer, found: Digest): void {
  if (found !== layer.diffId) {
    throw new EcrpError(
      'INVALID_INPUT',
      `${nameLayer(source, layer)} has the diff ID ${found}, but the config says ${layer.diffId}`,
      { hint: 'The archive is damaged or was changed; save the image again.' },
    );
  }
}

function readDerived(
  source: ImageSource,
  layer: ArchiveLayer,
  compressor: Compressor | undefined,
  start: number,
): BlobReading {
  const { ref, packing } = layer;
  const check = (found: Digest): void => checkDiffId(source, layer, found);
  let packedBytes = 0;
  // What unpacks it holds chunks for longer than it seems.
  const transient = packing !== 'gzip';
  const packed = countBytes(source.open(ref, 0, { transient }), (bytes) => {
    packedBytes += bytes;
  });
  const encoded =
    packing === 'none'
      ? compress(hashBytes(packed, check), compressor)
      : packing === 'gzip'
        ? verifyGzip(packed, nameLayer(source, layer), check)
        : checkLayerEnd(packed, packing, 0, nameLayer(source, layer));
  let content: Content | undefined;
  let size = 0;
  const counted = countBytes(encoded, (bytes) => {
    size += bytes;
  });
  const hashed = hashBytes(counted, (digest) => {
    content = { digest, size };
  });
  return {
    bytes: skipBytes(hashed, start),
    estimateSize: () => (size === 0 ? undefined : Math.round((size * ref.size) / packedBytes)),
    finish: () => {
      if (content === undefined) {
        throw new TypeError('the blob has not been read to its end');
      }
      return content;
    },
  };
}

function compress(bytes: AsyncIterable<Buffer>, compressor: Compressor | undefined): AsyncIterable<Buffer> {
  return compressor ? compressor.compress(bytes) : bytes;
}
