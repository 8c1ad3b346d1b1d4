import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { formatHost, isAnyAddress } from './host-names.ts';

/** What a client may ask of the server; times in ms. */
export interface HttpLimits {
  /** How long an idle connection is kept: longer than clients keep theirs, so that none writes to one that is being closed. */
  readonly keepAliveMs: number;
  /** For a request's headers to come. */
  readonly headersMs: number;
  /** For a whole request, its body included: a client that compresses while it sends may take its time. */
  readonly requestMs: number;
  /** For the next byte to come or to be taken. */
  readonly idleMs: number;
  /** How often overdue requests are looked for. */
  readonly checkMs: number;
  readonly connections: number;
  readonly headerBytes: number;
}

const LIMITS: HttpLimits = {
  keepAliveMs: 120_000,
  headersMs: 20_000,
  requestMs: 3_600_000,
  idleMs: 60_000,
  checkMs: 5_000,
  connections: 1000,
  headerBytes: 16 * 1024,
};

export interface HttpServer {
  /** Host and port, as a URL has them; loopback when it listens on every interface. */
  readonly authority: string;
  /** Cuts every connection, then waits for the handlers that are still at work. */
  close(): Promise<void>;
}

/** Listens on `host`; port 0 is a free one. `handle` must not reject. Rejects with the system's error when it cannot listen. */
export async function startHttpServer(
  host: string,
  port: number,
  handle: (request: IncomingMessage, response: ServerResponse) => Promise<void>,
  limits: HttpLimits = LIMITS,
): Promise<HttpServer> {
  const atWork = new Set<Promise<void>>();
  const options = {
    keepAliveTimeout: limits.keepAliveMs,
    headersTimeout: limits.headersMs,
    requestTimeout: limits.requestMs,
    connectionsCheckingInterval: limits.checkMs,
    maxHeaderSize: limits.headerBytes,
  };
  const server = createServer(options, (request, response) => {
    const handled = handle(request, response).finally(() => atWork.delete(handled));
    atWork.add(handled);
  });
  server.timeout = limits.idleMs;
  server.maxConnections = limits.connections;
  await listen(server, host, port);
  const address = server.address();
  const actualPort = typeof address === 'object' && address !== null ? address.port : port;
  return {
    authority: `${formatHost(reachable(host))}:${actualPort}`,
    close: async () => {
      server.close();
      server.closeAllConnections();
      await Promise.all(atWork);
    },
  };
}

function reachable(host: string): string {
  if (!isAnyAddress(host)) return host;
  return host.includes(':') ? '::1' : '127.0.0.1';
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}
