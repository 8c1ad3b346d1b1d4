import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { findErrorCode } from './file-errors.ts';
import type { OutputTarget } from './locate-output.ts';

const LOOK_AGAIN_MS = 50;
/** Windows has no such flag, and no FIFO in a folder. */
const WITHOUT_WAITING = constants.O_NONBLOCK ?? 0;

export interface WriteInPlaceOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called once when a FIFO has no reader yet. */
  readonly onWait?: (() => void) | undefined;
}

/**
 * Writes into what is there and leaves it what it is. What goes to a descriptor is appended, as others write there too; a regular
 * file holds the data alone afterwards. A FIFO's reader is waited for, without a thread of the pool that would keep the process.
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
      // A FIFO that is full.
      if (findErrorCode(error) !== 'EAGAIN') throw error;
      await sleep(LOOK_AGAIN_MS, undefined, signal && { signal }).catch(() => undefined);
    }
  }
}
