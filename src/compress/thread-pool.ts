import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { findBuiltFile } from './built-file.ts';

/** A thread takes 30 ms to start: layers that come one after the other shall find those of the one before. */
const IDLE_MS = 1_000;

/** A chunk to compress. */
export interface ThreadJob {
  readonly chunk: Uint8Array<ArrayBuffer>;
}

/** What is posted back; `memory` is that of the chunk, to be used again. */
export interface Compressed {
  readonly output: Uint8Array<ArrayBuffer>;
  readonly memory: ArrayBuffer;
}

/** Does a job in a thread of its own. The memory of the chunk goes there and comes back. */
export type RunInThread<Job extends ThreadJob> = (job: Job) => Promise<Compressed>;

/**
 * Makes threads of `file`, a file of the build, as they are needed: as many as there are jobs at the same time, which is for the caller
 * to limit. They get what `loadData` gives as their data. None keeps the process alive, and one without work ends.
 */
export function createThreadPool<Job extends ThreadJob>(
  file: string,
  loadData: () => Promise<unknown> = async () => undefined,
): RunInThread<Job> {
  /** With what ends each of them when its time is over. */
  const idle: { readonly worker: Worker; readonly timer: NodeJS.Timeout }[] = [];
  let data: Promise<unknown> | undefined;

  const start = async (): Promise<Worker> => {
    data ??= loadData();
    return new Worker(findBuiltFile(file), {
      workerData: await data,
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
    const [compressed] = await once(worker, 'message');
    rest(worker);
    return compressed;
  };
}
