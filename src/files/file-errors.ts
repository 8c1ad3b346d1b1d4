/** The system's error codes in words. */
const reasons: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EBUSY: 'it is mounted, so it cannot be replaced',
  EDQUOT: 'the disk quota is used up',
  EFBIG: 'the limit on file sizes is reached',
  EIO: 'the disk failed',
  EISDIR: 'it is a directory',
  ELOOP: 'it is a symbolic link that is not followed',
  EMFILE: 'too many files are open',
  ENAMETOOLONG: 'the name is too long',
  ENOENT: 'no such file or directory',
  ENOSPC: 'the disk is full',
  ENOTDIR: 'a part of the path is not a directory',
  ENXIO: 'nothing reads from it',
  EPERM: 'operation not permitted',
  EPIPE: 'its reader has gone away',
  EROFS: 'the file system is read-only',
};

/** Says what went wrong with a file, without its path: `the disk is full (ENOSPC)`. */
export function describeFileError(error: unknown): string {
  const code = findErrorCode(error);
  const reason = code === undefined ? undefined : reasons[code];
  if (reason !== undefined) return `${reason} (${code})`;
  return error instanceof Error ? error.message : String(error);
}

/** The system's code of an error, such as `ENOSPC`. */
export function findErrorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined;
}

/** Whether it would help to free space where the file is. */
export function lacksRoom(error: unknown): boolean {
  return ['ENOSPC', 'EDQUOT'].includes(findErrorCode(error) ?? '');
}

/** Makes an error of the system's form, for what we find before the system does. */
export function makeFileError(code: string, path: string, syscall = 'open'): NodeJS.ErrnoException {
  return Object.assign(new Error(`${code}: ${reasons[code] ?? 'failed'}, ${syscall} '${path}'`), {
    code,
    path,
    syscall,
  });
}
