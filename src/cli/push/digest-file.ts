import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { access, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { EcrpError } from '../../errors.ts';

/** Finds out before the push whether the digest can be written after it. */
export async function checkDigestFile(path: string): Promise<void> {
  try {
    await access(dirname(path), constants.W_OK);
    const found = await stat(path).catch(() => undefined);
    if (found?.isDirectory()) throw new Error('it is a directory');
  } catch (cause) {
    throw explain(path, cause);
  }
}

/** Writes the digest alone, as other tools do: whoever sees the file sees the whole of it. */
export async function writeDigestFile(path: string, digest: string): Promise<void> {
  const temporary = `${path}.${randomUUID()}`;
  try {
    await writeFile(temporary, digest);
    await rename(temporary, path);
  } catch (cause) {
    await rm(temporary, { force: true });
    throw explain(path, cause);
  }
}

function explain(path: string, cause: unknown): EcrpError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new EcrpError('INVALID_INPUT', `the digest file ${path} cannot be written: ${reason}`, {
    hint: 'Give --digest-file a path in a directory that exists and that you may write to.',
    cause,
  });
}
