import { closeSync } from 'node:fs';
import { PassThrough, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type ByteFile, createByteFile, streamBytes } from './byte-file.ts';
import { type ArchivePacking, createDecoder } from './decoders.ts';
import {
  describeSpoolError,
  openSpoolFile,
  refuseLength,
  refuseSpool,
  type SpoolOwner,
  writeChunk,
} from './spool-file.ts';

/** How much a compressed tar may unpack to: `bytes + factor × compressed size`. */
export interface SpoolLimit {
  readonly bytes: number;
  readonly factor: number;
}

/** One largest layer of ECR Public whatever the ratio (an image of zeros packs 1000:1), and beyond that 100:1. */
export const SPOOL_LIMIT: SpoolLimit = { bytes: 10_000 * 1024 * 1024, factor: 100 };

/** Where a temporary file goes, and how large it may get. Without a limit in bytes, `SpoolLimit` applies. */
export interface SpoolRoom {
  readonly temporaryDirectory: string;
  /** Bytes. */
  readonly maxSpoolBytes?: number | undefined;
}

/** What is written into a temporary file. */
export interface SpoolInput extends SpoolOwner {
  /** A `Readable` is destroyed when it is not read to its end. */
  readonly chunks: AsyncIterable<Buffer> | Readable;
  /** Most bytes written; asked again and again, as it may grow with what is read. */
  readonly findMaxBytes: () => number;
}

/**
 * Unpacks a compressed file into a temporary one, streaming, and returns that. The temporary file (mode 0600) has no name
 * any more when the first byte is written, where the platform allows it, so nothing stays behind however the process ends.
 * Throws INVALID_INPUT for a damaged stream, and for one that unpacks to more than the room has; `limit` applies where the room
 * has no limit.
 */
export async function spoolPacked(
  file: ByteFile,
  packing: ArchivePacking,
  room: SpoolRoom,
  limit: SpoolLimit,
  signal?: AbortSignal,
): Promise<ByteFile> {
  const maxBytes = limit.bytes + limit.factor * file.size;
  const input: SpoolInput = {
    path: file.path,
    packing,
    chunks: streamBytes(file, 0, file.size, file.path),
    findMaxBytes: () => maxBytes,
  };
  return spool(input, room, signal);
}

/** Writes any input into a temporary file, in the same way and with the same errors. */
export async function spool(input: SpoolInput, room: SpoolRoom, signal?: AbortSignal): Promise<ByteFile> {
  const { temporaryDirectory } = room;
  const opened = openSpoolFile(input, temporaryDirectory);
  try {
    await writeInto(opened.descriptor, input, room, signal);
  } catch (error) {
    closeSync(opened.descriptor);
    opened.removeName();
    signal?.throwIfAborted();
    throw describeSpoolError(input, temporaryDirectory, error);
  }
  const written = createByteFile(input.path, opened.descriptor);
  return {
    ...written,
    close() {
      written.close();
      opened.removeName();
    },
  };
}

/** When it ends, whichever way, nothing is being written any more. */
async function writeInto(
  descriptor: number,
  input: SpoolInput,
  { temporaryDirectory, maxSpoolBytes }: SpoolRoom,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { packing, chunks, findMaxBytes } = input;
  const decoder = packing === undefined ? new PassThrough() : createDecoder(packing);
  if (decoder === undefined) throw new TypeError(`${packing} cannot be unpacked here`);
  const feeding = pipeline(chunks, decoder, { signal });
  const draining = (async () => {
    let written = 0;
    for await (const chunk of decoder) {
      written += chunk.length;
      if (maxSpoolBytes !== undefined) {
        if (written > maxSpoolBytes) throw refuseSpool(input, temporaryDirectory, maxSpoolBytes);
      } else if (written > findMaxBytes()) {
        throw refuseLength(input, findMaxBytes());
      }
      await writeChunk(descriptor, chunk);
    }
  })();
  const [drained, fed] = await Promise.allSettled([draining, feeding]);
  // What went wrong in feeding breaks off the draining, and the other way round: the bomb is told by the drain alone.
  for (const { reason } of [drained, fed].filter((end) => end.status === 'rejected')) throw reason;
}
