import type { Connections } from '../net/connections.ts';
import { discardBody, type HttpAnswer, type HttpRequest, sendRequest } from '../net/send-request.ts';

const MAX_REDIRECTS = 5;

/** Goes where an answer leads to, if it is a redirect, with the same request; give it no secret, which is not for that place. */
export async function followRedirects(
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
