import { availableParallelism } from 'node:os';
import { crc32 } from 'node:zlib';
import { createLanes, runInOrder } from '../async/ordered-lanes.ts';
import type { Compressor } from '../ends/compressor.ts';
import { type Block, cutBlocks } from './cut-blocks.ts';
import { createOwnEngine, createZlibEngine } from './deflate-engine.ts';
import { OUTPUT_ROOM_BYTES, WINDOW_BYTES } from './deflater.ts';

export interface GzipOptions {
  /** Level of zlib, 0 (stored) to 9. Default: the deflate in `deflate/`, which has no levels. */
  readonly level?: number | undefined;
  /** Most blocks in flight over all streams. Default: one per core, within the limit of the engine. Does not change the output. */
  readonly lanes?: number | undefined;
}

/** RFC 1952: magic, deflate, no flags, mtime 0, no extra flags, operating system unknown (255). */
const HEADER = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]);

/**
 * Makes a gzip compressor. It deflates several blocks at the same time and joins them to one gzip member.
 *
 * Each block may refer to the 32 KiB before it and ends on a byte boundary, so the output depends on the input and the engine alone. A
 * stream holds at most 2 × lanes + 2 blocks or their output. Use one compressor for a whole push: all layers share its lanes. Figures
 * and format: deflate/README.md.
 */
export function createGzipCompressor(options: GzipOptions = {}): Compressor {
  const engine = options.level === undefined ? createOwnEngine() : createZlibEngine(options.level);
  const laneCount = options.lanes ?? Math.min(availableParallelism(), engine.maxLanes);
  const openStream = createLanes(laneCount);
  const spare: ArrayBuffer[] = [];
  const allocate = () => {
    const memory = spare.pop() ?? Buffer.allocUnsafeSlow(engine.blockBytes + OUTPUT_ROOM_BYTES).buffer;
    return Buffer.from(memory, 0, engine.blockBytes);
  };
  const makeDeflate = (): DeflateBlock => {
    const runInLane = openStream();
    return (block, window, isStopped) =>
      runInLane(async () => (isStopped() ? block.bytes : engine.deflate(block, window)));
  };
  return {
    id: engine.id,
    compression: 'gzip',
    compress: (input) =>
      compressGzip(cutBlocks(input, engine.blockBytes, allocate), makeDeflate(), 2 * laneCount, spare),
  };
}

type DeflateBlock = (
  block: Block,
  window: Buffer,
  isStopped: () => boolean,
) => Promise<Uint8Array<ArrayBuffer>>;

/** `spare` gets the memory of each block once its output has been read. */
async function* compressGzip(
  blocks: AsyncIterable<Block>,
  deflate: DeflateBlock,
  maxPending: number,
  spare: ArrayBuffer[],
): AsyncGenerator<Buffer> {
  let window = Buffer.alloc(0);
  let checksum = 0;
  let size = 0;
  yield HEADER;
  const deflated = runInOrder(blocks, maxPending, (block, isStopped) => {
    const before = window;
    // A copy, because the block is transferred.
    window = Buffer.from(block.bytes.subarray(-WINDOW_BYTES));
    checksum = crc32(block.bytes, checksum);
    size += block.bytes.length;
    return deflate(block, before, isStopped);
  });
  for await (const { buffer, byteOffset, length } of deflated) {
    yield Buffer.from(buffer, byteOffset, length);
    spare.push(buffer);
  }
  yield makeTrailer(checksum, size);
}

/** RFC 1952: CRC-32 of the input and its length modulo 2^32, both little-endian. */
function makeTrailer(checksum: number, size: number): Buffer {
  const trailer = Buffer.alloc(8);
  trailer.writeUInt32LE(checksum, 0);
  trailer.writeUInt32LE(size % 2 ** 32, 4);
  return trailer;
}
