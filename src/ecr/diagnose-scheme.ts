import { connect } from 'node:tls';
import type { Connections } from '../net/connections.ts';
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

/** Whether the server of a URL takes part in a TLS handshake within `mostMs`, whatever its certificate. Sends nothing else; throws nothing. */
function detectTls(url: URL, mostMs: number, signal: AbortSignal): Promise<boolean> {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const port = Number(url.port) || 80;
  return new Promise((resolve) => {
    // Nothing is sent over the connection, so nobody has to be trusted; reading Node's roots would take a while.
    const socket = connect({ host, port, rejectUnauthorized: false, ca: [] });
    const end = (isTls: boolean): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', give);
      socket.destroy();
      resolve(isTls);
    };
    const timer = setTimeout(() => end(false), mostMs);
    const give = (): void => end(false);
    signal.addEventListener('abort', give, { once: true });
    socket.once('secureConnect', () => end(true));
    // An alert is an answer in TLS, such as one that asks for a certificate or another name.
    socket.once('error', ({ message }) => end(/\balert\b/.test(message)));
    socket.once('close', give);
  });
}
