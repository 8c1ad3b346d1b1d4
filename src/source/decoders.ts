import type { Transform } from 'node:stream';
import * as zlib from 'node:zlib';

/** How a whole archive may be packed. */
export type ArchivePacking = 'gzip' | 'zstd';

const CHUNK_BYTES = 1024 * 1024;

/** What unpacks a stream; undefined where this Node cannot: zstd came with Node 22.15. */
export function createDecoder(packing: ArchivePacking): Transform | undefined {
  if (packing === 'gzip') return zlib.createGunzip({ chunkSize: CHUNK_BYTES });
  const create: unknown = Reflect.get(zlib, 'createZstdDecompress');
  if (typeof create !== 'function') return undefined;
  // What Node documents; its types for the oldest Node that ecrp runs on do not have it.
  return create({ chunkSize: CHUNK_BYTES }) as Transform;
}

export function canDecode(packing: string): packing is ArchivePacking {
  return packing === 'gzip' || (packing === 'zstd' && 'createZstdDecompress' in zlib);
}
