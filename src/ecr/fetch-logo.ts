import { EcrpError } from '../errors.ts';
import { isLocalHost, isLoopbackHost } from '../net/local-hosts.ts';
import type { RetryBudget } from '../net/retry-budget.ts';
import { discardBody, type HttpAnswer, sendRequest } from '../net/send-request.ts';
import { readBytes, UnexpectedStatus } from '../registry/read-answer.ts';
import { retryReading } from '../registry/retry-reading.ts';
import type { EcrClient } from './client.ts';

/** Ten times what the service takes: who serves logos may store them in another form. */
const MAX_LOGO_ANSWER_BYTES = 5 * 1024 * 1024;
const MAX_REDIRECTS = 3;
/** How long an attempt may receive nothing, in ms. */
const SILENT_MS = 10_000;

export interface LogoRequest {
  /** `logoUrl` of the catalog data. */
  readonly logoUrl: string;
  /** URL of the API that gave the address. */
  readonly endpointUrl: string;
  readonly budget: RetryBudget;
  /** What to do if it cannot be fetched. */
  readonly hint?: string | undefined;
}

/**
 * Fetches a logo and sends no credentials. Takes HTTPS only, and this machine only from an API that is on it. Throws UNAVAILABLE.
 */
export async function fetchLogo(
  { connections }: EcrClient,
  { logoUrl, endpointUrl, budget, hint }: LogoRequest,
  signal: AbortSignal,
): Promise<Buffer> {
  const api = new URL(endpointUrl);
  const read = async (inner: AbortSignal): Promise<Buffer> => {
    const send = (address: string, base?: URL): Promise<HttpAnswer> => {
      // Not retried: the same address would be refused again.
      if (!URL.canParse(address, base?.href)) throw new EcrpError('UNAVAILABLE', 'it is not a URL', { hint });
      const url = new URL(address, base);
      const refusal = explainRefusal(url, api);
      if (refusal !== undefined) throw new EcrpError('UNAVAILABLE', refusal, { hint });
      return sendRequest(connections, url, {}, inner);
    };
    let answer = await send(logoUrl);
    for (let count = 0; count < MAX_REDIRECTS; count += 1) {
      const { location } = answer.headers;
      if (answer.status < 300 || answer.status > 399 || location === undefined) break;
      await discardBody(answer);
      answer = await send(location, answer.url);
    }
    return readBytes(answer, MAX_LOGO_ANSWER_BYTES);
  };
  try {
    return await retryReading('the logo', read, { waitsMs: [], budget, silentMs: SILENT_MS, signal });
  } catch (error) {
    signal.throwIfAborted();
    throw new EcrpError('UNAVAILABLE', `the logo ${logoUrl} cannot be fetched: ${describeFault(error)}`, {
      hint,
      cause: error,
    });
  }
}

/** Explains why a service must not send us to an address. Undefined if it may. */
function explainRefusal({ protocol, hostname, host }: URL, api: URL): string | undefined {
  const isOfApi = host === api.host;
  const isAllowed = isLocalHost(hostname.replaceAll(/[[\]]/g, ''))
    ? isOfApi || (isLoopbackHost(hostname) && isLoopbackHost(api.hostname))
    : protocol === 'https:' || isOfApi;
  if (isAllowed && /^https?:$/.test(protocol)) return undefined;
  return `${protocol}//${host} is not an address that ${api.host} may name`;
}

/** Describes the reason without the words that are for images. */
function describeFault(error: unknown): string {
  const reason = error instanceof EcrpError ? (error.cause ?? error) : error;
  if (reason instanceof UnexpectedStatus) return `its host returned HTTP ${reason.status}`;
  return reason instanceof Error ? reason.message : String(reason);
}
