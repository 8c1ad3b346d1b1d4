import { readFileSync } from 'node:fs';
import { type IncomingMessage, request, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { createServer } from 'node:tls';

const directory = join(import.meta.dirname, 'certificates');

/** Root of the certificate of `startTlsFront`. */
export const PRIVATE_ROOT = join(directory, 'ca.pem');

/** Certificate of `*.example.test`, signed by the private root. */
export const SERVER_IDENTITY = {
  key: readFileSync(join(directory, 'server.key')),
  cert: readFileSync(join(directory, 'server.pem')),
};

export interface TlsFront {
  readonly port: number;
  /** Connections so far. */
  readonly connections: number;
  close(): void;
}

/** Terminates TLS for `*.example.test`, with a certificate of a private root, in front of a port of this machine. */
export async function startTlsFront(
  port: number,
  { key, cert }: { readonly key?: Buffer; readonly cert?: Buffer } = {},
): Promise<TlsFront> {
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = createServer({
    key: key ?? SERVER_IDENTITY.key,
    cert: cert ?? SERVER_IDENTITY.cert,
    ALPNProtocols: ['http/1.1'],
  });
  server.on('secureConnection', (client) => {
    connections += 1;
    const upstream = connect(port, '127.0.0.1');
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => sockets.delete(socket));
    }
    client.on('close', () => upstream.destroy());
    upstream.on('close', () => client.destroy());
    client.pipe(upstream).pipe(client);
  });
  await new Promise<void>((resolve) => server.listen(0, resolve));
  // It listens on TCP.
  const { port: own } = server.address() as AddressInfo;
  return {
    port: own,
    get connections() {
      return connections;
    },
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** The same as a reverse proxy does it: it forwards requests with their Host, and names the scheme in `X-Forwarded-Proto`. */
export async function startReverseProxy(port: number): Promise<Omit<TlsFront, 'connections'>> {
  const server = createHttpsServer(SERVER_IDENTITY, (incoming: IncomingMessage, response: ServerResponse) => {
    const { method, url: path, headers } = incoming;
    const forwarded = { ...headers, 'x-forwarded-proto': 'https' };
    const onward = request({ host: '127.0.0.1', port, method, path, headers: forwarded }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
      answer.on('error', () => response.destroy());
    });
    onward.on('error', () => response.destroy());
    response.on('close', () => onward.destroy());
    incoming.pipe(onward);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    // as: it listens on TCP
    port: (server.address() as AddressInfo).port,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
