import { isObject } from '../json.ts';
import type { Connections } from '../net/connections.ts';
import { discardBody, type HttpAnswer, type HttpRequest, sendRequest } from '../net/send-request.ts';
import { parseJson } from '../oci/json.ts';
import { type BearerChallenge, parseBearerChallenge } from './bearer-challenge.ts';
import { followRedirects } from './follow-redirects.ts';
import { readBytes } from './read-bytes.ts';

/** Longest answer of a token endpoint in bytes; tokens of ECR Public have some thousand. */
const MAX_TOKEN_BYTES = 1024 * 1024;

/** The anonymous token of a repository, for one request after the other. */
export interface KeptToken {
  token?: string | undefined;
}

/**
 * One request to a registry without credentials; when challenged, with the anonymous token that the challenge points
 * to, which is kept in `kept`. Redirects are followed without the token.
 */
export async function fetchAnonymously(
  connections: Connections,
  url: URL,
  { method, headers }: HttpRequest,
  signal: AbortSignal,
  kept: KeptToken = {},
): Promise<HttpAnswer> {
  const request = { ...(method && { method }), headers: { ...headers } };
  const ask = (): Promise<HttpAnswer> => {
    const { token } = kept;
    const authorized = { ...headers, ...(token !== undefined && { authorization: `Bearer ${token}` }) };
    return sendRequest(connections, url, { ...request, headers: authorized }, signal);
  };
  let answer = await ask();
  // The registry answers an expired token with 400, and sends no challenge.
  if (answer.status === 400 && kept.token !== undefined) {
    kept.token = undefined;
    await discardBody(answer);
    answer = await ask();
  }
  const challenge = answer.status === 401 && parseBearerChallenge(answer.headers['www-authenticate']);
  if (challenge) {
    await discardBody(answer);
    kept.token = await fetchToken(connections, challenge, signal);
    answer = await ask();
  }
  return followRedirects(connections, answer, request, signal);
}

/** What a token endpoint answered holds no token. */
export class NoTokenError extends Error {
  override readonly name = 'NoTokenError';
}

/** The anonymous token that a challenge points to. */
export async function fetchToken(
  connections: Connections,
  { realm, service, scope }: BearerChallenge,
  signal: AbortSignal,
): Promise<string> {
  const url = new URL(realm);
  if (service !== undefined) {
    url.searchParams.set('service', service);
  }
  if (scope !== undefined) {
    url.searchParams.set('scope', scope);
  }
  const answer = await followRedirects(
    connections,
    await sendRequest(connections, url, {}, signal),
    {},
    signal,
  );
  const body = parseToken(await readBytes(answer, MAX_TOKEN_BYTES), url.host);
  const token = isObject(body) ? (body.token ?? body.access_token) : undefined;
  // It goes into a header as it is.
  if (typeof token !== 'string' || !/^[\x20-\x7e]+$/.test(token)) {
    throw new NoTokenError(`${url.host} gave no token`);
  }
  return token;
}

function parseToken(bytes: Buffer, host: string): unknown {
  try {
    return parseJson(bytes, `the token of ${host}`, MAX_TOKEN_BYTES);
  } catch (error) {
    // What a registry says is no input of the user's.
    throw new NoTokenError(error instanceof Error ? error.message : String(error));
  }
}
