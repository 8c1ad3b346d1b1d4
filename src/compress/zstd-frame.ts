import * as zlib from 'node:zlib';

/** As Node documents it: its types for the oldest version that ecrp runs on do not have it. */
type CompressSync = (bytes: Uint8Array, options: CompressOptions) => Buffer;

interface CompressOptions {
  readonly params: Readonly<Record<number, number>>;
  readonly chunkSize: number;
}

/** `ZSTD_c_compressionLevel` of zstd.h. */
const LEVEL_PARAMETER = 100;

/** Whether this Node has zstd, which came with 22.15. */
export function hasZstd(): boolean {
  return 'zstdCompressSync' in zlib;
}

/** Compresses a chunk to a frame of its own (RFC 8878). Only where `hasZstd`. */
export function compressFrame(chunk: Uint8Array, level: number): Uint8Array<ArrayBuffer> {
  const compressSync = Reflect.get(zlib, 'zstdCompressSync') as CompressSync;
  const frame = compressSync(chunk, {
    params: { [LEVEL_PARAMETER]: level },
    // Room for the whole frame, beyond ZSTD_COMPRESSBOUND of zstd.h, so that it is made in one go.
    chunkSize: chunk.length + (chunk.length >> 8) + 1024,
  });
  // A copy, as zstd's result holds on to all of that room.
  return new Uint8Array(frame);
}
