import { closeSync, constants, fstatSync, openSync, statSync } from 'node:fs';
import { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { describeFileError } from './read-error.ts';

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
