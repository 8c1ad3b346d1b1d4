import { parentPort, workerData } from 'node:worker_threads';
import { createDeflate, type DeflateModule } from './deflater.ts';

/** A chunk to deflate. Chunks come one after the other. */
export interface DeflateJob {
  readonly window: Uint8Array;
  readonly chunk: Uint8Array<ArrayBuffer>;
  readonly last: boolean;
}

/** What is posted back; `memory` is that of the chunk, to be used again. */
export interface Deflated {
  readonly output: Uint8Array<ArrayBuffer>;
  readonly memory: ArrayBuffer;
}

/** What deflate-pool.ts starts with a compiled module as its data. */
async function work(module: DeflateModule): Promise<void> {
  const deflate = await createDeflate(module);
  parentPort?.on('message', ({ window, chunk, last }: DeflateJob) => {
    const deflated: Deflated = { output: deflate(window, chunk, last), memory: chunk.buffer };
    parentPort?.postMessage(deflated, [deflated.output.buffer, deflated.memory]);
  });
}

void work(workerData);
