import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

/** Limits for clients. Times are in milliseconds. */
export interface HttpLimits {
  /** The time an idle connection is kept: longer than clients keep theirs, so that none writes to a connection that is being closed. */
  readonly keepAliveMs: number;
  /** For the headers of a request. */
  readonly headersMs: number;
  /** For a whole request with its body: a client may compress while it sends. */
  readonly requestMs: number;
  /** For the next byte in either direction. */
  readonly idleMs: number;
  /** The interval between checks for overdue requests. */
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
  /** The host and port in the form of a URL. The host is loopback when the server listens on every interface. */
  readonly authority: string;
  readonly port: number;
  /** Closes every connection, then waits for running handlers. */
  close(): Promise<void>;
}

/** Listens on `host`. Port 0 means a free one. `handle` must not reject. Rejects with the system's error when it cannot listen. */
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
    port: actualPort,
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

/** True for a name that always means this machine. Source for `localhost` and its subdomains: RFC 6761, section 6.3. */
export function isLoopbackName(name: string): boolean {
  return /^(?:(?:[a-z0-9-]+\.)*localhost|127(?:\.\d{1,3}){3}|\[::1\])$/.test(name);
}

/** Reads the name in a Host header, in lower case, without port and final dot. Undefined for a malformed header. */
export function readHostName(header: string | undefined): string | undefined {
  const [, name] = /^(\[[0-9a-f:.]+\]|[a-z0-9_](?:[a-z0-9_.-]*))(?::\d{1,5})?$/i.exec(header ?? '') ?? [];
  return name?.toLowerCase().replace(/\.$/, '');
}

/** Formats an address as in a URL and a Host header. */
export function formatHost(address: string): string {
  return address.includes(':') ? `[${address}]` : address;
}

/** True for an address that means every interface of the machine. */
function isAnyAddress(address: string): boolean {
  return address === '0.0.0.0' || /^[0:]+$/.test(address);
}
