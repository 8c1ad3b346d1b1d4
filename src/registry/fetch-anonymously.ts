import { parseBearerChallenge } from './bearer-challenge.ts';
import { chooseScheme } from './choose-scheme.ts';
import { freeConnection, letGo } from './let-go.ts';

export interface RegistryRequest {
  readonly method: 'GET' | 'HEAD';
  readonly accept: string;
}

/**
 * One request to a registry without credentials; when challenged, with the anonymous token that the challenge points
 * to. Redirects are followed without the token, as `fetch` drops it when the host changes.
 */
export async function fetchAnonymously(
  registryHost: string,
  path: string,
  { method, accept }: RegistryRequest,
  signal: AbortSignal,
): Promise<Response> {
  const url = `${chooseScheme(registryHost)}://${registryHost}${path}`;
  const response = await fetch(url, { method, headers: { accept }, signal });
  const challenge = response.status === 401 && parseBearerChallenge(response.headers.get('www-authenticate'));
  if (!challenge) {
    return response;
  }
  await letGo(response);
  const token = await fetchToken(challenge, signal);
  return fetch(url, { method, headers: { accept, authorization: `Bearer ${token}` }, signal });
}

/** The anonymous token that a challenge points to. */
export async function fetchToken(
  { realm, service, scope }: { realm: string; service?: string; scope?: string },
  signal: AbortSignal,
): Promise<string> {
  const url = new URL(realm);
  if (service !== undefined) {
    url.searchParams.set('service', service);
  }
  if (scope !== undefined) {
    url.searchParams.set('scope', scope);
  }
  const response = await fetch(url, { signal });
  const body: unknown = await response.json();
  await freeConnection();
  if (typeof body === 'object' && body !== null) {
    const token = 'token' in body ? body.token : 'access_token' in body ? body.access_token : undefined;
    if (typeof token === 'string') {
      return token;
    }
  }
  throw new TypeError(`${realm} gave no token`);
}
