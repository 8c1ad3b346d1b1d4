import { connect } from 'node:tls';
import { onAbort } from '../async/abort.ts';
import type { Connections } from '../net/connections.ts';
import type { Failure } from './failure.ts';

/** Name of the failure of plain HTTP to a server with TLS. */
export const NEEDS_TLS = 'NeedsTls';

/** Time limit for a server to answer a handshake. */
const HANDSHAKE_MS = 2_000;

/** Looks at a failed attempt more closely. Throws the signal's reason when aborted. */
export type Diagnose = (failure: Failure, signal: AbortSignal) => Promise<Failure>;

/**
 * Finds out whether requests in plain HTTP fail because the server speaks TLS. Then the failure becomes `NEEDS_TLS`. Asks the server
 * once, and waits for `mostMs` or two seconds. Returns undefined for endpoints with TLS, and for those behind a proxy.
 */
export function diagnoseScheme(
  endpoint: URL,
  connections: Connections,
  mostMs = HANDSHAKE_MS,
): Diagnose | undefined {
  if (endpoint.protocol !== 'http:' || connections.findProxy(endpoint) !== undefined) return undefined;
  let asked: Promise<boolean> | undefined;
  return async (failure, signal) => {
    if (!isSuspicious(failure)) return failure;
    asked ??= detectTls(endpoint, Math.min(mostMs, HANDSHAKE_MS), signal);
    const isTls = await asked;
    signal.throwIfAborted();
    if (!isTls) return failure;
    return { ...failure, name: NEEDS_TLS, status: undefined, message: 'the server expects TLS' };
  };
}

/** To plain HTTP, servers with TLS hang up, send an alert, or answer that it is a bad request. */
function isSuspicious({ name, status, fromService }: Failure): boolean {
  return (
    !fromService && (name === 'ECONNRESET' || name === 'EPIPE' || name.startsWith('HPE_') || status === 400)
  );
}

/** True when the server of a URL answers a TLS handshake within `mostMs`, whatever its certificate. Sends nothing else, throws nothing. */
function detectTls(url: URL, mostMs: number, signal: AbortSignal): Promise<boolean> {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const port = Number(url.port) || 80;
  return new Promise((resolve) => {
    // Nothing is sent over the connection, so trust is not needed. Reading Node's roots would take a while.
    const socket = connect({ host, port, rejectUnauthorized: false, ca: [] });
    const end = (isTls: boolean): void => {
      clearTimeout(timer);
      dispose();
      socket.destroy();
      resolve(isTls);
    };
    const timer = setTimeout(() => end(false), mostMs);
    const dispose = onAbort(signal, () => socket.destroy());
    socket.once('secureConnect', () => end(true));
    // An alert is TLS as well, such as one that asks for a certificate or another name.
    socket.once('error', ({ message }) => end(/\balert\b/.test(message)));
    socket.once('close', () => end(false));
  });
}
