import { readFileSync } from 'node:fs';
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
