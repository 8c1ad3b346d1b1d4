import { EcrpError } from '../../../errors.ts';
import { describeFileError, lacksRoom } from '../../../files/file-errors.ts';

/** The address and the data directory of an emulator. */
export interface EmulatorPlace {
  readonly host: string;
  readonly port: number;
  readonly dataDirectory: string;
}

/** Turns a plain error of the emulator's start into one with a code and a hint. */
export function explainStartFailure(error: unknown, { host, port, dataDirectory }: EmulatorPlace): unknown {
  if (!(error instanceof Error)) return error;
  if (lacksRoom(error)) {
    const message = `cannot write the emulator's data to ${dataDirectory}: ${describeFileError(error)}`;
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
  const failed = 'port' in error ? Number(error.port) : port;
  const option = failed === port ? '--port' : '--private-port';
  if (code === 'EADDRINUSE') {
    return new EcrpError('CONFLICT', `port ${failed} on ${host} is in use`, {
      hint: `Another emulator may be running. Choose another port with ${option}, or ${option} 0 for a free one.`,
      cause: error,
    });
  }
  if (code === 'EACCES' && 'port' in error) {
    return new EcrpError('USAGE', `cannot listen on port ${failed}: permission denied`, {
      hint: `Choose a port above 1023 with ${option}, or ${option} 0 for a free one.`,
      cause: error,
    });
  }
  if (code === 'EADDRNOTAVAIL') {
    return new EcrpError('USAGE', `--host ${host}: this machine has no such address`, {
      hint: 'Use 0.0.0.0 for every address of this machine.',
      cause: error,
    });
  }
  // The store throws plain errors about the data directory. System errors have a code, and bugs have a class of their own.
  if (code === undefined && error.name === 'Error') {
    return new EcrpError('INVALID_INPUT', error.message, {
      hint: 'Give --data another directory, or leave it out to keep no data.',
      cause: error,
    });
  }
  return error;
}

/** Throws USAGE for an emulator that other machines can reach, but whose allowed names are only those of loopback. */
export function requireAllowedHost(host: string | undefined, allowedHosts: readonly string[] = []): void {
  if (host === undefined || /^(?:127\.|::1$)/.test(host) || allowedHosts.length > 0) return;
  throw new EcrpError('USAGE', `--host ${host}: it needs --allow-host for each name that clients use`, {
    hint: 'Add --allow-host NAME, as in --host 0.0.0.0 --allow-host registry.',
  });
}

/** Turns the emulator's plain error about an option into a USAGE error. */
export function explainBadOption(error: unknown): EcrpError {
  const message = error instanceof Error ? error.message : String(error);
  return new EcrpError('USAGE', message, {
    hint: "Run 'ecrp emulator --help' to see the options.",
    cause: error,
  });
}
