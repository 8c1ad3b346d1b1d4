import type { Connections } from '../net/connections.ts';
import { type HttpAnswer, type HttpRequest, sendRequest } from '../net/send-request.ts';

/** Sends a request, with an `Authorization` if one is given, and follows redirects as `followRedirects` does. */
export async function sendFollowing(
  connections: Connections,
  url: URL,
  request: HttpRequest,
  authorization: string | undefined,
  signal: AbortSignal,
  staysSecure = false,
): Promise<HttpAnswer> {
  const headers = { ...request.headers, ...(authorization !== undefined && { authorization }) };
  const authorized = { ...request, headers };
  const answer = await sendRequest(connections, url, authorized, signal);
  if (answer.status < 301 || answer.status > 308) return answer;
  // Few requests need it, so it is loaded then.
  const { followRedirects } = await import('./follow-redirects.ts');
  return followRedirects(connections, answer, authorized, signal, staysSecure);
}
