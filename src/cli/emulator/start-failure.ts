import { EcrpError } from '../../errors.ts';

/** Says why the emulator could not start; it knows plain errors only. */
export function explainStartFailure(error: unknown, port: number): unknown {
  if (!(error instanceof Error)) return error;
  const code = 'code' in error ? error.code : undefined;
  if (code === 'EADDRINUSE') {
    return new EcrpError('CONFLICT', `port ${port} on 127.0.0.1 is in use`, {
      hint: 'Another emulator may be running. Choose another port with --port, or --port 0 for a free one.',
      cause: error,
    });
  }
  if (code === 'EACCES' && 'port' in error) {
    return new EcrpError('USAGE', `port ${port} may not be used by this user`, {
      hint: 'Choose a port above 1023 with --port, or --port 0 for a free one.',
      cause: error,
    });
  }
  // What it says itself is about the data directory; the system's errors have a code, bugs a class of their own.
  if (code === undefined && error.name === 'Error') {
    return new EcrpError('INVALID_INPUT', error.message, { cause: error });
  }
  return error;
}

/** Turns the plain error of an option that the emulator refuses into a USAGE error. */
export function explainBadOption(error: unknown): EcrpError {
  const message = error instanceof Error ? error.message : String(error);
  return new EcrpError('USAGE', message, {
    hint: "'ecrp emulator --help' shows what can be given.",
    cause: error,
  });
}
