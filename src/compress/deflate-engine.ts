import { promisify } from 'node:util';
import { constants, deflateRaw, type ZlibOptions } from 'node:zlib';
import { MAX_POOL_LANES } from '../async/ordered-lanes.ts';
import type { Block } from './cut-blocks.ts';
import { createDeflatePool } from './deflate-pool.ts';
import type { Deflated } from './deflate-worker.ts';
import { createDeflate, type Deflate, loadDeflateModule, MAX_CHUNK_BYTES } from './deflater.ts';

/** What deflates a stream block by block. */
export interface DeflateEngine {
  /** Names everything that the output depends on but the input. */
  readonly id: string;
  /** Of a block. */
  readonly blockBytes: number;
  /** Most blocks that it is worth to deflate at the same time. */
  readonly maxLanes: number;
  /**
   * Deflates a block to whole bytes, raw (RFC 1951); it may refer to the bytes of `window` before it. The block cannot be used
   * any more; its memory, which is given back, can.
   */
  deflate(block: Block, window: Buffer): Promise<Deflated>;
}

/** What is deflated sooner than a thread is started. */
const INLINE_BYTES = 128 * 1024;
const MAX_THREADS = 8;
const ZLIB_BLOCK_BYTES = 512 * 1024;

const deflateByZlib = promisify<Buffer, ZlibOptions, Buffer>(deflateRaw);

/** Our own deflate, in threads of its own; the output is the same on all machines. */
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
      return { output: (await deflateHere)(window, bytes, last), memory: bytes.buffer };
    },
  };
}

/** Node's zlib, in libuv's threads. Its output changes with its version and, in Node's build, with the processor family. */
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
        // Room for the whole output, so that a block is one trip to the thread pool.
        chunkSize: ZLIB_BLOCK_BYTES + 1024,
      });
      // A copy, as zlib's result holds on to all of that room.
      return { output: Buffer.from(deflated), memory: bytes.buffer };
    },
  };
}
