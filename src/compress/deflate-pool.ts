import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { findBuiltFile } from './built-file.ts';
import type { Deflated, DeflateJob } from './deflate-worker.ts';
import { type DeflateModule, loadDeflateModule } from './deflater.ts';

/** A thread takes 30 ms to start: layers that come one after the other shall find those of the one before. */
const IDLE_MS = 1_000;

/** Deflates one chunk in a thread of its own. The memory of the chunk goes there and comes back. */
export type DeflateInThread = (job: DeflateJob) => Promise<Deflated>;

/**
 * Makes threads as they are needed: as many as there are chunks at the same time, which is for the caller to limit. None keeps the
 * process alive, and one without work ends.
 */
export function createDeflatePool(): DeflateInThread {
  /** With what ends each of them when its time is over. */
  const idle: { readonly worker: Worker; readonly timer: NodeJS.Timeout }[] = [];
  let module: Promise<DeflateModule> | undefined;

  const start = async (): Promise<Worker> => {
    module ??= loadDeflateModule();
    return new Worker(findBuiltFile('deflate-worker.cjs'), {
      workerData: await module,
      resourceLimits: { maxYoungGenerationSizeMb: 2 },
      execArgv: [],
      stdin: false,
    });
  };

  const rest = (worker: Worker): void => {
    worker.unref();
    const timer = setTimeout(() => {
      // The one that rests longest is in front.
      idle.shift();
      void worker.terminate();
    }, IDLE_MS).unref();
    idle.push({ worker, timer });
  };

  const take = async (): Promise<Worker> => {
    const rested = idle.pop();
    clearTimeout(rested?.timer);
    return rested?.worker ?? (await start());
  };

  return async (job) => {
    const worker = await take();
    worker.ref();
    worker.postMessage(job, [job.chunk.buffer]);
    // Rejects with the worker's error, after which there is no worker any more.
    const [deflated] = await once(worker, 'message');
    rest(worker);
    return deflated;
  };
}
