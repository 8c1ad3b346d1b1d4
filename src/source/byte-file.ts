import { closeSync, constants, fstatSync, openSync, read, type Stats, statSync } from 'node:fs';
import { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { promisify } from 'node:util';
import type { ReadHints } from '../ends/image-source.ts';
import { EcrpError } from '../errors.ts';
import type { Digest } from '../oci/digest.ts';
import { invalidInput } from '../oci/json.ts';
import { canDecode, detectFileType, MAGIC_BYTES } from './compression.ts';
import { describeFileError, refuseEarlyEnd } from './refusals.ts';

/** A regular file that is read by position, so that any number of readers can share it. */
export interface ByteFile {
  /** For messages. */
  readonly path: string;
  /** Bytes, when it was opened. */
  readonly size: number;
  /** Bytes of [position, position + length); fewer only where the file ends. `memory`, as long, may be what they are put into. */
  read(position: number, length: number, memory?: Buffer): Promise<Buffer>;
  /** The same for the same file with the same content, as far as the file system tells. */
  readonly identity?: string;
  /** The digest of a range that went by and cannot be read, by its first byte. */
  digestAt?(start: number): Digest | undefined;
  /** Throws INVALID_INPUT when the file is no longer the one that was opened, by size or time of change. */
  assertUnchanged(): void;
  /** Idempotent. */
  close(): void;
}

const CHUNK_BYTES = 1024 * 1024;

const readAt = promisify(read);

/**
 * Opens a regular file for reading; with `followLinks: false` a symbolic link is refused. Throws INVALID_INPUT for whatever
 * cannot be read or is no regular file.
 */
export function openByteFile(path: string, { followLinks }: { readonly followLinks: boolean }): ByteFile {
  // Without O_NONBLOCK a FIFO would be waited for. Windows knows neither flag; bit operations take undefined as 0.
  const flags = constants.O_RDONLY | constants.O_NONBLOCK | (followLinks ? 0 : constants.O_NOFOLLOW);
  let descriptor: number;
  try {
    descriptor = openSync(path, flags);
  } catch (cause) {
    throw describeFileError(path, cause);
  }
  return createByteFile(path, descriptor);
}

/** Wraps an open file descriptor, which is closed with it, also when it turns out to be no regular file. */
export function createByteFile(path: string, descriptor: number): ByteFile {
  const findStats = (): Stats => {
    try {
      return fstatSync(descriptor);
    } catch (cause) {
      throw describeFileError(path, cause);
    }
  };
  const opened = findStats();
  if (!opened.isFile()) {
    closeSync(descriptor);
    throw invalidInput(path, 'not a regular file', {
      hint: 'Write the archive into a file first: `docker save -o FILE NAME:TAG`.',
    });
  }
  let isOpen = true;
  return {
    path,
    size: opened.size,
    identity: [opened.dev, opened.ino, opened.size, opened.mtimeMs, opened.ctimeMs].join(':'),
    async read(position, length, memory) {
      const buffer = memory ?? Buffer.allocUnsafe(length);
      let filled = 0;
      while (filled < length) {
        const { bytesRead } = await readAt(
          descriptor,
          buffer,
          filled,
          length - filled,
          position + filled,
        ).catch((cause: unknown) => {
          throw describeFileError(path, cause);
        });
        // The number of a closed descriptor may stand for another file by now.
        if (!isOpen) throw new Error(`${path} was closed while it was read`);
        if (bytesRead === 0) break;
        filled += bytesRead;
      }
      return buffer.subarray(0, filled);
    },
    assertUnchanged() {
      const now = findStats();
      if (now.size === opened.size && now.mtimeMs === opened.mtimeMs) return;
      throw new EcrpError('INVALID_INPUT', `${path}: it changed while being read`, {
        hint: 'Wait until whatever writes it has finished, and run the command again.',
      });
    },
    close() {
      if (isOpen) closeSync(descriptor);
      isOpen = false;
    },
  };
}

/**
 * Bytes of [start, end) of a file, read as they are asked for. Throws INVALID_INPUT, naming `subject`, when the file ends
 * before that, and when it was changed since it was opened.
 */
export async function* streamBytes(
  file: ByteFile,
  start: number,
  end: number,
  subject: string,
  { transient = false }: ReadHints = {},
): AsyncGenerator<Buffer> {
  file.assertUnchanged();
  const memory = transient ? Buffer.allocUnsafe(Math.min(CHUNK_BYTES, end - start)) : undefined;
  for (let position = start; position < end; ) {
    const length = Math.min(CHUNK_BYTES, end - position);
    const chunk = await file.read(position, length, memory?.subarray(0, length));
    if (chunk.length === 0) {
      file.assertUnchanged();
      throw refuseEarlyEnd(subject, `it is cut short: ${end - position} bytes are missing at its end`);
    }
    position += chunk.length;
    yield chunk;
  }
  file.assertUnchanged();
}

/** Opens a file that is compressed as a whole; undefined for anything else, which `openSource` is to judge. */
export async function openPackedFile(path: string): Promise<ByteFile | undefined> {
  try {
    if (!statSync(path, { throwIfNoEntry: false })?.isFile()) return undefined;
  } catch (cause) {
    throw describeFileError(path, cause);
  }
  const file = openByteFile(path, { followLinks: true });
  let isPacked = false;
  try {
    isPacked = canDecode(detectFileType(await file.read(0, MAGIC_BYTES)));
  } finally {
    if (!isPacked) file.close();
  }
  return isPacked ? file : undefined;
}

/**
 * Opens a FIFO, which a shell's `<(command)` is as well, as a stream; undefined for anything else. What writes it may come
 * later, and waiting for it can be given up by destroying the stream. Throws INVALID_INPUT when it cannot be opened.
 */
export function openFifo(path: string): Readable | undefined {
  try {
    if (!statSync(path, { throwIfNoEntry: false })?.isFIFO()) return undefined;
    // Without O_NONBLOCK a thread would wait for the writer, and the process for that thread at its end.
    const descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    if (fstatSync(descriptor).isFIFO())
      return new Socket({ fd: descriptor, readable: true, writable: false });
    closeSync(descriptor);
    return undefined;
  } catch (cause) {
    throw describeFileError(path, cause);
  }
}
