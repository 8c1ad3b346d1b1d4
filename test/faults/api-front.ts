import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What the front of an API does instead of passing an answer on. `cut`: it breaks off, or ends, after so many bytes. */
export type ApiFault =
  | { readonly kind: 'status'; readonly status: number }
  | { readonly kind: 'reset' }
  | { readonly kind: 'cut' | 'end'; readonly at: number };

export interface ApiFront {
  readonly url: string;
  /** `HOST:PORT` */
  readonly host: string;
  close(): Promise<void>;
}

/**
 * Starts a server in front of an API. Signatures stay valid: it passes the header Host on. In answers, it writes `replaced[1]` for
 * `replaced[0]`.
 */
export async function startApiFront(
  apiHost: string,
  replaced: readonly [string, string],
  choose: () => ApiFault | undefined,
): Promise<ApiFront> {
  const [hostname, port] = apiHost.split(':');
  const handle = (incoming: IncomingMessage, response: ServerResponse): void => {
    const { method, url: path, headers } = incoming;
    const fault = choose();
    if (fault?.kind === 'reset') {
      incoming.socket.destroy();
      return;
    }
    if (fault?.kind === 'status') {
      incoming.resume();
      response.writeHead(fault.status).end();
      return;
    }
    const forwarded = request({ hostname, port, method, path, headers, agent: false }, (answer) => {
      void answerWith(response, answer, replaced, fault);
    });
    forwarded.on('error', () => incoming.socket.destroy());
    incoming.pipe(forwarded);
  };
  const server = createServer(handle);
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  // as: a server on TCP has such an address
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: `http://${host}`,
    host,
    close: () =>
      new Promise((closed) => {
        server.close(() => closed());
        server.closeAllConnections();
      }),
  };
}

async function answerWith(
  response: ServerResponse,
  answer: IncomingMessage,
  [from, to]: readonly [string, string],
  fault: Exclude<ApiFault, { readonly kind: 'status' | 'reset' }> | undefined,
): Promise<void> {
  let text = '';
  try {
    for await (const chunk of answer.setEncoding('utf8')) text += chunk;
  } catch {
    response.socket?.destroy();
    return;
  }
  const body = Buffer.from(text.replaceAll(from, to));
  const { 'content-length': _, 'transfer-encoding': __, ...headers } = answer.headers;
  const isWhole = fault === undefined || fault.at >= body.length;
  const length = fault?.kind === 'end' ? {} : { 'content-length': body.length };
  response.writeHead(answer.statusCode ?? 500, { ...headers, ...length });
  if (isWhole || fault.kind === 'end') response.end(isWhole ? body : body.subarray(0, fault.at));
  else response.write(body.subarray(0, fault.at), () => response.socket?.destroy());
}
