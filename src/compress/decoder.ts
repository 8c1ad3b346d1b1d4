import type { Transform } from 'node:stream';
import * as zlib from 'node:zlib';
import { invalidInput } from '../oci/json.ts';

/** What a file is, by its first bytes. */
export type FileType = 'gzip' | 'zstd' | 'xz' | 'bzip2' | 'zip' | 'unknown';

/** Number of first bytes that `detectFileType` needs. */
export const MAGIC_BYTES = 6;

const MAGIC: readonly (readonly [FileType, string])[] = [
  ['gzip', '1f8b'],
  ['zstd', '28b52ffd'],
  ['xz', 'fd377a585a00'],
  ['bzip2', '425a68'],
  ['zip', '504b0304'],
];

export function detectFileType(firstBytes: Buffer): FileType {
  const hex = firstBytes.toString('hex');
  return MAGIC.find(([, magic]) => hex.startsWith(magic))?.[0] ?? 'unknown';
}

/**
 * Detects the compression of a layer by its first bytes. Throws INVALID_INPUT for one that no registry client can decompress.
 */
export function detectLayerCompression(firstBytes: Buffer, subject: string): ArchiveCompression | 'none' {
  const type = detectFileType(firstBytes);
  if (type === 'xz' || type === 'bzip2') {
    throw invalidInput(
      subject,
      `the layer is compressed with ${type}; image layers are gzip, zstd or plain tar`,
      { hint: 'Load the image with `docker load`, and save it again.' },
    );
  }
  return type === 'gzip' || type === 'zstd' ? type : 'none';
}

/** How an archive may be compressed as a whole. */
export type ArchiveCompression = 'gzip' | 'zstd';

const CHUNK_BYTES = 1024 * 1024;

/** Makes a stream that decompresses. Requires `canDecode`. */
export function createDecoder(compression: ArchiveCompression): Transform {
  if (compression === 'gzip') return zlib.createGunzip({ chunkSize: CHUNK_BYTES });
  // Documented by Node, but missing in the types of Node 20.
  const create = Reflect.get(zlib, 'createZstdDecompress') as (options: zlib.ZlibOptions) => Transform;
  return create({ chunkSize: CHUNK_BYTES });
}

/** True for a compression that this Node can decompress. zstd needs Node 22.15. */
export function canDecode(compression: string): compression is ArchiveCompression {
  return compression === 'gzip' || (compression === 'zstd' && 'createZstdDecompress' in zlib);
}
