import { parentPort } from 'node:worker_threads';
import type { Compressed, ThreadJob } from './thread-pool.ts';
import { compressFrame } from './zstd-frame.ts';

/** A frame of its own is made of each chunk. */
export interface ZstdJob extends ThreadJob {
  readonly level: number;
}

/** A thread of the pool that zstd-compressor.ts makes. */
parentPort?.on('message', ({ chunk, level }: ZstdJob) => {
  const compressed: Compressed = { output: compressFrame(chunk, level), memory: chunk.buffer };
  parentPort?.postMessage(compressed, [compressed.output.buffer, compressed.memory]);
});
