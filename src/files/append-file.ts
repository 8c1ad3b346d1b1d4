import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { makeFileError } from './file-errors.ts';

/** Windows has no such flag. */
const WITHOUT_WAITING = constants.O_NONBLOCK ?? 0;

/**
 * Appends a text to a file as a whole, or leaves the file as it was. Makes a missing file. Never waits, not even for the reader of a FIFO.
 * Throws the system's error; EFBIG if the file would be longer than `mostBytes`.
 */
export async function appendToFile(
  path: string,
  text: string,
  mostBytes = Number.POSITIVE_INFINITY,
): Promise<void> {
  const bytes = Buffer.from(text);
  const flags = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | WITHOUT_WAITING;
  const file = await open(path, flags, 0o644);
  try {
    const before = await file.stat();
    const size = before.isFile() ? before.size : 0;
    if (size + bytes.length > mostBytes) throw makeFileError('EFBIG', path, 'write');
    try {
      await writeBytes(file, bytes);
    } catch (error) {
      if (before.isFile()) await file.truncate(size).catch(() => undefined);
      throw error;
    }
  } finally {
    await file.close();
  }
}

/** A disk that fills up accepts a part without an error, and refuses the rest. */
async function writeBytes(file: FileHandle, bytes: Buffer): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    at += (await file.write(bytes, at, bytes.length - at, null)).bytesWritten;
  }
}
