import { closeSync, constants, fstatSync, openSync, read, type Stats, statSync } from 'node:fs';
import { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { canDecode, detectFileType, MAGIC_BYTES } from '../compress/decoder.ts';
import type { ReadHints } from '../ends/image-source.ts';
import { EcrpError } from '../errors.ts';
import type { Digest } from '../oci/digest.ts';
import { invalidInput } from '../oci/json.ts';
import { refuseEarlyEnd, refuseUnreadable } from './refusals.ts';

/** A file that is read by position, so any number of readers can share it. */
export interface ByteFile {
  /** For messages. */
  readonly path: string;
  /** Bytes when it was opened. */
  readonly size: number;
  /**
   * Reads [position, position + length), fewer bytes only at the end of the file. `memory`, if given, has `length` bytes and
   * receives them.
   */
  read(position: number, length: number, memory?: Buffer): Promise<Buffer>;
  /** Equal for the same file with the same content, as far as the file system can tell. */
  readonly identity?: string;
  /** The digest of a range that cannot be read any more, by its first byte. */
  digestAt?(start: number): Digest | undefined;
  /** Throws INVALID_INPUT if its size or time of modification changed since it was opened. */
  assertUnchanged(): void;
  /** Idempotent. */
  close(): void;
}

const CHUNK_BYTES = 1024 * 1024;

const readAt = promisify(read);

/**
 * Opens a regular file for reading. With `followLinks: false` it refuses a symbolic link. Throws INVALID_INPUT if the file
 * cannot be read or is not a regular file.
 */
export function openByteFile(path: string, { followLinks }: { readonly followLinks: boolean }): ByteFile {
  // Without O_NONBLOCK, opening a FIFO waits for its writer. Windows has neither flag; undefined counts as 0.
  const flags = constants.O_RDONLY | constants.O_NONBLOCK | (followLinks ? 0 : constants.O_NOFOLLOW);
  let descriptor: number;
  try {
    descriptor = openSync(path, flags);
  } catch (cause) {
    throw refuseUnreadable(path, cause);
  }
  return createByteFile(path, descriptor);
}

/** Wraps an open file descriptor. Closing the file closes it; so does this if it is not a regular file. */
export function createByteFile(path: string, descriptor: number): ByteFile {
  const findStats = (): Stats => {
    try {
      return fstatSync(descriptor);
    } catch (cause) {
      throw refuseUnreadable(path, cause);
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
          throw refuseUnreadable(path, cause);
        });
        // A closed descriptor's number may belong to another file by now.
        if (!isOpen) throw new Error(`${path} was closed while it was read`);
        if (bytesRead === 0) break;
        filled += bytesRead;
      }
      return buffer.subarray(0, filled);
    },
    assertUnchanged() {
      const now = findStats();
      if (now.size === opened.size && now.mtimeMs === opened.mtimeMs) return;
      throw new EcrpError('INVALID_INPUT', `${path}: it changed while it was read`, {
        hint: 'Wait until it is written completely, then run the command again.',
      });
    },
    close() {
      if (isOpen) closeSync(descriptor);
      isOpen = false;
    },
  };
}

/**
 * Reads [start, end) of a file, as the chunks are requested. Throws INVALID_INPUT, naming `subject`, if the file ends before
 * `end` or changed since it was opened.
 */
export async function* streamRange(
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

/** Opens a file that is compressed as a whole. Undefined for anything else: `openSource` judges it. */
export async function openCompressedFile(path: string): Promise<ByteFile | undefined> {
  try {
    if (!statSync(path, { throwIfNoEntry: false })?.isFile()) return undefined;
  } catch (cause) {
    throw refuseUnreadable(path, cause);
  }
  const file = openByteFile(path, { followLinks: true });
  let isCompressed = false;
  try {
    isCompressed = canDecode(detectFileType(await file.read(0, MAGIC_BYTES)));
  } finally {
    if (!isCompressed) file.close();
  }
  return isCompressed ? file : undefined;
}

/**
 * Opens a FIFO as a stream; a shell's `<(command)` is one as well. Undefined for anything else. The writer may come later;
 * destroy the stream to stop waiting. Throws INVALID_INPUT if it cannot be opened.
 */
export function openFifo(path: string): Readable | undefined {
  try {
    if (!statSync(path, { throwIfNoEntry: false })?.isFIFO()) return undefined;
    // Without O_NONBLOCK a thread would wait for the writer, and the process could not end.
    const descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    if (fstatSync(descriptor).isFIFO())
      return new Socket({ fd: descriptor, readable: true, writable: false });
    closeSync(descriptor);
    return undefined;
  } catch (cause) {
    throw refuseUnreadable(path, cause);
  }
}
