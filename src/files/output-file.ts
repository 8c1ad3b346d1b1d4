import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import {
  access,
  type FileHandle,
  lstat,
  open,
  readlink,
  realpath,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findErrorCode, makeFileError } from './file-errors.ts';
import { replaceFile } from './replace-file.ts';

/** Some file systems store a few bytes beside the name. This many need room on the disk, so a full disk fails. */
const TRIAL_BYTES = 4096;
/** A file that is a mount point or in a foreign directory cannot be replaced, but may be writable in place. */
const KEEPS_FROM_REPLACING = ['EACCES', 'EBUSY', 'EPERM', 'EROFS', 'EXDEV'];

/** Checks that `writeOutputFile` could write a file now. Changes nothing and waits for no reader. Throws the system's error. */
export async function checkOutputFile(path: string): Promise<OutputTarget> {
  const target = await locateOutput(path);
  if (target.kind === 'missing') await tryDirectory(dirname(target.path));
  else if (target.kind === 'regular') await tryFile(target.path);
  else await access(target.path, constants.W_OK);
  return target;
}

/**
 * Writes a file that the user named. Follows links. Replaces a regular file as a whole. Writes in place what must not be
 * replaced: a descriptor (`/dev/stdout`, `/dev/fd/63`), a device, a FIFO, a mounted file, a file in a directory that we cannot
 * write. Waits for the reader of a FIFO. Throws the system's error.
 */
export async function writeOutputFile(
  path: string,
  data: string | Buffer,
  options: WriteInPlaceOptions = {},
): Promise<void> {
  const target = await locateOutput(path);
  if (target.kind !== 'missing' && target.kind !== 'regular') return writeInPlace(target, data, options);
  try {
    await replaceFile(target.path, data);
  } catch (error) {
    if (target.kind === 'missing' || !KEEPS_FROM_REPLACING.includes(findErrorCode(error) ?? '')) throw error;
    await writeInPlace(target, data, options).catch(() => {
      throw error;
    });
  }
}

/** Throws unless the file can be written in place or replaced. */
async function tryFile(path: string): Promise<void> {
  try {
    await (await open(path, 'r+')).close();
  } catch (error) {
    // The file itself is a read-only mount; its directory is not.
    if (findErrorCode(error) === 'EROFS') throw error;
    await tryDirectory(dirname(path));
    if (!(await isReplaceable(path))) throw error;
    return;
  }
  await tryDirectory(dirname(path)).catch((error: unknown) => {
    if (!KEEPS_FROM_REPLACING.includes(findErrorCode(error) ?? '')) throw error;
  });
}

/** In a sticky directory, such as `/tmp`, only the owners of the directory and of the file may replace it. */
async function isReplaceable(path: string): Promise<boolean> {
  const [directory, file] = await Promise.all([stat(dirname(path)), stat(path)]);
  const uid = process.getuid?.();
  const isSticky = (directory.mode & 0o1000) !== 0;
  return !isSticky || uid === 0 || uid === directory.uid || uid === file.uid;
}

/** Makes a file in a directory and removes it again. */
async function tryDirectory(directory: string): Promise<void> {
  const path = join(directory, `.ecrp-${randomUUID()}`);
  try {
    await writeFile(path, Buffer.alloc(TRIAL_BYTES), { flag: 'wx', mode: 0o600 });
  } finally {
    await rm(path, { force: true }).catch(() => undefined);
  }
}

/** A longer chain of links counts as a loop, as on Linux. */
const MAX_LINKS = 40;
const STANDARD_DESCRIPTORS: Readonly<Record<string, number>> = {
  '/dev/stdin': 0,
  '/dev/stdout': 1,
  '/dev/stderr': 2,
};
const DESCRIPTOR_PATH = /^(?:\/dev\/fd|\/proc\/(?:self|thread-self|\d+(?:\/task\/\d+)?)\/fd)\/(\d+)$/;

/** Target of a path that the user gave. */
export type OutputTarget =
  /** Descriptor of this process, named by a path such as `/dev/stdout` or `/dev/fd/63`. */
  | { readonly kind: 'descriptor'; readonly path: string; readonly descriptor: number }
  | { readonly kind: 'missing' | 'regular' | 'fifo' | 'device'; readonly path: string };

/**
 * Finds the target of a path. Follows links, even to a missing file. Throws the system's error: ENOENT if the directory is missing,
 * EISDIR for a directory, ENXIO for a socket or a block device.
 */
export async function locateOutput(path: string): Promise<OutputTarget> {
  let at = resolve(path);
  for (let links = 0; links <= MAX_LINKS; links += 1) {
    // Before the directory is resolved: only this name shows that it is a descriptor.
    const descriptor = findDescriptor(at);
    if (descriptor !== undefined) return { kind: 'descriptor', path: at, descriptor };
    at = join(await realpath(dirname(at)), basename(at));
    const stats = await lstat(at).catch((error: unknown) => {
      if (findErrorCode(error) === 'ENOENT') return undefined;
      throw error;
    });
    if (stats === undefined) return { kind: 'missing', path: at };
    if (stats.isFile()) return { kind: 'regular', path: at };
    if (stats.isFIFO()) return { kind: 'fifo', path: at };
    if (stats.isCharacterDevice()) return { kind: 'device', path: at };
    if (stats.isDirectory()) throw makeFileError('EISDIR', at);
    if (!stats.isSymbolicLink()) throw makeFileError('ENXIO', at);
    at = resolve(dirname(at), await readlink(at));
  }
  throw makeFileError('ELOOP', at);
}

function findDescriptor(path: string): number | undefined {
  const number = DESCRIPTOR_PATH.exec(path)?.[1];
  return number === undefined ? STANDARD_DESCRIPTORS[path] : Number(number);
}

const LOOK_AGAIN_MS = 50;
/** Windows has no such flag. */
const WITHOUT_WAITING = constants.O_NONBLOCK ?? 0;

export interface WriteInPlaceOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called once if a FIFO has no reader yet. */
  readonly onWait?: (() => void) | undefined;
}

/**
 * Writes to an existing target. Appends to a descriptor, because others write to it as well; truncates a regular file. Polls for the
 * reader of a FIFO: a blocked thread would keep the process alive.
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
      // EAGAIN: the FIFO is full.
      if (findErrorCode(error) !== 'EAGAIN') throw error;
      await sleep(LOOK_AGAIN_MS, undefined, signal && { signal }).catch(() => undefined);
    }
  }
}
