import { addAbortSignal, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ImageSource } from '../ends/image-source.ts';
import { canDecode, createDecoder, detectFileType } from './compression.ts';
import { type OpenSourceOptions, openTarSource } from './open-source.ts';
import { describeFileError, refuseFile } from './refusals.ts';
import {
  describeReadError,
  refuseLength,
  SPOOL_LIMIT,
  type SpoolInput,
  type SpoolLimit,
  spool,
} from './spool.ts';
import { BLOCK_BYTES, isTarHeader } from './tar/tar-header.ts';

/**
 * Opens a tar out of a stream, compressed or not, as `openSource` does; `name` stands for its path in messages. It is written
 * into a temporary file, unpacked, as a layer may be before what says how to read it.
 */
export async function openStreamSource(
  stream: Readable,
  name: string,
  options: OpenSourceOptions,
): Promise<ImageSource> {
  const { signal, spoolLimit } = options;
  // Waiting for what never comes would outlive an interruption.
  if (signal !== undefined) addAbortSignal(signal, stream);
  try {
    const input = await recognizeStream(stream, name, spoolLimit);
    return await openTarSource(await spool(input, options, signal), options);
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  } finally {
    stream.destroy();
  }
}

/** A stream has no size to judge by: ten of the largest layers of ECR Public. */
export const MAX_PLAIN_BYTES = 10 * SPOOL_LIMIT.bytes;

/**
 * Tells by its first bytes whether a stream is a tar, compressed or not; `name` stands for its path in messages. Throws
 * INVALID_INPUT when it is neither.
 */
export async function recognizeStream(
  stream: Readable,
  name: string,
  limit: SpoolLimit = SPOOL_LIMIT,
): Promise<SpoolInput> {
  let readBytes = 0;
  const chunks = readChunks(stream, name, (count) => {
    readBytes += count;
  });
  const start = await readStart(chunks);
  const type = detectFileType(start);
  const packing = canDecode(type) ? type : undefined;
  if (packing === undefined && !isTarHeader(start.subarray(0, BLOCK_BYTES))) {
    throw refuseFile({ path: name, size: start.length }, start);
  }
  return {
    path: name,
    packing,
    chunks: prepend(start, chunks),
    findMaxBytes: () => (packing === undefined ? MAX_PLAIN_BYTES : limit.bytes + limit.factor * readBytes),
  };
}

/** The bytes of a stream, unpacked when it is packed. Throws INVALID_INPUT for a damaged one and for one without end. */
export async function* unpackStream(input: SpoolInput): AsyncGenerator<Buffer> {
  const { packing, chunks, findMaxBytes } = input;
  const decoder = packing === undefined ? undefined : createDecoder(packing);
  let unpackedBytes = 0;
  try {
    if (decoder === undefined) {
      yield* chunks;
      return;
    }
    // A failure of either comes out of the decoder.
    pipeline(chunks, decoder).catch(() => undefined);
    for await (const chunk of decoder) {
      unpackedBytes += chunk.length;
      if (unpackedBytes > findMaxBytes()) throw refuseLength(input, findMaxBytes());
      yield chunk;
    }
  } catch (error) {
    throw describeReadError(input, error);
  } finally {
    decoder?.destroy();
  }
}

async function* readChunks(
  stream: Readable,
  name: string,
  onBytes: (count: number) => void,
): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of stream) {
      const bytes = Buffer.from(chunk);
      onBytes(bytes.length);
      yield bytes;
    }
  } catch (error) {
    throw describeFileError(name, error);
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
