import { createHash } from 'node:crypto';
import type { Compressor, DigestCache } from '../compress/compressor.ts';
import { EcrpError } from '../errors.ts';
import type { Content } from '../oci/archive-manifest.ts';
import type { Digest } from '../oci/digest.ts';
import type { ArchiveLayer, ImageSource } from '../source/image-source.ts';
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
  return {
    id: diffId,
    role: 'layer',
    // One diff ID may be packed in many ways, hardly two of them of the same length.
    encoding: encoderId === AS_PACKED ? `${AS_PACKED}-${ref.size}` : encoderId,
    content: undefined,
    expected: cacheable ? await cache?.find(diffId, encoderId) : undefined,
    sourceBytes: ref.size,
    present: source.has(ref),
    open: (start) => readDerived(source, layer, compressor, start),
    record: async (content) => {
      if (cacheable) {
        await cache?.record(diffId, encoderId, content);
      }
    },
  };
}

function readDerived(
  source: ImageSource,
  { diffId, ref, packing }: ArchiveLayer,
  compressor: Compressor | undefined,
  start: number,
): BlobReading {
  const name = `${source.path}: layer ${ref.kind === 'entry' ? ref.name : ref.digest}`;
  const checkDiffId = (found: Digest): void => {
    if (found !== diffId) {
      throw new EcrpError(
        'INVALID_INPUT',
        `${name} has the diff ID ${found}, but the config says ${diffId}`,
        {
          hint: 'The archive is damaged or was changed; save the image again.',
        },
      );
    }
  };
  let packedBytes = 0;
  const packed = countBytes(source.open(ref, 0), (bytes) => {
    packedBytes += bytes;
  });
  const encoded =
    packing === 'none'
      ? compress(hashBytes(packed, checkDiffId), compressor)
      : packing === 'gzip'
        ? verifyGzip(packed, name, checkDiffId)
        : packed;
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

async function* hashBytes(
  chunks: AsyncIterable<Buffer>,
  onEnd: (digest: Digest) => void,
): AsyncGenerator<Buffer> {
  const hash = createHash('sha256');
  for await (const chunk of chunks) {
    hash.update(chunk);
    yield chunk;
  }
  onEnd(`sha256:${hash.digest('hex')}`);
}

async function* countBytes(
  chunks: AsyncIterable<Buffer>,
  onChunk: (bytes: number) => void,
): AsyncGenerator<Buffer> {
  for await (const chunk of chunks) {
    onChunk(chunk.length);
    yield chunk;
  }
}

async function* skipBytes(chunks: AsyncIterable<Buffer>, count: number): AsyncGenerator<Buffer> {
  let left = count;
  for await (const chunk of chunks) {
    if (left < chunk.length) {
      yield left === 0 ? chunk : chunk.subarray(left);
    }
    left = Math.max(0, left - chunk.length);
  }
}
