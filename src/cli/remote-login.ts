import type { Login } from '../docker/helper-protocol.ts';
import { isTlsFailure } from '../net/connection-error.ts';
import type { Connections } from '../net/connections.ts';
import { type AddressedRepository, findLoginKey } from '../oci/image-address.ts';
import type { SendRequest } from '../registry/client.ts';
import { type Entrance, type PresentedLogin, sendLoggedIn } from '../registry/log-in.ts';
import { UnexpectedStatus } from '../registry/read-answer.ts';
import type { CommandContext } from './command-context.ts';
import { listPodmanAuthFiles, lookForDockerConfig } from './directories.ts';

/** How a command logs in to a registry that it reads. */
export interface RemoteLogin {
  readonly send: SendRequest;
  /** The hint of a refusal; undefined for other causes. */
  readonly hintFor: (cause: unknown) => string | undefined;
}

export interface RemoteLoginSettings {
  readonly connections: Connections;
  /** The user name and password that the command line gives. No other login is tried then. */
  readonly given: Login | undefined;
  /** Gets a token of ECR Public with the user's AWS credentials; undefined for other registries. */
  readonly findToken: ((signal: AbortSignal) => Promise<string | undefined>) | undefined;
}

/**
 * Prepares the login to the registry of a repository, for when it asks for one. Logins of docker and podman are looked up for the host of
 * the reference alone. One that is refused is reported, and the registry is then read without one.
 */
export function prepareRemoteLogin(
  context: CommandContext,
  address: AddressedRepository,
  { connections, given, findToken }: RemoteLoginSettings,
): RemoteLogin {
  const { registryHost, repositoryPath } = address;
  const { messages } = context;
  let used: PresentedLogin | undefined;
  let refused: PresentedLogin | undefined;
  const note = (login: PresentedLogin | undefined): PresentedLogin | undefined => {
    if (login !== undefined && used === undefined)
      messages.detail(`Login for ${registryHost}: ${login.origin}`);
    used = login;
    return login;
  };
  const stored: Entrance = {
    kind: 'login',
    find: async (signal) => note(await findStoredLogin(context, address, signal)),
  };
  const anonymous: Entrance = { kind: 'anonymous' };
  const ofGiven = (login: Login): Entrance => ({
    kind: 'login',
    find: async () => note({ kind: 'password', ...login, origin: 'the command line' }),
  });
  const entrances =
    given !== undefined
      ? [ofGiven(given)]
      : findToken === undefined
        ? [stored, anonymous]
        : [anonymous, { kind: 'token', find: findToken } as const, stored, anonymous];
  const send = sendLoggedIn({
    connections,
    repositoryPath,
    entrances,
    onRefused: (login) => {
      refused = login;
      used = undefined;
      messages.note(`${registryHost} refuses the login of ${login.origin}; reading without a login.`);
    },
  });
  const hintFor = (cause: unknown): string | undefined => {
    if (!(cause instanceof UnexpectedStatus)) return hintForConnection(cause, registryHost);
    const renew = `Run 'docker login ${registryHost}'`;
    if (cause.status === 429) {
      return used === undefined && given === undefined
        ? `${renew} for a higher limit, or run the command again later.`
        : 'Run the command again later: the limit of your login is used up.';
    }
    if (!cause.isDenial) return undefined;
    if (given !== undefined)
      return 'Check the user name and password that you gave, and the name of the repository.';
    if (refused !== undefined) return `${renew} again: the registry refuses the login of ${refused.origin}.`;
    return used === undefined
      ? `Check the name; for a private repository, run 'docker login ${registryHost}' first.`
      : `Check the name, and whether the login of ${used.origin} may pull it.`;
  };
  return { send, hintFor };
}

/** The hint when no connection is made. */
function hintForConnection(cause: unknown, registryHost: string): string | undefined {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  if (code === 'ENOTFOUND' || code === 'ECONNREFUSED') {
    return `Check the host name ${registryHost} and the network, then run the command again.`;
  }
  if (code === 'EPROTO') {
    return `Check whether ${registryHost} speaks HTTPS; 'ecrp copy --from-plain-http' reads without it.`;
  }
  return isTlsFailure(cause)
    ? `Put the certificate of the registry's authority into ~/.config/docker/certs.d/${registryHost}/ca.crt.`
    : undefined;
}

/** Finds the login that docker or podman has for a repository; undefined: none. Notes each place that cannot be read. */
export async function findStoredLogin(
  { io, messages }: CommandContext,
  { registryHost, repositoryPath }: AddressedRepository,
  signal: AbortSignal,
): Promise<PresentedLogin | undefined> {
  const { findHostLogin } = await import('../docker/find-login.ts');
  return findHostLogin({
    registryHost,
    loginKey: findLoginKey(registryHost),
    repositoryPath,
    configDirectory: lookForDockerConfig(io),
    authFiles: listPodmanAuthFiles(io),
    env: io.env,
    signal,
    onProblem: (problem) => messages.note(`${problem}; looking for a login elsewhere.`),
  });
}
