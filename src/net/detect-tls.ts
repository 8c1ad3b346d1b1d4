import { connect } from 'node:tls';

/** Whether the server of a URL takes part in a TLS handshake within `mostMs`, whatever its certificate. Sends nothing else; throws nothing. */
export function detectTls(url: URL, mostMs: number, signal: AbortSignal): Promise<boolean> {
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
