import { promisify } from 'node:util';
import * as zlib from 'node:zlib';

/** As Node documents it: its types for the oldest version that ecrp runs on do not have it. */
type Compress = (bytes: Uint8Array, options: CompressOptions) => Promise<Buffer<ArrayBuffer>>;

interface CompressOptions {
  readonly params: Readonly<Record<number, number>>;
  readonly chunkSize: number;
}

interface TransferableBuffer extends ArrayBuffer {
  transfer(newByteLength: number): ArrayBuffer;
}

/** `ZSTD_c_compressionLevel` of zstd.h. */
const LEVEL_PARAMETER = 100;

/** Whether this Node has zstd, which came with 22.15. */
export function hasZstd(): boolean {
  return 'zstdCompress' in zlib;
}

/**
 * Compresses a block to a frame of its own (RFC 8878), in libuv's threads. Only where `hasZstd`. Not `zstdCompressSync` in threads of our
 * own: it is no quicker, and keeps some megabytes for each frame until they are collected.
 */
export async function compressFrame(block: Uint8Array, level: number): Promise<Buffer> {
  const compress = promisify(Reflect.get(zlib, 'zstdCompress')) as Compress;
  // Room for the whole frame, beyond ZSTD_COMPRESSBOUND of zstd.h, so that it is one trip to a thread.
  const roomBytes = block.length + (block.length >> 8) + 1024;
  const { buffer, byteOffset, length } = await compress(block, {
    params: { [LEVEL_PARAMETER]: level },
    chunkSize: roomBytes,
  });
  const frame = Buffer.from(buffer.slice(byteOffset, byteOffset + length));
  // Short rooms are in memory that Node shares out.
  if (buffer.byteLength >= roomBytes && roomBytes > Buffer.poolSize) freeMemory(buffer);
  return frame;
}

/** Frees the memory of a buffer that nobody uses any more, sooner than the garbage collector. Every Node that has zstd can. */
function freeMemory(buffer: ArrayBuffer): void {
  (buffer as TransferableBuffer).transfer(0);
}
