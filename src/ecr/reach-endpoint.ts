import type { Connections } from '../net/connections.ts';
import { discardBody, sendRequest } from '../net/send-request.ts';
import { makeAttempt } from './attempt.ts';
import { diagnoseScheme } from './diagnose-scheme.ts';
import { explainFailure } from './errors.ts';
import { describeFailure, UnexpectedAnswer } from './failure.ts';

/** An endpoint that answers. */
export interface ReachedEndpoint {
  /** How far its clock is ahead of this machine's, in ms, to about a second. Undefined without a Date in the answer. */
  readonly clockOffsetMs: number | undefined;
}

/**
 * Asks an endpoint for anything, without credentials, and waits `mostMs` for the answer. Throws UNAVAILABLE when none comes, or when it
 * is the page or the redirect of another server.
 */
export async function reachEndpoint(
  connections: Connections,
  url: URL,
  mostMs: number,
  signal: AbortSignal,
): Promise<ReachedEndpoint> {
  try {
    return await makeAttempt(
      (inner) => ask(connections, url, inner),
      { mostMs, limitAnswer: () => mostMs },
      signal,
    );
  } catch (error) {
    signal.throwIfAborted();
    const failure = describeFailure(error);
    const diagnosed = (await diagnoseScheme(url, connections, mostMs)?.(failure, signal)) ?? failure;
    throw explainFailure(diagnosed, { operation: 'GET /', endpoint: url.origin, attempts: 1 });
  }
}

async function ask(connections: Connections, url: URL, signal: AbortSignal): Promise<ReachedEndpoint> {
  const sentMs = Date.now();
  const answer = await sendRequest(connections, url, {}, signal);
  const receivedMs = Date.now();
  await discardBody(answer);
  const { status, headers } = answer;
  // The service has nothing for a GET. A redirect or a page is usually that of a captive portal.
  const isRedirect = status >= 300 && status < 400;
  const isPage = status < 300 && /\bhtml\b/.test(headers['content-type'] ?? '');
  if (isRedirect || isPage) {
    throw new UnexpectedAnswer(isRedirect ? 'with a redirect' : 'with a web page', status, {});
  }
  const serverMs = Date.parse(headers.date ?? '');
  // A Date is cut to its second.
  const clockOffsetMs = Number.isNaN(serverMs) ? undefined : serverMs + 500 - (sentMs + receivedMs) / 2;
  return { clockOffsetMs };
}
