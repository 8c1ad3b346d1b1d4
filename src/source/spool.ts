import { randomUUID } from 'node:crypto';
import { closeSync, openSync, rmSync, write } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { type ArchiveCompression, createDecoder } from '../compress/decoder.ts';
import { EcrpError } from '../errors.ts';
import { findErrorCode } from '../files/file-errors.ts';
import { type ByteFile, createByteFile, streamRange } from './byte-file.ts';
import { refuseEarlyEnd, refuseUnreadable } from './refusals.ts';

/** Most bytes that a compressed tar may decompress to: `bytes + factor × compressed size`. */
export interface SpoolLimit {
  readonly bytes: number;
  readonly factor: number;
}

/** The largest layer of ECR Public at any ratio (an image of zeros reaches 1000:1), plus 100:1. */
export const SPOOL_LIMIT: SpoolLimit = { bytes: 10_000 * 1024 * 1024, factor: 100 };

/** Where a temporary file goes, and how large it may become. Without `maxSpoolBytes`, `SpoolLimit` applies. */
export interface SpoolRoom {
  readonly temporaryDirectory: string;
  /** Most bytes of the temporary file. */
  readonly maxSpoolBytes?: number | undefined;
}

/** The input of a temporary file. */
export interface SpoolInput extends SpoolOwner {
  /** A `Readable` is destroyed if it is not read to its end. */
  readonly chunks: AsyncIterable<Buffer> | Readable;
  /** Most bytes to write. Called for each chunk, as it may grow with the bytes read. */
  readonly findMaxBytes: () => number;
}

/**
 * Decompresses a file into a temporary one and returns that; see `openSpoolFile`. Throws INVALID_INPUT if the stream is
 * damaged or exceeds the room. `limit` applies if the room has no limit.
 */
export async function spoolCompressed(
  file: ByteFile,
  compression: ArchiveCompression,
  room: SpoolRoom,
  limit: SpoolLimit,
  signal?: AbortSignal,
): Promise<ByteFile> {
  const maxBytes = limit.bytes + limit.factor * file.size;
  const input: SpoolInput = {
    path: file.path,
    compression,
    chunks: streamRange(file, 0, file.size, file.path),
    findMaxBytes: () => maxBytes,
  };
  return spool(input, room, signal);
}

/** Writes any input into a temporary file, with the same errors. */
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

async function writeInto(
  descriptor: number,
  input: SpoolInput,
  { temporaryDirectory, maxSpoolBytes }: SpoolRoom,
  signal: AbortSignal | undefined,
): Promise<void> {
  let written = 0;
  for await (const chunk of readDecompressed(input)) {
    signal?.throwIfAborted();
    written += chunk.length;
    if (maxSpoolBytes !== undefined) {
      if (written > maxSpoolBytes) throw refuseSpool(input, temporaryDirectory, maxSpoolBytes);
    } else if (written > input.findMaxBytes()) {
      throw refuseLength(input, input.findMaxBytes());
    }
    await writeChunk(descriptor, chunk);
  }
}

/** Reads an input, decompressed. Throws INVALID_INPUT if it is damaged or cannot be read. */
export async function* readDecompressed(input: SpoolInput): AsyncGenerator<Buffer> {
  const { compression, chunks } = input;
  const decoder = compression === undefined ? undefined : createDecoder(compression);
  try {
    if (decoder === undefined) {
      yield* chunks;
      return;
    }
    // The decoder emits the errors of both.
    pipeline(chunks, decoder).catch(() => undefined);
    yield* decoder;
  } catch (error) {
    throw describeReadError(input, error);
  } finally {
    decoder?.destroy();
  }
}

/** The source that a temporary file belongs to. */
export interface SpoolOwner {
  /** For messages. */
  readonly path: string;
  /** Undefined if it is not compressed. */
  readonly compression: ArchiveCompression | undefined;
}

const writeAll = promisify(write);

/** A temporary file, open for reading and writing. */
export interface SpoolFile {
  readonly descriptor: number;
  /** Removes the file if it still has a name. Close the descriptor first. */
  removeName(): void;
}

/**
 * Opens a temporary file (mode 0600) and removes its name, where the platform allows that. So nothing is left, however the
 * process ends. Throws INVALID_INPUT naming the owner.
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

/** Appends a whole chunk. */
export async function writeChunk(descriptor: number, chunk: Buffer): Promise<void> {
  for (let at = 0; at < chunk.length; ) {
    const { bytesWritten } = await writeAll(descriptor, chunk, at, chunk.length - at, null);
    at += bytesWritten;
  }
}

/** The error for a failure to open or write a temporary file, or to decompress its input. */
export function describeSpoolError(
  { path, compression }: SpoolOwner,
  temporaryDirectory: string,
  error: unknown,
): Error {
  if (error instanceof EcrpError) return error;
  const code = findErrorCode(error) ?? String(error);
  if (isDecoderCode(code)) return describeReadError({ path, compression }, error);
  return new EcrpError(
    'INVALID_INPUT',
    `${path}: it cannot be ${compression === undefined ? 'written' : 'decompressed'} into ${temporaryDirectory} (${code})`,
    {
      hint: 'Set TMPDIR to a writable folder with enough room, or push the decompressed archive as a file.',
      cause: error,
    },
  );
}

/** The error for a source that exceeds its room in the temporary directory. */
export function refuseSpool(
  { path, compression }: SpoolOwner,
  temporaryDirectory: string,
  maxBytes: number,
): EcrpError {
  const what = compression === undefined ? 'its content' : 'its decompressed content';
  if (maxBytes <= 0) {
    const message = `${path}: ${what} needs space in ${temporaryDirectory}, but may use none there`;
    return new EcrpError('INVALID_INPUT', message, {
      hint: 'Free more than 1 GiB there, set TMPDIR to a disk with more room, or set ECRP_SPOOL_LIMIT to a size such as 500M.',
    });
  }
  return new EcrpError(
    'INVALID_INPUT',
    `${path}: ${what} needs more than ${maxBytes} bytes in ${temporaryDirectory}, the most that it may use there`,
    {
      hint: 'If the archive is genuine, set TMPDIR to a disk with more room, or set ECRP_SPOOL_LIMIT to a size such as 20G.',
    },
  );
}

/** The error for a source that is too long for an image archive. */
export function refuseLength({ path, compression }: SpoolOwner, maxBytes: number): EcrpError {
  const problem =
    compression === undefined
      ? `it is longer than ${maxBytes} bytes, too long for an image archive`
      : `it decompresses to more than ${maxBytes} bytes, too many for an image archive`;
  return new EcrpError('INVALID_INPUT', `${path}: ${problem}`, {
    hint: 'If the archive is genuine, decompress it into a file and push that.',
  });
}

/** The error for a failure to read or decompress a stream. */
export function describeReadError({ path, compression }: SpoolOwner, error: unknown): Error {
  if (error instanceof EcrpError) return error;
  const code = findErrorCode(error) ?? String(error);
  if (!isDecoderCode(code)) return refuseUnreadable(path, error);
  return refuseEarlyEnd(path, `its ${compression} stream is damaged or cut short (${code})`, error);
}

function isDecoderCode(code: string): boolean {
  return code.startsWith('Z_') || code.startsWith('ZSTD_');
}
