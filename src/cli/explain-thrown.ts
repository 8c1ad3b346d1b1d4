import { EcrpError } from '../errors.ts';

/** An interruption explains whatever was thrown after it; what is not an EcrpError is a bug, but for the system's own errors. */
export function toEcrpError(thrown: unknown, signal: AbortSignal): EcrpError {
  if (signal.aborted && signal.reason instanceof EcrpError) return signal.reason;
  if (thrown instanceof EcrpError) return thrown;
  if (isFileSystemError(thrown)) {
    return new EcrpError('INVALID_INPUT', `cannot use ${thrown.path}: ${thrown.message}`, {
      hint: 'Check that the path exists, that you may use it, and that the disk is not full.',
      cause: thrown,
    });
  }
  const message = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown);
  return new EcrpError('INTERNAL', `ecrp failed in a way it should not: ${message}`, {
    hint: 'This is a bug. Please report it with the command you ran and what it prints with --verbose.',
    cause: thrown,
  });
}

function isFileSystemError(thrown: unknown): thrown is NodeJS.ErrnoException & { path: string } {
  return (
    thrown instanceof Error && 'syscall' in thrown && 'path' in thrown && typeof thrown.path === 'string'
  );
}
