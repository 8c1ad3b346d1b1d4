import { isObject } from '../json.ts';
import type { Connections } from '../net/connections.ts';
import { isLoopbackHost } from '../net/local-hosts.ts';
import { discardBody, type HttpAnswer, type HttpRequest, sendRequest } from '../net/send-request.ts';
import { parseJson } from '../oci/json.ts';
import { readBytes } from './read-answer.ts';

/** Maximum length of a token endpoint's answer, in bytes. Tokens of ECR Public have some thousand. */
const MAX_TOKEN_BYTES = 1024 * 1024;
const MAX_REDIRECTS = 5;

/** What opens a repository. Share one between requests, so that one token serves them all. */
export interface RegistryAccess {
  /** The last token that the registry or `authorize` gave. */
  token?: string | undefined;
  /** Gets a token for an account, where anonymous access is refused or its quota is used up. Undefined: the answer stays as it is. */
  readonly authorize?: ((signal: AbortSignal) => Promise<string | undefined>) | undefined;
}

/**
 * Sends a request to a registry and returns the answer, whatever its status. Tries anonymously first, then with the token that the
 * challenge points to, then with that of `authorize`. Follows redirects without the token: it is not for other places.
 */
export async function requestRegistry(
  connections: Connections,
  url: URL,
  { method, headers }: HttpRequest,
  signal: AbortSignal,
  access: RegistryAccess = {},
): Promise<HttpAnswer> {
  const request = { ...(method && { method }), headers: { ...headers } };
  const send = (): Promise<HttpAnswer> => {
    const { token } = access;
    const authorized = { ...headers, ...(token !== undefined && { authorization: `Bearer ${token}` }) };
    return sendRequest(connections, url, { ...request, headers: authorized }, signal);
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
  if (answer.status === 400 && access.token !== undefined) answer = await sendAgain(answer, () => undefined);
  const challenge = answer.status === 401 && parseBearerChallenge(answer.headers['www-authenticate']);
  if (challenge) answer = await sendAgain(answer, () => fetchToken(connections, challenge, signal));
  const { authorize } = access;
  if (authorize !== undefined && [401, 403, 429].includes(answer.status)) {
    const token = await authorize(signal);
    if (token !== undefined) answer = await sendAgain(answer, async () => token);
  }
  return followRedirects(connections, answer, request, signal);
}

/** Chooses plain HTTP for this machine and HTTPS for other hosts, as container tools do. */
export function chooseScheme(registryHost: string): 'http' | 'https' {
  return isLoopbackHost(registryHost.replace(/:\d+$/, '').toLowerCase()) ? 'http' : 'https';
}

interface BearerChallenge {
  readonly realm: string;
  readonly service?: string;
  readonly scope?: string;
}

/** Reads a `WWW-Authenticate: Bearer realm="…",service="…",scope="…"` header. Returns undefined for anything else. */
export function parseBearerChallenge(header: string | undefined): BearerChallenge | undefined {
  const [, parameters] = /^Bearer\s+(.+)$/is.exec(header ?? '') ?? [];
  if (parameters === undefined) return undefined;
  const found = new Map<string, string>();
  for (const [, name, quoted, bare] of parameters.matchAll(/([a-z_]+)\s*=\s*(?:"([^"]*)"|([^\s,]+))/gi)) {
    found.set((name ?? '').toLowerCase(), quoted ?? bare ?? '');
  }
  const realm = found.get('realm');
  if (realm === undefined || !URL.canParse(realm)) return undefined;
  const service = found.get('service');
  const scope = found.get('scope');
  return { realm, ...(service !== undefined && { service }), ...(scope !== undefined && { scope }) };
}

/** The answer of a token endpoint holds no token. */
export class NoTokenError extends Error {
  override readonly name = 'NoTokenError';
}

/** Gets the anonymous token that a challenge points to. */
async function fetchToken(
  connections: Connections,
  { realm, service, scope }: BearerChallenge,
  signal: AbortSignal,
): Promise<string> {
  const url = new URL(realm);
  if (service !== undefined) url.searchParams.set('service', service);
  if (scope !== undefined) url.searchParams.set('scope', scope);
  const first = await sendRequest(connections, url, {}, signal);
  const answer = await followRedirects(connections, first, {}, signal);
  const body = parseTokenAnswer(await readBytes(answer, MAX_TOKEN_BYTES), url.host);
  const token = isObject(body) ? (body.token ?? body.access_token) : undefined;
  // Only printable ASCII can go into a header.
  if (typeof token !== 'string' || !/^[\x20-\x7e]+$/.test(token)) {
    throw new NoTokenError(`${url.host} gave no token`);
  }
  return token;
}

function parseTokenAnswer(bytes: Buffer, host: string): unknown {
  try {
    return parseJson(bytes, `the token of ${host}`, MAX_TOKEN_BYTES);
  } catch (error) {
    // parseJson blames the user's input, which this is not.
    throw new NoTokenError(error instanceof Error ? error.message : String(error));
  }
}

/** Follows redirects with the same request, which must carry no secret. */
async function followRedirects(
  connections: Connections,
  first: HttpAnswer,
  request: HttpRequest,
  signal: AbortSignal,
): Promise<HttpAnswer> {
  let answer = first;
  for (let count = 0; count < MAX_REDIRECTS; count += 1) {
    const { status, headers, url } = answer;
    const { location } = headers;
    if (status < 300 || status > 399 || location === undefined || !URL.canParse(location, url.href)) break;
    await discardBody(answer);
    answer = await sendRequest(connections, new URL(location, url), request, signal);
  }
  return answer;
}
