import type { Connections } from '../net/connections.ts';
import { detectTls } from '../net/detect-tls.ts';
import type { Failure } from './exception.ts';

/** Name of the failure of a request in plain HTTP to a server that wants TLS. */
export const NEEDS_TLS = 'NeedsTls';

/** A server that has not taken part in a handshake by then is not worth a longer wait. */
const MOST_MS = 2_000;

/** Looks at a failed attempt more closely. Throws the signal's reason when it is aborted. */
export type Diagnose = (failure: Failure, signal: AbortSignal) => Promise<Failure>;

/**
 * Finds out whether requests in plain HTTP fail as the server wants TLS: then the failure becomes `NEEDS_TLS`. It asks the server
 * once, and waits for `mostMs` or two seconds. Undefined for endpoints with TLS, and for those behind a proxy, whose server nobody can ask.
 */
export function diagnoseScheme(
  endpoint: URL,
  connections: Connections,
  mostMs = MOST_MS,
): Diagnose | undefined {
  if (endpoint.protocol !== 'http:' || connections.findProxy(endpoint) !== undefined) return undefined;
  let asked: Promise<boolean> | undefined;
  return async (failure, signal) => {
    if (!isSuspicious(failure)) return failure;
    asked ??= detectTls(endpoint, Math.min(mostMs, MOST_MS), signal);
    const isTls = await asked;
    signal.throwIfAborted();
    if (!isTls) return failure;
    return { ...failure, name: NEEDS_TLS, status: undefined, message: 'the server expects TLS' };
  };
}

/** What servers with TLS answer to plain HTTP: they hang up, send an alert, or say that it is a bad request. */
function isSuspicious({ name, status, fromService }: Failure): boolean {
  return (
    !fromService && (name === 'ECONNRESET' || name === 'EPIPE' || name.startsWith('HPE_') || status === 400)
  );
}
