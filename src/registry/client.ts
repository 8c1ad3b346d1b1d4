import type { Connections } from '../net/connections.ts';
import { isLoopbackHost } from '../net/local-hosts.ts';
import { discardBody, type HttpAnswer, type HttpRequest } from '../net/send-request.ts';
import { fetchToken, parseBearerChallenge } from './fetch-token.ts';
import { sendFollowing } from './send-following.ts';

/** Sends a request with all that it takes to get its answer, whatever the status. */
export type SendRequest = (url: URL, request: HttpRequest, signal: AbortSignal) => Promise<HttpAnswer>;

/** What opens a repository. Share one between requests, so that one token serves them all. */
export interface RegistryAccess {
  /** The last token that the registry or `authorize` gave. */
  token?: string | undefined;
  /** Sends every request and logs in, in the place of the other members. */
  readonly send?: SendRequest | undefined;
  /** Gets a token for an account, where anonymous access is refused or its quota is used up. Undefined: the answer stays as it is. */
  readonly authorize?: ((signal: AbortSignal) => Promise<string | undefined>) | undefined;
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
  if (access.send !== undefined) return access.send(url, request, signal);
  const send = (): Promise<HttpAnswer> => {
    const { token } = access;
    return sendFollowing(connections, url, request, token && `Bearer ${token}`, signal);
  };
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
