import { addAbortSignal, type Readable } from 'node:stream';
import { canDecode } from './decoders.ts';
import type { ImageSource } from './image-source.ts';
import { type OpenSourceOptions, openTarSource } from './open-source.ts';
import { detectFileType } from './packing.ts';
import { refuseFile } from './refusals.ts';
import { SPOOL_LIMIT, spool } from './spool.ts';
import { BLOCK_BYTES, isTarHeader } from './tar-header.ts';

/** A stream has no size to judge by: ten of the largest layers of ECR Public. */
const MAX_PLAIN_BYTES = 10 * SPOOL_LIMIT.bytes;

/**
 * Opens a tar out of a stream, compressed or not, as `openSource` does; `name` stands for its path in messages. It is written
 * into a temporary file, unpacked, as a layer may be before what says how to read it.
 */
export async function openStreamSource(
  stream: Readable,
  name: string,
  options: OpenSourceOptions,
): Promise<ImageSource> {
  const { signal, temporaryDirectory, spoolLimit: limit = SPOOL_LIMIT } = options;
  // Waiting for what never comes would outlive an interruption.
  if (signal !== undefined) addAbortSignal(signal, stream);
  let readBytes = 0;
  const chunks = readChunks(stream, (count) => {
    readBytes += count;
  });
  try {
    const start = await readStart(chunks);
    const type = detectFileType(start);
    const packing = canDecode(type) ? type : undefined;
    if (packing === undefined && !isTarHeader(start.subarray(0, BLOCK_BYTES))) {
      throw refuseFile({ path: name, size: start.length }, start);
    }
    const input = {
      path: name,
      packing,
      chunks: prepend(start, chunks),
      findMaxBytes: () => (packing === undefined ? MAX_PLAIN_BYTES : limit.bytes + limit.factor * readBytes),
    };
    return await openTarSource(await spool(input, temporaryDirectory, signal), options);
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  } finally {
    stream.destroy();
  }
}

async function* readChunks(stream: Readable, onBytes: (count: number) => void): AsyncGenerator<Buffer> {
  for await (const chunk of stream) {
    const bytes = Buffer.from(chunk);
    onBytes(bytes.length);
    yield bytes;
  }
}

/** The first bytes, at least a block of a tar if there are so many. */
async function readStart(chunks: AsyncGenerator<Buffer>): Promise<Buffer> {
  let start: Buffer = Buffer.alloc(0);
  while (start.length < BLOCK_BYTES) {
    const next = await chunks.next();
    if (next.done) break;
    start = Buffer.concat([start, next.value]);
  }
  return start;
}

async function* prepend(start: Buffer, chunks: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  yield start;
  yield* chunks;
}
