import { createServer, type IncomingMessage, type ServerResponse, request as sendRequest } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';

export interface ForwardProxyOptions {
  /** `USER:PASSWORD`. Without it, anyone may use the proxy. */
  readonly login?: string;
  /** Port of this machine for each host, whatever port the client asks for. Other hosts get 502. */
  readonly hosts?: Readonly<Record<string, number>>;
  /** The same for requests by plain HTTP, without CONNECT. */
  readonly plainHosts?: Readonly<Record<string, number>>;
  /** Answers every request with this status. */
  readonly status?: number;
}

export interface ForwardProxy {
  /** `127.0.0.1:PORT` */
  readonly host: string;
  /** Requests in order: `CONNECT host:443`, `POST http://host/`. */
  readonly seen: readonly string[];
  close(): void;
}

/** Starts a forward proxy like those of companies, with its own host names. */
export async function startForwardProxy(options: ForwardProxyOptions = {}): Promise<ForwardProxy> {
  const seen: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((request, response) => {
    seen.push(`${request.method} ${request.url}`);
    const problem = findProblem(request, options);
    const target = URL.canParse(request.url ?? '') ? new URL(request.url ?? '') : undefined;
    const port = target && options.plainHosts?.[target.hostname];
    if (problem !== undefined) answerPage(response, problem);
    else if (target === undefined || port === undefined) answerPage(response, 502);
    else forward(request, response, target, port);
  });
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  server.on('connect', (request: IncomingMessage, client: Duplex) => {
    seen.push(`CONNECT ${request.url}`);
    client.on('error', () => undefined);
    const port = options.hosts?.[request.url?.replace(/:\d+$/, '') ?? ''];
    const problem = findProblem(request, options) ?? (port === undefined ? 502 : undefined);
    if (problem !== undefined || port === undefined) {
      client.end(`HTTP/1.1 ${problem} no\r\ncontent-type: text/html\r\n\r\n<html>from the proxy</html>`);
      return;
    }
    const upstream = connect(port, '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      upstream.pipe(client).pipe(upstream);
    });
    upstream.on('error', () => client.destroy());
    upstream.on('close', () => client.destroy());
    client.on('close', () => upstream.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // It listens on TCP.
  const { port } = server.address() as AddressInfo;
  return {
    host: `127.0.0.1:${port}`,
    seen,
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

function findProblem(
  { headers }: IncomingMessage,
  { login, status }: ForwardProxyOptions,
): number | undefined {
  if (status !== undefined) return status;
  const wanted = login === undefined ? undefined : `Basic ${Buffer.from(login).toString('base64')}`;
  return headers['proxy-authorization'] === wanted ? undefined : 407;
}

function answerPage(response: ServerResponse, status: number): void {
  response.writeHead(status, { 'content-type': 'text/html' }).end('<html>from the proxy</html>');
}

function forward(
  request: IncomingMessage,
  response: ServerResponse,
  { pathname, search }: URL,
  port: number,
): void {
  const { 'proxy-authorization': _login, 'proxy-connection': _connection, ...headers } = request.headers;
  const onward = sendRequest({ port, method: request.method, path: pathname + search, headers }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response);
  });
  onward.on('error', () => response.destroy());
  response.on('close', () => onward.destroy());
  request.pipe(onward);
}
