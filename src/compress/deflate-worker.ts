import { parentPort, workerData } from 'node:worker_threads';
import { createDeflate, type DeflateModule } from './deflater.ts';

/** A chunk to deflate; what is posted back is the output alone. Chunks come one after the other. */
export interface DeflateJob {
  readonly window: Uint8Array;
  readonly chunk: Uint8Array;
  readonly last: boolean;
}

/** What deflate-pool.ts starts with a compiled module as its data. */
async function work(module: DeflateModule): Promise<void> {
  const deflate = await createDeflate(module);
  parentPort?.on('message', ({ window, chunk, last }: DeflateJob) => {
    const output = deflate(window, chunk, last);
    parentPort?.postMessage(output, [output.buffer]);
  });
}

void work(workerData);
