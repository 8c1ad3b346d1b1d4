import type { Connections } from '../net/connections.ts';
import { isLoopbackHost } from '../net/local-hosts.ts';
import { discardBody, type HttpAnswer, type HttpRequest } from '../net/send-request.ts';
import { fetchToken, parseBearerChallenge } from './fetch-token.ts';
import { sendFollowing } from './send-following.ts';

/** More often than any registry and login need. */
const MAX_TRIES = 8;
/** Statuses after which a login may help. ECR Public answers an expired token with 400, and a used-up quota with 429. */
const REFUSALS: readonly number[] = [400, 401, 403, 429];

/** What opens a repository. Share one between requests, so that one token serves them all. */
export interface RegistryAccess {
  /** The last token that the registry or `authorize` gave. */
  token?: string | undefined;
  /** Logs in, in the place of what follows and of anonymous tokens. */
  readonly logIn?: RegistryLogIn | undefined;
  /** Gets a token for an account, where anonymous access is refused or its quota is used up. Undefined: the answer stays as it is. */
  readonly authorize?: ((signal: AbortSignal) => Promise<string | undefined>) | undefined;
}

/** Finds what opens a repository that has refused a request. Loaded only by commands that log in. */
export interface RegistryLogIn {
  /** Value of `Authorization` for the next request; undefined: none. */
  readonly authorization: string | undefined;
  /**
   * Finds another one after a refusal, and returns false when nothing is left to try.
   * @param sent What the refused request had.
   */
  tryAfter(refusal: HttpAnswer, sent: string | undefined, signal: AbortSignal): Promise<boolean>;
  /** Notes that a request with `sent` was not refused. */
  noteAccepted(sent: string | undefined): void;
}

/**
 * Sends a request to a registry and returns the answer, whatever its status. Tries anonymously first, then with the token that the
 * challenge points to, then with that of `authorize`. Follows redirects; the token is for the registry's own host alone. Throws
 * `RedirectError` for redirects that lead nowhere.
 */
export async function requestRegistry(
  connections: Connections,
  url: URL,
  { method, headers }: HttpRequest,
  signal: AbortSignal,
  access: RegistryAccess = {},
): Promise<HttpAnswer> {
  const request = { ...(method && { method }), headers: { ...headers } };
  const sendWith = async (authorization: string | undefined): Promise<HttpAnswer> =>
    sendFollowing(connections, url, request, authorization, signal);
  const { logIn } = access;
  if (logIn !== undefined) {
    for (let tries = 0; ; tries += 1) {
      const sent = logIn.authorization;
      const answer = await sendWith(sent);
      const isRefused = REFUSALS.includes(answer.status) && answer.isElsewhere !== true;
      if (!isRefused) logIn.noteAccepted(sent);
      if (!isRefused || tries === MAX_TRIES || !(await logIn.tryAfter(answer, sent, signal))) return answer;
      await discardBody(answer);
    }
  }
  const send = (): Promise<HttpAnswer> =>
    sendWith(access.token === undefined ? undefined : `Bearer ${access.token}`);
  const sendAgain = async (
    last: HttpAnswer,
    token: () => Promise<string> | undefined,
  ): Promise<HttpAnswer> => {
    await discardBody(last);
    access.token = await token();
    return send();
  };
  let answer = await send();
  // The registry answers an expired token with 400 and no challenge. It challenges requests without a token.
  if (answer.status === 400 && access.token !== undefined && !answer.isElsewhere)
    answer = await sendAgain(answer, () => undefined);
  const challenge =
    answer.status === 401 && !answer.isElsewhere && parseBearerChallenge(answer.headers['www-authenticate']);
  if (challenge) answer = await sendAgain(answer, () => fetchToken(connections, challenge, signal));
  const { authorize } = access;
  if (authorize !== undefined && !answer.isElsewhere && [401, 403, 429].includes(answer.status)) {
    const token = await authorize(signal);
    if (token !== undefined) answer = await sendAgain(answer, async () => token);
  }
  return answer;
}

/** Chooses plain HTTP for this machine and HTTPS for other hosts, as container tools do. */
export function chooseScheme(registryHost: string): 'http' | 'https' {
  return isLoopbackHost(registryHost.replace(/:\d+$/, '').toLowerCase()) ? 'http' : 'https';
}
