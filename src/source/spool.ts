import { randomUUID } from 'node:crypto';
import { closeSync, openSync, rmSync, write } from 'node:fs';
import { join } from 'node:path';
import { PassThrough, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { EcrpError } from '../errors.ts';
import { type ByteFile, createByteFile, streamBytes } from './byte-file.ts';
import { type ArchivePacking, createDecoder } from './compression.ts';
import { describeFileError, findErrorCode, refuseEarlyEnd } from './refusals.ts';

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

/** What a temporary file is for. */
export interface SpoolOwner {
  /** For messages. */
  readonly path: string;
  /** Undefined: it is written as it is. */
  readonly packing: ArchivePacking | undefined;
}

const writeAll = promisify(write);

/** A temporary file, open for reading and writing. */
export interface SpoolFile {
  readonly descriptor: number;
  /** Removes the file where it still has a name; the descriptor is closed before. */
  removeName(): void;
}

/**
 * Opens a temporary file (mode 0600) that has no name any more, where the platform allows it, so nothing stays behind
 * however the process ends. Throws INVALID_INPUT naming its owner.
 */
export function openSpoolFile(owner: SpoolOwner, temporaryDirectory: string): SpoolFile {
  const path = join(temporaryDirectory, `ecrp-spool-${randomUUID()}`);
  let descriptor: number;
  try {
    descriptor = openSync(path, 'wx+', 0o600);
  } catch (cause) {
    throw describeSpoolError(owner, temporaryDirectory, cause);
  }
  const hasName = !tryRemove(path);
  return {
    descriptor,
    removeName() {
      if (hasName) rmSync(path, { force: true });
    },
  };
}

/** Windows may refuse to remove an open file. */
function tryRemove(path: string): boolean {
  try {
    rmSync(path);
    return true;
  } catch {
    return false;
  }
}

/** Writes a whole chunk behind what was written before. */
export async function writeChunk(descriptor: number, chunk: Buffer): Promise<void> {
  for (let at = 0; at < chunk.length; ) {
    const { bytesWritten } = await writeAll(descriptor, chunk, at, chunk.length - at, null);
    at += bytesWritten;
  }
}

/** The error for what went wrong while a temporary file was opened or written, or what goes into it unpacked. */
export function describeSpoolError(
  { path, packing }: SpoolOwner,
  temporaryDirectory: string,
  error: unknown,
): Error {
  if (error instanceof EcrpError) return error;
  const code = findErrorCode(error);
  if (isDecoderCode(code)) return describeReadError({ path, packing }, error);
  return new EcrpError(
    'INVALID_INPUT',
    `${path}: it cannot be ${packing === undefined ? 'written' : 'unpacked'} into ${temporaryDirectory} (${code})`,
    {
      hint: 'Set TMPDIR to a writable folder with enough room, or push the unpacked archive as a file.',
      cause: error,
    },
  );
}

/** The error for a source that takes too much of the temporary directory. */
export function refuseSpool(
  { path, packing }: SpoolOwner,
  temporaryDirectory: string,
  maxBytes: number,
): EcrpError {
  const what = packing === undefined ? 'what is kept of it' : 'unpacked, it';
  if (maxBytes <= 0) {
    const message = `${path}: ${what} needs room in ${temporaryDirectory}, and may take none there`;
    return new EcrpError('INVALID_INPUT', message, {
      hint: 'Free more than 1 GiB there, set TMPDIR to a disk with more room, or ECRP_SPOOL_LIMIT to a size such as 500M.',
    });
  }
  return new EcrpError(
    'INVALID_INPUT',
    `${path}: ${what} takes more than ${maxBytes} bytes in ${temporaryDirectory}, which is the most it may take there`,
    {
      hint: 'If the archive is real, set TMPDIR to a disk with more room, or ECRP_SPOOL_LIMIT to a size such as 20G.',
    },
  );
}

/** The error for what is longer than is believed of an archive, or unpacks to more. */
export function refuseLength({ path, packing }: SpoolOwner, maxBytes: number): EcrpError {
  const problem =
    packing === undefined
      ? `it is longer than ${maxBytes} bytes, which no image archive is`
      : `it would unpack to more than ${maxBytes} bytes, which no image archive does`;
  return new EcrpError('INVALID_INPUT', `${path}: ${problem}`, {
    hint: 'Unpack it into a file and push that, if the archive is real.',
  });
}

/** The error for what went wrong while a stream was read, or unpacked. */
export function describeReadError({ path, packing }: SpoolOwner, error: unknown): Error {
  if (error instanceof EcrpError) return error;
  const code = findErrorCode(error);
  if (!isDecoderCode(code)) return describeFileError(path, error);
  return refuseEarlyEnd(path, `its ${packing} stream is damaged or cut short (${code})`, error);
}

function isDecoderCode(code: string): boolean {
  return code.startsWith('Z_') || code.startsWith('ZSTD_');
}
