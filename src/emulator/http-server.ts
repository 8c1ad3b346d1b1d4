import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

/** How long an idle connection is kept, in ms: longer than clients keep theirs, so that none writes to one that is being closed. */
const KEEP_ALIVE_MS = 120_000;
const HEADERS_TIMEOUT_MS = 20_000;
/** For a whole request, its body included. */
const REQUEST_TIMEOUT_MS = 300_000;
const MAX_CONNECTIONS = 1000;

export interface HttpServer {
  /** Host and port, as a URL has them. */
  readonly authority: string;
  /** Cuts every connection, then waits for the handlers that are still at work. */
  close(): Promise<void>;
}

/** Listens on `host`; port 0 is a free one. `handle` must not reject. Rejects with the system's error when it cannot listen. */
export async function startHttpServer(
  host: string,
  port: number,
  handle: (request: IncomingMessage, response: ServerResponse) => Promise<void>,
): Promise<HttpServer> {
  const atWork = new Set<Promise<void>>();
  const server = createServer((request, response) => {
    const handled = handle(request, response).finally(() => atWork.delete(handled));
    atWork.add(handled);
  });
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  server.headersTimeout = HEADERS_TIMEOUT_MS;
  server.requestTimeout = REQUEST_TIMEOUT_MS;
  server.maxConnections = MAX_CONNECTIONS;
  await listen(server, host, port);
  const address = server.address();
  const actualPort = typeof address === 'object' && address !== null ? address.port : port;
  return {
    authority: `${host.includes(':') ? `[${host}]` : host}:${actualPort}`,
    close: async () => {
      server.close();
      server.closeAllConnections();
      await Promise.all(atWork);
    },
  };
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
