import { lstat, readlink, realpath } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { findErrorCode, makeFileError } from './file-errors.ts';

/** A longer chain of links counts as a circle, as on Linux. */
const MAX_LINKS = 40;
const STANDARD_DESCRIPTORS: Readonly<Record<string, number>> = {
  '/dev/stdin': 0,
  '/dev/stdout': 1,
  '/dev/stderr': 2,
};
const DESCRIPTOR_PATH = /^(?:\/dev\/fd|\/proc\/(?:self|thread-self|\d+(?:\/task\/\d+)?)\/fd)\/(\d+)$/;

/** What a path of the user leads to. */
export type OutputTarget =
  /** One of the process's own descriptors, as `/dev/stdout` or `/dev/fd/63` names it; `path` is that of the descriptor. */
  | { readonly kind: 'descriptor'; readonly path: string; readonly descriptor: number }
  | { readonly kind: 'missing' | 'regular' | 'fifo' | 'device'; readonly path: string };

/**
 * Finds what a path leads to. Follows links, also one to a file that does not exist yet. Throws the system's error: ENOENT when
 * the directory is missing, EISDIR for a directory, ENXIO for a socket or a block device.
 */
export async function locateOutput(path: string): Promise<OutputTarget> {
  let at = resolve(path);
  for (let links = 0; links <= MAX_LINKS; links += 1) {
    // Before the directory is resolved: only its own name says that this is a descriptor.
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
