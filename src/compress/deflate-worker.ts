import { parentPort, workerData } from 'node:worker_threads';
import { createDeflate, type DeflateModule } from './deflater.ts';
import type { Compressed, ThreadJob } from './thread-pool.ts';

/** Chunks come one after the other. */
export interface DeflateJob extends ThreadJob {
  readonly window: Uint8Array;
  readonly last: boolean;
}

/** A thread of the pool that deflate-engine.ts makes, with a compiled module as its data. */
async function work(module: DeflateModule): Promise<void> {
  const deflate = await createDeflate(module);
  parentPort?.on('message', ({ window, chunk, last }: DeflateJob) => {
    const deflated: Compressed = { output: deflate(window, chunk, last), memory: chunk.buffer };
    parentPort?.postMessage(deflated, [deflated.output.buffer, deflated.memory]);
  });
}

void work(workerData);
