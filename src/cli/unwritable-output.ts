import { join } from 'node:path';
import { EcrpError } from '../errors.ts';
import { describeFileError, findErrorCode, lacksRoom } from '../files/file-errors.ts';
import { quoteForShell } from '../foreign-text.ts';

/** An output file that an option names. */
export interface NamedOutput {
  /** For the message, such as `the digest file`. */
  readonly what: string;
  readonly option: string;
  readonly path: string;
  /** Name to suggest if `path` is a directory. */
  readonly fileName: string;
}

/** Makes the error of an output file that cannot be written: INVALID_INPUT, with the system's reason and a better value. */
export function explainUnwritable({ what, option, path, fileName }: NamedOutput, cause: unknown): EcrpError {
  const hint =
    findErrorCode(cause) === 'EISDIR'
      ? `Name a file: ${option} ${quoteForShell(join(path, fileName))}`
      : lacksRoom(cause)
        ? `Free space there, or give ${option} a path on another disk.`
        : `Give ${option} a path in a directory that exists and that you may write to.`;
  const message = `${what} ${path} cannot be written: ${describeFileError(cause)}`;
  return new EcrpError('INVALID_INPUT', message, { hint, cause });
}
