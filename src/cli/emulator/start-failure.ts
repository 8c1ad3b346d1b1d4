import { EcrpError } from '../../errors.ts';
import { describeFileError, lacksRoom } from '../../files/file-errors.ts';

/** Where an emulator was to listen, and keep its data. */
export interface EmulatorPlace {
  readonly host: string;
  readonly port: number;
  readonly dataDirectory: string;
}

/** Says why the emulator could not start; it knows plain errors only. */
export function explainStartFailure(error: unknown, { host, port, dataDirectory }: EmulatorPlace): unknown {
  if (!(error instanceof Error)) return error;
  if (lacksRoom(error)) {
    const message = `the emulator's data cannot be written to ${dataDirectory}: ${describeFileError(error)}`;
    return new EcrpError('INVALID_INPUT', message, {
      hint: 'Free space there, or give --data a directory on another disk.',
      cause: error,
    });
  }
  const code = 'code' in error ? error.code : undefined;
  if ((code === 'EEXIST' || code === 'ENOTDIR') && 'path' in error) {
    return new EcrpError('INVALID_INPUT', `--data ${dataDirectory}: the path leads to a file`, {
      hint: 'Name a directory. The emulator makes it when it is missing.',
      cause: error,
    });
  }
  if (code === 'EADDRINUSE') {
    return new EcrpError('CONFLICT', `port ${port} on ${host} is in use`, {
      hint: 'Another emulator may be running. Choose another port with --port, or --port 0 for a free one.',
      cause: error,
    });
  }
  if (code === 'EACCES' && 'port' in error) {
    return new EcrpError('USAGE', `cannot listen on port ${port}: permission denied`, {
      hint: 'Choose a port above 1023 with --port, or --port 0 for a free one.',
      cause: error,
    });
  }
  if (code === 'EADDRNOTAVAIL') {
    return new EcrpError('USAGE', `--host ${host}: this machine has no such address`, {
      hint: 'Use 0.0.0.0 for every address of this machine.',
      cause: error,
    });
  }
  // What it says itself is about the data directory; the system's errors have a code, bugs a class of their own.
  if (code === undefined && error.name === 'Error') {
    return new EcrpError('INVALID_INPUT', error.message, {
      hint: 'Give --data another directory, or none for an emulator that forgets.',
      cause: error,
    });
  }
  return error;
}

/** Throws USAGE when it would listen to other machines and answer to no name but those of loopback. */
export function requireAllowedHost(host: string | undefined, allowedHosts: readonly string[] = []): void {
  if (host === undefined || /^(?:127\.|::1$)/.test(host) || allowedHosts.length > 0) return;
  throw new EcrpError(
    'USAGE',
    `--host ${host}: it needs --allow-host for each name the emulator is reached by`,
    {
      hint: 'Add --allow-host NAME, as in --host 0.0.0.0 --allow-host registry.',
    },
  );
}

/** Turns the plain error of an option that the emulator refuses into a USAGE error. */
export function explainBadOption(error: unknown): EcrpError {
  const message = error instanceof Error ? error.message : String(error);
  return new EcrpError('USAGE', message, {
    hint: "'ecrp emulator --help' shows what can be given.",
    cause: error,
  });
}
