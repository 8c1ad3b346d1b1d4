import { addAbortSignal, type Readable } from 'node:stream';
import { canDecode, detectFileType } from '../compress/decoder.ts';
import type { ImageSource } from '../ends/image-source.ts';
import { type OpenSourceOptions, openTarSource, type SentLayers } from './open-source.ts';
import { refuseFile, refuseUnreadable } from './refusals.ts';
import {
  readDecompressed,
  refuseLength,
  SPOOL_LIMIT,
  type SpoolInput,
  type SpoolLimit,
  spool,
} from './spool.ts';
import { BLOCK_BYTES, isTarHeader } from './tar/tar-header.ts';

/**
 * Opens a tar out of a stream, compressed or not, as `openSource` does. `name` stands for its path in messages. The tar goes
 * into a temporary file, decompressed, as a layer may come before the files that describe it. `sent`: the layers that were sent
 * when the same tar arrived before.
 */
export async function openStreamSource(
  stream: Readable,
  name: string,
  options: OpenSourceOptions,
  sent?: SentLayers,
): Promise<ImageSource> {
  const { signal, spoolLimit } = options;
  // Otherwise an interruption would wait for the next bytes.
  if (signal !== undefined) addAbortSignal(signal, stream);
  try {
    const input = options.recognized ?? (await recognizeStream(stream, name, spoolLimit));
    return await openTarSource(await spool(input, options, signal), options, sent);
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  } finally {
    stream.destroy();
  }
}

/** Longest stream that is not compressed, in bytes: ten of the largest layers of ECR Public. */
export const MAX_PLAIN_BYTES = 10 * SPOOL_LIMIT.bytes;

/**
 * Recognises a tar, compressed or not, by the first bytes of a stream. `name` stands for its path in messages. Throws
 * INVALID_INPUT for anything else.
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
  const compression = canDecode(type) ? type : undefined;
  if (compression === undefined && !isTarHeader(start.subarray(0, BLOCK_BYTES))) {
    throw refuseFile(name, start);
  }
  return {
    path: name,
    compression,
    chunks: prepend(start, chunks),
    findMaxBytes: () =>
      compression === undefined ? MAX_PLAIN_BYTES : limit.bytes + limit.factor * readBytes,
  };
}

/** Reads a tar out of a stream, decompressed. Throws INVALID_INPUT if it is damaged, too long, or no tar. */
export async function* decompressStream(input: SpoolInput): AsyncGenerator<Buffer> {
  if (input.compression === undefined) {
    yield* readDecompressed(input);
    return;
  }
  const chunks = limitLength(input);
  try {
    const start = await readStart(chunks);
    if (!isTarHeader(start)) {
      throw refuseFile(input.path, start, input.compression);
    }
    yield* prepend(start, chunks);
  } finally {
    await chunks.return(undefined);
  }
}

async function* limitLength(input: SpoolInput): AsyncGenerator<Buffer> {
  let decompressedBytes = 0;
  for await (const chunk of readDecompressed(input)) {
    decompressedBytes += chunk.length;
    if (decompressedBytes > input.findMaxBytes()) throw refuseLength(input, input.findMaxBytes());
    yield chunk;
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
    throw refuseUnreadable(name, error);
  }
}

/** Reads the first bytes: at least one block of a tar, unless the stream is shorter. */
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
