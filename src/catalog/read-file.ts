// `catalog/` loads and checks catalog files: what the Gallery shows of a repository, and its resource tags.

import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { type Findings, groupDigits } from './findings.ts';

/** Its message ends a sentence that begins with the name of the file. */
export class UnreadableFile extends Error {}

/** Reads a file of at most `maxBytes`. Accepts a pipe, for `--catalog <(…)`. Throws `UnreadableFile`. */
export async function readBounded(path: string, maxBytes: number): Promise<Buffer> {
  try {
    const chunks: Buffer[] = [];
    // `end` is inclusive: one byte more than allowed shows that the file is too long.
    for await (const chunk of createReadStream(path, { end: maxBytes })) chunks.push(chunk);
    const bytes = Buffer.concat(chunks);
    if (bytes.length > maxBytes) throw new UnreadableFile(`has more than ${groupDigits(maxBytes)} bytes`);
    return bytes;
  } catch (error) {
    throw error instanceof UnreadableFile ? error : new UnreadableFile(explain(error));
  }
}

/**
 * Reads a file that a catalog file names and passes its bytes to `use`. An `UnreadableFile` becomes a problem of the member `where`.
 * @returns The result of `use`, or undefined.
 */
export async function useNamedFile<Result>(
  path: string,
  maxBytes: number,
  where: string,
  { problems }: Findings,
  use: (bytes: Buffer) => Result,
): Promise<Result | undefined> {
  try {
    return use(await readRegularFile(path, maxBytes));
  } catch (error) {
    if (!(error instanceof UnreadableFile)) throw error;
    problems.push(`${where}: ${path} ${error.message}`);
    return undefined;
  }
}

/** Accepts regular files only: nobody expects ecrp to wait for a pipe that a catalog file names. */
async function readRegularFile(path: string, maxBytes: number): Promise<Buffer> {
  const stats = await stat(path).catch((error: unknown) => {
    throw new UnreadableFile(explain(error));
  });
  if (!stats.isFile() && !stats.isDirectory()) throw new UnreadableFile('is not a regular file');
  return readBounded(path, maxBytes);
}

/** Decodes UTF-8 and drops a byte order mark. Throws `UnreadableFile` for other encodings. */
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
