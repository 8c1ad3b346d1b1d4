import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { groupDigits } from './findings.ts';

/** Why a file could not be read, as the end of a sentence that begins with its name. */
export class UnreadableFile extends Error {}

/**
 * Reads a file of at most `maxBytes`, also a pipe, so that `--catalog <(…)` works; `UnreadableFile` when that fails.
 */
export async function readBounded(path: string, maxBytes: number): Promise<Buffer> {
  try {
    const chunks: Buffer[] = [];
    // One byte more than allowed tells that there are more; `end` is inclusive.
    for await (const chunk of createReadStream(path, { end: maxBytes })) chunks.push(chunk);
    const bytes = Buffer.concat(chunks);
    if (bytes.length > maxBytes) throw new UnreadableFile(`has more than ${groupDigits(maxBytes)} bytes`);
    return bytes;
  } catch (error) {
    throw error instanceof UnreadableFile ? error : new UnreadableFile(explain(error));
  }
}

/** The same for a file that is named in another one: nothing but a regular file, as waiting for a pipe would surprise. */
export async function readRegularFile(path: string, maxBytes: number): Promise<Buffer> {
  const stats = await stat(path).catch((error: unknown) => {
    throw new UnreadableFile(explain(error));
  });
  if (!stats.isFile() && !stats.isDirectory()) throw new UnreadableFile('is not a regular file');
  return readBounded(path, maxBytes);
}

/** Decodes UTF-8 without its byte order mark; `UnreadableFile` for other encodings. */
export function decodeText(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new UnreadableFile('is not UTF-8 text');
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  ENOTDIR: 'does not exist',
  EISDIR: 'is a directory',
  EACCES: 'permission denied',
};

function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error ? String(error.code) : '';
  return REASONS[code] ?? `cannot be read: ${error.message}`;
}
