import { isTimeoutError } from '../../async/abort.ts';
import { EcrpError } from '../../errors.ts';
import { findErrorCode } from '../../files/file-errors.ts';
import { isTlsFailure } from '../../net/connection-error.ts';
import type { EngineConnection } from './connection.ts';
import { SshFailure } from './ssh-agent.ts';

// The errors for an engine that cannot be reached. Each says which address was tried, and what to do.

/** True if the path of a socket does not exist. */
export function isMissingSocket(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR'].includes(findErrorCode(error) ?? '');
}

/** The error when none of the usual sockets has an engine. `failures`: one line for each. */
export function refuseEngines(failures: readonly string[]): EcrpError {
  return new EcrpError('INVALID_INPUT', 'no engine runs here: neither docker nor podman answers', {
    items: failures,
    hint: 'Start one (`systemctl start docker`, `systemctl --user start podman.socket`), or set DOCKER_HOST.',
  });
}

/**
 * The error for an engine that does not answer.
 * @param from What names its address; undefined: it is one of the usual sockets.
 */
export function refuseEngine(
  { address, name }: EngineConnection,
  from: string | undefined,
  error: unknown,
): EcrpError {
  if (error instanceof EcrpError) return error;
  const place = from === undefined ? name : `${name} (${from})`;
  const refuse = (problem: string, hint: string) =>
    new EcrpError('INVALID_INPUT', `the engine at ${place} cannot be used: ${problem}`, {
      hint,
      cause: error,
    });
  const code = findErrorCode(error) ?? '';
  if (error instanceof SshFailure) {
    return refuse(error.message, 'Try the connection alone: `ssh HOST docker version`.');
  }
  if (code === 'EACCES' || code === 'EPERM') return refuse('permission denied', hintPermission(name));
  if (isTlsFailure(error)) {
    return refuse(
      `TLS failed (${code})`,
      'Check DOCKER_TLS_VERIFY, and the files ca.pem, cert.pem and key.pem: they must be of this engine.',
    );
  }
  const isHttp = code.startsWith('HPE_') || code === 'ECONNRESET';
  const problem = isTimeoutError(error) ? messageOf(error) : (REASONS[code] ?? `${messageOf(error)}`);
  return refuse(
    problem,
    isHttp && address.kind === 'tcp'
      ? 'Check whether it is an engine, and whether it needs TLS: DOCKER_TLS_VERIFY=1.'
      : `Check ${from ?? 'the engine'}, and whether the engine runs: \`docker version\`.`,
  );
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such socket',
  ENOTDIR: 'there is no such socket',
  ECONNREFUSED: 'nothing listens there',
  ECONNRESET: 'it closed the connection without an answer',
  EHOSTUNREACH: 'the host cannot be reached',
  ENETUNREACH: 'the network cannot be reached',
  ENOTFOUND: 'the host is unknown',
  EAI_AGAIN: 'the name of the host cannot be resolved now',
  ETIMEDOUT: 'the host does not answer',
};

function hintPermission(name: string): string {
  return name.includes('podman')
    ? 'Use an engine of your own: `systemctl --user enable --now podman.socket`.'
    : "Join the socket's group, then log in again: `sudo usermod -aG docker $USER`.";
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
