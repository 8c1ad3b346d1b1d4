import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request to the front. */
export interface FrontRequest {
  readonly method: string;
  /** Path and query. For a redirected blob, those that were redirected. */
  readonly path: string;
  /** Its answer redirects no more. */
  readonly isRedirected: boolean;
  readonly headers: IncomingHttpHeaders;
}

/**
 * What the front does instead of passing an answer on. The last three change the body of a success. `cut`: it breaks the connection off after so many bytes of the body. `end`: it ends the
 * body there, in chunked encoding, so that the loss does not show. `flip`: it changes the byte at that position.
 */
export type FrontFault =
  | { readonly kind: 'status'; readonly status: number; readonly headers?: Readonly<Record<string, string>> }
  | { readonly kind: 'reset' }
  | { readonly kind: 'cut' | 'end' | 'flip'; readonly at: number };

export interface RegistryFront {
  /** Takes the place of the registry's host. */
  readonly host: string;
  /** `GET /v2/…`, in the order of arrival. */
  readonly requests: readonly string[];
  /** Bytes of blobs that were passed on, by path. */
  readonly blobBytes: ReadonlyMap<string, number>;
  close(): Promise<void>;
}

/** Starts a server in front of a registry, which passes all requests on, apart from the faults that `choose` wants. */
export async function startRegistryFront(
  registryHost: string,
  choose: (given: FrontRequest) => FrontFault | undefined = () => undefined,
  isOfBlob: (path: string) => boolean = (path) => path.includes('/blobs/'),
): Promise<RegistryFront> {
  const requests: string[] = [];
  const blobBytes = new Map<string, number>();
  /** The paths of blobs, by where they are redirected to. */
  const redirected = new Map<string, string>();
  const handle = (incoming: IncomingMessage, response: ServerResponse): void => {
    const { method = 'GET', url: path = '/', headers } = incoming;
    requests.push(`${method} ${path}`);
    const origin = redirected.get(path);
    const shown = origin ?? path;
    const fault = choose({ method, path: shown, headers, isRedirected: origin !== undefined });
    if (fault?.kind === 'reset') {
      incoming.socket.destroy();
      return;
    }
    if (fault?.kind === 'status') {
      incoming.resume();
      response.writeHead(fault.status, fault.headers).end();
      return;
    }
    const target = { host: registryHost, path, method, headers: { ...headers, host: registryHost } };
    const [hostname, port] = registryHost.split(':');
    const forwarded = request({ ...target, host: hostname, port, agent: false }, (answer) => {
      const { location } = answer.headers;
      if (location?.startsWith(`http://${registryHost}/`)) {
        const { pathname, search } = new URL(location);
        redirected.set(`${pathname}${search}`, shown);
        answer.headers.location = location.replace(registryHost, incoming.headers.host ?? '');
      }
      const isBlob = isOfBlob(shown) && answer.statusCode !== 307;
      void passOn(answer, response, fault, (bytes) => {
        if (isBlob) blobBytes.set(shown, (blobBytes.get(shown) ?? 0) + bytes);
      });
    });
    forwarded.on('error', () => incoming.socket.destroy());
    response.on('close', () => forwarded.destroy());
    incoming.pipe(forwarded);
  };
  const server = createServer(handle);
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  // as: a server on TCP has such an address
  const { port } = server.address() as AddressInfo;
  return {
    host: `127.0.0.1:${port}`,
    requests,
    blobBytes,
    close: () =>
      new Promise((closed) => {
        server.close(() => closed());
        server.closeAllConnections();
      }),
  };
}

async function passOn(
  answer: IncomingMessage,
  response: ServerResponse,
  wanted: Exclude<FrontFault, { readonly kind: 'status' | 'reset' }> | undefined,
  onBytes: (bytes: number) => void,
): Promise<void> {
  const headers = { ...answer.headers };
  const { statusCode = 500 } = answer;
  const fault = statusCode < 300 ? wanted : undefined;
  if (fault?.kind === 'end') delete headers['content-length'];
  response.writeHead(statusCode, headers);
  let passed = 0;
  try {
    for await (const chunk of answer) {
      // as: a body without an encoding yields Buffers
      let bytes = chunk as Buffer;
      if (fault !== undefined && fault.at < passed + bytes.length) {
        if (fault.kind === 'flip') {
          if (fault.at >= passed) {
            bytes = Buffer.from(bytes);
            bytes[fault.at - passed] = (bytes[fault.at - passed] ?? 0) ^ 0xff;
          }
        } else {
          const rest = bytes.subarray(0, fault.at - passed);
          onBytes(rest.length);
          if (fault.kind === 'end') response.end(rest);
          else response.write(rest, () => response.socket?.destroy());
          return;
        }
      }
      passed += bytes.length;
      onBytes(bytes.length);
      if (!response.write(bytes)) await drained(response);
      if (response.destroyed) return;
    }
    response.end();
  } catch {
    response.socket?.destroy();
  }
}

/** Settles when there is room again, or nobody reads any more. */
function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const settle = (): void => {
      response.off('drain', settle).off('close', settle);
      resolve();
    };
    response.on('drain', settle).on('close', settle);
  });
}
