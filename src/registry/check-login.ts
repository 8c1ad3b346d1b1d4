import { withDeadline } from '../async/abort.ts';
import { EcrpError } from '../errors.ts';
import { ProxyError } from '../net/connection-error.ts';
import type { Connections } from '../net/connections.ts';
import { discardBody, sendRequest } from '../net/send-request.ts';
import { chooseScheme } from './client.ts';

export interface RegistryLogin {
  readonly registryHost: string;
  readonly username: string;
  readonly secret: string;
  /** ECR Public takes base64 of `AWS:PASSWORD` as a bearer token; private ECR, as every other registry, takes it as Basic. */
  readonly scheme: 'Basic' | 'Bearer';
}

/** To an expired login ECR Public answers 400, private ECR 403, and other registries 401. */
const REFUSALS: readonly number[] = [400, 401, 403];

/** Asks a registry whether it accepts a login, and waits `mostMs` for the answer. Throws UNAVAILABLE without a clear one. */
export async function isLoginAccepted(
  connections: Connections,
  { registryHost, username, secret, scheme }: RegistryLogin,
  mostMs: number,
  signal: AbortSignal,
): Promise<boolean> {
  const url = new URL(`${chooseScheme(registryHost)}://${registryHost}/v2/`);
  const token = Buffer.from(`${username}:${secret}`).toString('base64');
  const headers = { authorization: `${scheme} ${token}` };
  let status: number;
  try {
    status = await withDeadline(signal, mostMs, async (inner) => {
      const answer = await sendRequest(connections, url, { headers }, inner);
      await discardBody(answer);
      return answer.status;
    });
  } catch (cause) {
    signal.throwIfAborted();
    const words = cause instanceof Error ? cause.message || cause.name : String(cause);
    throw new EcrpError('UNAVAILABLE', `${url.origin} does not answer: ${words}`, {
      hint: cause instanceof ProxyError ? cause.hint : 'Check the network, then run it again.',
      cause,
    });
  }
  if (status === 200) return true;
  if (REFUSALS.includes(status)) return false;
  throw new EcrpError('UNAVAILABLE', `${url.origin} returned HTTP ${status}`, {
    hint: 'Run it again later. If the error stays, check whether a proxy is between.',
  });
}
