import { parentPort, workerData } from 'node:worker_threads';
import { createDeflate, type DeflateModule, writeOver } from './deflater.ts';

/** Chunk to deflate. A worker gets one at a time. */
export interface DeflateJob {
  readonly window: Uint8Array;
  readonly chunk: Uint8Array<ArrayBuffer>;
  readonly last: boolean;
}

/**
 * Entry of the worker. deflate-engine.ts starts it with a compiled module as its data. Its answer is the output, in the memory of the
 * chunk.
 */
async function work(module: DeflateModule): Promise<void> {
  const deflate = await createDeflate(module);
  parentPort?.on('message', ({ window, chunk, last }: DeflateJob) => {
    const output = writeOver(chunk, deflate(window, chunk, last));
    parentPort?.postMessage(output, [output.buffer]);
  });
}

void work(workerData);
