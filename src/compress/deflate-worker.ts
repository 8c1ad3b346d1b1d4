import { parentPort, workerData } from 'node:worker_threads';
import { createDeflate, type DeflateModule } from './deflater.ts';

/** Chunk to deflate. A worker gets one at a time. */
export interface DeflateJob {
  readonly window: Uint8Array;
  readonly chunk: Uint8Array<ArrayBuffer>;
  readonly last: boolean;
}

/** Answer of the worker. `memory` is the memory of the chunk, for reuse. */
export interface Deflated {
  readonly output: Uint8Array<ArrayBuffer>;
  readonly memory: ArrayBuffer;
}

/** Entry of the worker. deflate-engine.ts starts it with a compiled module as its data. */
async function work(module: DeflateModule): Promise<void> {
  const deflate = await createDeflate(module);
  parentPort?.on('message', ({ window, chunk, last }: DeflateJob) => {
    const deflated: Deflated = { output: deflate(window, chunk, last), memory: chunk.buffer };
    parentPort?.postMessage(deflated, [deflated.output.buffer, deflated.memory]);
  });
}

void work(workerData);
