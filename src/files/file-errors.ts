// `files/` writes every file: whole files are replaced at once; private directories hold cache and state.

/** Error codes of the system in words. */
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

/** Describes an error of a file without its path: `the disk is full (ENOSPC)`. */
export function describeFileError(error: unknown): string {
  const code = findErrorCode(error);
  const reason = code === undefined ? undefined : reasons[code];
  if (reason !== undefined) return `${reason} (${code})`;
  return error instanceof Error ? error.message : String(error);
}

/** Finds the system's code of an error, e.g. `ENOSPC`. */
export function findErrorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined;
}

/** True if freeing space on the disk would help. */
export function lacksRoom(error: unknown): boolean {
  return ['ENOSPC', 'EDQUOT'].includes(findErrorCode(error) ?? '');
}

/** Makes an error in the system's form, for a problem found before the system finds it. */
export function makeFileError(code: string, path: string, syscall = 'open'): NodeJS.ErrnoException {
  return Object.assign(new Error(`${code}: ${reasons[code] ?? 'failed'}, ${syscall} '${path}'`), {
    code,
    path,
    syscall,
  });
}
