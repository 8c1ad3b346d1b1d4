import { once } from 'node:events';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import { constants, deflateRaw, type ZlibOptions } from 'node:zlib';
import { MAX_POOL_LANES } from '../async/ordered-lanes.ts';
import { findBuiltFile, loadDeflateModule } from './built-files.ts';
import type { Block } from './cut-blocks.ts';
import type { DeflateJob } from './deflate-worker.ts';
import {
  createDeflate,
  type Deflate,
  type DeflateModule,
  MAX_CHUNK_BYTES,
  OUTPUT_ROOM_BYTES,
  writeOver,
} from './deflater.ts';

/** Deflates a stream block by block. */
export interface DeflateEngine {
  /** Names everything that the output depends on, apart from the input. */
  readonly id: string;
  /** Size of a block. */
  readonly blockBytes: number;
  /** More blocks at the same time would not be faster. */
  readonly maxLanes: number;
  /**
   * Deflates a block to whole bytes of raw deflate (RFC 1951) that may refer to the `window` before it. Takes the block away: the output is
   * in its memory, which has OUTPUT_ROOM_BYTES more than the block.
   */
  deflate(block: Block, window: Buffer): Promise<Uint8Array<ArrayBuffer>>;
}

/** Deflating less than this takes less time than starting a thread. */
const INLINE_BYTES = 128 * 1024;
const MAX_THREADS = 8;
const ZLIB_BLOCK_BYTES = 512 * 1024;

const deflateByZlib = promisify<Buffer, ZlibOptions, Buffer>(deflateRaw);

/** Deflates with the code in `deflate/`, in threads of its own. The output is the same on every machine. */
export function createOwnEngine(): DeflateEngine {
  const deflateInThread = createDeflatePool();
  let deflateHere: Promise<Deflate> | undefined;
  return {
    id: 'gzip-v2',
    blockBytes: MAX_CHUNK_BYTES,
    maxLanes: MAX_THREADS,
    async deflate({ bytes, last }, window) {
      if (!last || bytes.length > INLINE_BYTES) {
        return deflateInThread({ window, chunk: bytes, last });
      }
      deflateHere ??= loadDeflateModule().then(createDeflate);
      const deflate = await deflateHere;
      return writeOver(bytes, deflate(window, bytes, last));
    },
  };
}

/** Deflates with Node's zlib, in libuv's threads. Its output depends on the version of zlib and on the processor family. */
export function createZlibEngine(level: number): DeflateEngine {
  return {
    id: `gzip-${level}-v1-zlib-${process.versions.zlib}-${process.arch}`,
    blockBytes: ZLIB_BLOCK_BYTES,
    maxLanes: MAX_POOL_LANES,
    async deflate({ bytes, last }, window) {
      const deflated = await deflateByZlib(bytes, {
        level,
        ...(window.length > 0 && { dictionary: window }),
        finishFlush: last ? constants.Z_FINISH : constants.Z_SYNC_FLUSH,
        // Room for the whole output: a block makes one trip to the thread pool.
        chunkSize: ZLIB_BLOCK_BYTES + OUTPUT_ROOM_BYTES,
      });
      return writeOver(bytes, deflated);
    },
  };
}

/** A thread takes 30 ms to start, so the next layer reuses the threads of the last one. */
const IDLE_MS = 1_000;

/** Deflates one chunk in a thread. The memory of the chunk is transferred there, and comes back with the output. */
export type DeflateInThread = (job: DeflateJob) => Promise<Uint8Array<ArrayBuffer>>;

/**
 * Starts one thread for each chunk in flight; the caller limits those. Idle threads end after a while, and none keeps the process
 * alive.
 */
export function createDeflatePool(): DeflateInThread {
  /** Each with the timer that ends it. */
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
      // The longest idle thread is in front.
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
    // Rejects with the worker's error; the worker has ended then.
    const [output] = await once(worker, 'message');
    rest(worker);
    return output;
  };
}
