import { randomUUID } from 'node:crypto';
import { closeSync, openSync, rmSync, write } from 'node:fs';
import { join } from 'node:path';
import { PassThrough, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { EcrpError } from '../errors.ts';
import { invalidInput } from '../oci/json.ts';
import { type ByteFile, createByteFile, streamBytes } from './byte-file.ts';
import { type ArchivePacking, createDecoder } from './decoders.ts';

/** How much a compressed tar may unpack to: `bytes + factor × compressed size`. */
export interface SpoolLimit {
  readonly bytes: number;
  readonly factor: number;
}

/** One largest layer of ECR Public whatever the ratio (an image of zeros packs 1000:1), and beyond that 100:1. */
export const SPOOL_LIMIT: SpoolLimit = { bytes: 10_000 * 1024 * 1024, factor: 100 };

const writeAll = promisify(write);

/** What is written into a temporary file. */
interface SpoolInput {
  /** For messages. */
  readonly path: string;
  /** Undefined: it is written as it is. */
  readonly packing: ArchivePacking | undefined;
  /** A `Readable` is destroyed when it is not read to its end. */
  readonly chunks: AsyncIterable<Buffer> | Readable;
  /** Most bytes written; asked again and again, as it may grow with what is read. */
  readonly findMaxBytes: () => number;
}

/**
 * Unpacks a compressed file into a temporary one, streaming, and returns that. The temporary file (mode 0600) has no name
 * any more when the first byte is written, where the platform allows it, so nothing stays behind however the process ends.
 * Throws INVALID_INPUT for a damaged stream and for one that unpacks to more than `limit`.
 */
export async function spoolPacked(
  file: ByteFile,
  packing: ArchivePacking,
  temporaryDirectory: string,
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
  return spool(input, temporaryDirectory, signal);
}

/** Writes any input into a temporary file, in the same way and with the same errors. */
export async function spool(
  input: SpoolInput,
  temporaryDirectory: string,
  signal?: AbortSignal,
): Promise<ByteFile> {
  const opened = openSpool(input, temporaryDirectory);
  try {
    await writeInto(opened.descriptor, input, signal);
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
      if (written > findMaxBytes()) throw refuseBomb(input, findMaxBytes());
      await writeChunk(descriptor, chunk);
    }
  })();
  const [drained, fed] = await Promise.allSettled([draining, feeding]);
  // What went wrong in feeding breaks off the draining, and the other way round: the bomb is told by the drain alone.
  for (const { reason } of [drained, fed].filter((end) => end.status === 'rejected')) throw reason;
}

interface Spool {
  readonly descriptor: number;
  /** Removes the file where it still has a name; the descriptor is closed before. */
  removeName(): void;
}

function openSpool(input: SpoolInput, temporaryDirectory: string): Spool {
  const path = join(temporaryDirectory, `ecrp-spool-${randomUUID()}`);
  let descriptor: number;
  try {
    descriptor = openSync(path, 'wx+', 0o600);
  } catch (cause) {
    throw describeSpoolError(input, temporaryDirectory, cause);
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

async function writeChunk(descriptor: number, chunk: Buffer): Promise<void> {
  for (let at = 0; at < chunk.length; ) {
    const { bytesWritten } = await writeAll(descriptor, chunk, at, chunk.length - at, null);
    at += bytesWritten;
  }
}

function refuseBomb({ path, packing }: SpoolInput, maxBytes: number): EcrpError {
  const problem =
    packing === undefined
      ? `it is longer than ${maxBytes} bytes, which no image archive is`
      : `it would unpack to more than ${maxBytes} bytes, which no image archive does`;
  return new EcrpError('INVALID_INPUT', `${path}: ${problem}`, {
    hint: 'Unpack it into a file and push that, if the archive is real.',
  });
}

function describeSpoolError(
  { path, packing }: SpoolInput,
  temporaryDirectory: string,
  error: unknown,
): Error {
  if (error instanceof EcrpError) return error;
  const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
  if (code.startsWith('Z_') || code.startsWith('ZSTD_')) {
    return invalidInput(path, `its ${packing} stream is damaged or cut short (${code})`, { cause: error });
  }
  return new EcrpError(
    'INVALID_INPUT',
    `${path}: it cannot be ${packing === undefined ? 'written' : 'unpacked'} into ${temporaryDirectory} (${code})`,
    {
      hint: 'Set TMPDIR to a writable folder with enough room, or push the unpacked archive as a file.',
      cause: error,
    },
  );
}
