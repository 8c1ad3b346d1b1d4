import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { findErrorCode } from './file-errors.ts';
import type { OutputTarget } from './locate-output.ts';

const LOOK_AGAIN_MS = 50;
/** Windows has no such flag. */
const WITHOUT_WAITING = constants.O_NONBLOCK ?? 0;

export interface WriteInPlaceOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called once when a FIFO has no reader yet. */
  readonly onWait?: (() => void) | undefined;
}

/**
 * Writes into what is there. Appends to a descriptor, as others write there too; truncates a regular file first. Waits for the
 * reader of a FIFO by polling: a blocked thread of the pool would keep the process from ending.
 */
export async function writeInPlace(
  target: OutputTarget,
  data: string | Buffer,
  options: WriteInPlaceOptions = {},
): Promise<void> {
  const file = await openInPlace(target, options);
  try {
    await writeAll(file, Buffer.from(data), options.signal);
  } finally {
    await file.close();
  }
}

async function openInPlace({ kind, path }: OutputTarget, options: WriteInPlaceOptions): Promise<FileHandle> {
  const { signal, onWait } = options;
  const flags = {
    descriptor: constants.O_APPEND | WITHOUT_WAITING,
    device: WITHOUT_WAITING,
    fifo: WITHOUT_WAITING,
    regular: constants.O_TRUNC,
    missing: constants.O_TRUNC,
  };
  for (let isFirst = true; ; isFirst = false) {
    signal?.throwIfAborted();
    try {
      return await open(path, constants.O_WRONLY | flags[kind]);
    } catch (error) {
      if (kind !== 'fifo' || findErrorCode(error) !== 'ENXIO') throw error;
    }
    if (isFirst) onWait?.();
    await sleep(LOOK_AGAIN_MS, undefined, signal && { signal }).catch(() => undefined);
  }
}

async function writeAll(file: FileHandle, bytes: Buffer, signal: AbortSignal | undefined): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    signal?.throwIfAborted();
    try {
      at += (await file.write(bytes, at, bytes.length - at, null)).bytesWritten;
    } catch (error) {
      // The FIFO is full.
      if (findErrorCode(error) !== 'EAGAIN') throw error;
      await sleep(LOOK_AGAIN_MS, undefined, signal && { signal }).catch(() => undefined);
    }
  }
}
