import { EcrpError } from '../errors.ts';

/** The error for a file that could not be opened, looked at or read: it is the file's error, whatever the system says. */
export function describeFileError(path: string, cause: unknown): EcrpError {
  if (cause instanceof EcrpError) return cause;
  const code = findErrorCode(cause);
  const refuse = (problem: string, hint: string) =>
    new EcrpError('INVALID_INPUT', `${path}: ${problem}`, { hint, cause });
  switch (code) {
    case 'ELOOP':
      return refuse('too many symbolic links on the way to it', 'Check where the links lead: `ls -l`.');
    case 'ENOENT':
    case 'ENOTDIR':
      return refuse(
        'no such file or directory',
        'Check the path; `docker save -o FILE NAME:TAG` makes an archive.',
      );
    case 'ENAMETOOLONG':
      return refuse('the name is too long for a file', 'Check the path.');
    case 'EACCES':
    case 'EPERM':
      return refuse('permission denied', 'Check the permissions of the file and of the folders above it.');
    case 'EISDIR':
      return refuse('a directory, not an archive', 'Give the path of an archive, or of an OCI image layout.');
    default:
      return refuse(
        `read error (${code})`,
        'Check the disk or the mount, or copy the file to another place.',
      );
  }
}

/** The system's name for an error, e.g. `EIO`; its text where it has none. */
export function findErrorCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
