import type { Connections } from '../net/connections.ts';
import { discardBody, type HttpAnswer, type HttpRequest, sendRequest } from '../net/send-request.ts';
import { RedirectError } from './read-answer.ts';

const MAX_REDIRECTS = 5;
const REDIRECTS: readonly number[] = [301, 302, 303, 307, 308];

/**
 * Follows the redirects of an answer with its request. The `authorization` of the request goes to the origin of `first` alone, and no more
 * once another one was in between. A request with a body goes nowhere else. Returns an answer that is no redirect, or whose location is no
 * URL. Throws `RedirectError` for too many redirects, and for one to something else than HTTP.
 * @param staysSecure Throws for a redirect from HTTPS to plain HTTP as well.
 */
export async function followRedirects(
  connections: Connections,
  first: HttpAnswer,
  { method, headers, body }: HttpRequest,
  signal: AbortSignal,
  staysSecure: boolean,
): Promise<HttpAnswer> {
  const { authorization, ...others } = headers ?? {};
  let answer = first;
  for (let count = 0; ; count += 1) {
    const { url, status } = answer;
    const { location } = answer.headers;
    const isRedirect =
      REDIRECTS.includes(status) && location !== undefined && URL.canParse(location, url.href);
    // A body may hold a login.
    if (!isRedirect || body !== undefined) return answer;
    await discardBody(answer);
    const next = new URL(location, url);
    if (count === MAX_REDIRECTS) {
      throw new RedirectError(`${first.url.host} redirects again and again, the last time to ${next.host}`);
    }
    const isPlain = next.protocol === 'http:' && (url.protocol === 'http:' || !staysSecure);
    if (next.protocol !== 'https:' && !isPlain) {
      throw new RedirectError(`${url.host} redirects to ${next.protocol}//${next.host}, which is not HTTPS`);
    }
    const isElsewhere = answer.isElsewhere === true || next.origin !== first.url.origin;
    const allowed = isElsewhere || authorization === undefined ? others : { ...others, authorization };
    const request = { ...(method && { method }), headers: allowed };
    answer = { ...(await sendRequest(connections, next, request, signal)), isElsewhere };
  }
}
