import { parentPort } from 'node:worker_threads';
import * as zlib from 'node:zlib';
import type { Compressed, ThreadJob } from './thread-pool.ts';

/** A frame of its own is made of each chunk. */
export interface ZstdJob extends ThreadJob {
  readonly level: number;
}

/** As Node documents it: its types for the oldest version that ecrp runs on do not have it. */
type CompressSync = (bytes: Uint8Array, options: CompressOptions) => Buffer;

interface CompressOptions {
  readonly params: Readonly<Record<number, number>>;
  readonly chunkSize: number;
  readonly pledgedSrcSize: number;
}

/** `ZSTD_c_compressionLevel` of zstd.h. */
const LEVEL_PARAMETER = 100;

const compressSync = Reflect.get(zlib, 'zstdCompressSync') as CompressSync;

/** A thread of the pool that zstd-compressor.ts makes. */
parentPort?.on('message', ({ chunk, level }: ZstdJob) => {
  const frame = compressSync(chunk, {
    params: { [LEVEL_PARAMETER]: level },
    // Room for the whole frame, beyond ZSTD_COMPRESSBOUND of zstd.h.
    chunkSize: chunk.length + (chunk.length >> 8) + 1024,
    pledgedSrcSize: chunk.length,
  });
  // A copy, as zstd's result holds on to all of that room.
  const compressed: Compressed = { output: new Uint8Array(frame), memory: chunk.buffer };
  parentPort?.postMessage(compressed, [compressed.output.buffer, compressed.memory]);
});
