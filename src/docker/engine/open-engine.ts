import { withDeadline } from '../../async/abort.ts';
import { EcrpError } from '../../errors.ts';
import { cutText } from '../../foreign-text.ts';
import { readBody } from '../../net/send-request.ts';
import type { EngineAddress } from './address.ts';
import { connectToEngine, type EngineConnection } from './connection.ts';
import { isMissingSocket, refuseEngine, refuseEngines } from './engine-errors.ts';
import { type EngineChoice, type EnginePlace, findEngine } from './find-engine.ts';

/** An engine that has answered. */
export interface Engine {
  readonly connection: EngineConnection;
  /** Its client, for hints. */
  readonly program: 'docker' | 'podman';
  /** The newest version of the API that it has; undefined when it does not say. */
  readonly apiVersion: ApiVersion | undefined;
}

export interface ApiVersion {
  readonly major: number;
  readonly minor: number;
}

/** How long a local engine or one behind TCP may take for its first answer. */
const FIRST_ANSWER_MS = 10_000;
/** The same through ssh, which may ask a person for a password. */
const SSH_ANSWER_MS = 5 * 60_000;

const MAX_PING_BYTES = 16 * 1024;

/**
 * Connects to the engine that `findEngine` chooses. If nothing is configured, tries the usual sockets. The caller closes the connection.
 * Throws INVALID_INPUT if no engine answers, and as `findEngine`.
 */
export async function openEngine(place: EnginePlace, signal: AbortSignal): Promise<Engine> {
  const choice = await findEngine(place);
  const failures: string[] = [];
  for (const address of choice.addresses) {
    const connection = connectToEngine(address, place.env);
    try {
      return await greet(connection, signal);
    } catch (error) {
      connection.close();
      signal.throwIfAborted();
      const failure = refuseEngine(connection, choice.from, error);
      if (!mayBeElsewhere(choice, error)) throw failure;
      failures.push(
        `${connection.name}: ${isMissingSocket(error) ? 'there is no such socket' : 'nothing listens'}`,
      );
    }
  }
  throw refuseEngines(failures);
}

/** Another usual socket may have an engine, unless this one has one that does not answer. */
function mayBeElsewhere({ from }: EngineChoice, error: unknown): boolean {
  return from === undefined && (isMissingSocket(error) || isRefused(error));
}

function isRefused(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ECONNREFUSED';
}

/** Asks for the version of the API. Throws the system's error, or an `EcrpError` for an answer that no engine gives. */
async function greet(connection: EngineConnection, signal: AbortSignal): Promise<Engine> {
  return withDeadline(signal, findPatience(connection.address), async (inner) => {
    const response = await connection.get('/_ping', inner);
    const body = await readBody(response, { maxBytes: MAX_PING_BYTES });
    const { statusCode, headers } = response;
    if (statusCode !== 200) {
      const words = cutText(body.toString().trim().split('\n')[0] ?? '', 200);
      throw new EcrpError(
        'INVALID_INPUT',
        `${connection.name} is no Docker engine: it answered HTTP ${statusCode}${words && `, ${words}`}`,
        {
          hint: /HTTPS/.test(words)
            ? 'Set DOCKER_TLS_VERIFY=1, and DOCKER_CERT_PATH to the directory with its certificates.'
            : 'Set DOCKER_HOST to the address of the engine.',
        },
      );
    }
    return {
      connection,
      program: 'libpod-api-version' in headers ? 'podman' : 'docker',
      apiVersion: parseVersion(headers['api-version']),
    };
  });
}

function findPatience({ kind }: EngineAddress): number {
  return kind === 'ssh' ? SSH_ANSWER_MS : FIRST_ANSWER_MS;
}

function parseVersion(header: string | readonly string[] | undefined): ApiVersion | undefined {
  const [, major, minor] = /^(\d{1,3})\.(\d{1,3})$/.exec(String(header)) ?? [];
  return major === undefined || minor === undefined
    ? undefined
    : { major: Number(major), minor: Number(minor) };
}
