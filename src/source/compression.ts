import type { Transform } from 'node:stream';
import * as zlib from 'node:zlib';
import { invalidInput } from '../oci/json.ts';

/** What a file is, by its first bytes. */
export type FileType = 'gzip' | 'zstd' | 'xz' | 'bzip2' | 'zip' | 'unknown';

/** How many first bytes `detectFileType` looks at. */
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

/** How a layer is packed, by its first bytes. Throws INVALID_INPUT for compressions that no registry client can unpack. */
export function detectPacking(firstBytes: Buffer, subject: string): ArchivePacking | 'none' {
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
