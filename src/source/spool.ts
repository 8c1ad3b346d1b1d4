import { randomUUID } from 'node:crypto';
import { closeSync, openSync, rmSync, write } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { createGunzip } from 'node:zlib';
import { EcrpError } from '../errors.ts';
import { invalidInput } from '../oci/json.ts';
import { type ByteFile, createByteFile, streamBytes } from './byte-file.ts';

/** How much a compressed tar may unpack to: `bytes + factor × compressed size`. */
export interface SpoolLimit {
  readonly bytes: number;
  readonly factor: number;
}

/** One largest layer of ECR Public whatever the ratio (an image of zeros packs 1000:1), and beyond that 100:1. */
export const SPOOL_LIMIT: SpoolLimit = { bytes: 10_000 * 1024 * 1024, factor: 100 };

const CHUNK_BYTES = 1024 * 1024;

const writeAll = promisify(write);

/**
 * Unpacks a gzipped file into a temporary one, streaming, and returns that. The temporary file (mode 0600) has no name any
 * more when the first byte is written, where the platform allows it, so nothing stays behind however the process ends.
 * Throws INVALID_INPUT for a damaged stream and for one that unpacks to more than `limit`.
 */
export async function spoolGzip(
  file: ByteFile,
  temporaryDirectory: string,
  limit: SpoolLimit,
  signal?: AbortSignal,
): Promise<ByteFile> {
  const spool = openSpool(file.path, temporaryDirectory);
  try {
    await unpackInto(spool.descriptor, file, limit, signal);
  } catch (error) {
    closeSync(spool.descriptor);
    spool.removeName();
    signal?.throwIfAborted();
    throw describeSpoolError(file.path, temporaryDirectory, error);
  }
  const unpacked = createByteFile(file.path, spool.descriptor);
  return {
    ...unpacked,
    close() {
      unpacked.close();
      spool.removeName();
    },
  };
}

/** When it ends, whichever way, nothing is being written any more. */
async function unpackInto(
  descriptor: number,
  file: ByteFile,
  limit: SpoolLimit,
  signal: AbortSignal | undefined,
): Promise<void> {
  const maxBytes = limit.bytes + limit.factor * file.size;
  const gunzip = createGunzip({ chunkSize: CHUNK_BYTES });
  const feeding = pipeline(streamBytes(file, 0, file.size, file.path), gunzip, { signal });
  const draining = (async () => {
    let written = 0;
    for await (const chunk of gunzip) {
      written += chunk.length;
      if (written > maxBytes) throw refuseBomb(file, maxBytes);
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

function openSpool(archivePath: string, temporaryDirectory: string): Spool {
  const path = join(temporaryDirectory, `ecrp-spool-${randomUUID()}`);
  let descriptor: number;
  try {
    descriptor = openSync(path, 'wx+', 0o600);
  } catch (cause) {
    throw describeSpoolError(archivePath, temporaryDirectory, cause);
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

function refuseBomb(file: ByteFile, maxBytes: number): EcrpError {
  const problem = `its ${file.size} bytes unpack to more than ${maxBytes} bytes, which no image archive does`;
  return new EcrpError('INVALID_INPUT', `${file.path}: ${problem}`, {
    hint: 'If the archive is real, unpack it with `gunzip` and push the tar.',
  });
}

function describeSpoolError(path: string, temporaryDirectory: string, error: unknown): Error {
  if (error instanceof EcrpError) return error;
  const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
  if (code.startsWith('Z_')) {
    return invalidInput(path, `its gzip stream is damaged or cut short (${code})`, { cause: error });
  }
  return new EcrpError(
    'INVALID_INPUT',
    `${path}: it cannot be unpacked into ${temporaryDirectory} (${code})`,
    {
      hint: 'Set TMPDIR to a writable folder with enough room, or unpack the archive with `gunzip` and push the tar.',
      cause: error,
    },
  );
}
