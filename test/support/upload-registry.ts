import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { digestOf } from '../../src/oci/digest.ts';

/** A registry that takes uploads as the distribution specification says, and keeps what arrives of a request that breaks off. */
export interface UploadRegistry {
  /** `127.0.0.1:PORT` */
  readonly host: string;
  /** By digest. */
  readonly blobs: Map<string, Buffer>;
  /** By reference. */
  readonly manifests: Map<string, Buffer>;
  /** `POST`, `PATCH 5`, `PUT 0`, …: each request with the bytes of its body, and `from 5` if it continues there. */
  readonly seen: string[];
  /** Values of `Authorization` that it takes; undefined: any. */
  accepted: Set<string> | undefined;
  /** Whether it takes a blob in one POST. */
  takesSinglePost: boolean;
  /** Whether GET of an upload says how far it is. */
  tellsProgress: boolean;
  /** Byte of the upload at which the connection of each next PATCH or PUT is reset; absent: it is not. */
  readonly resetsAt: number[];
  /** Answers a request in the place of the registry when it returns true. */
  intercept: (...given: Parameters<RequestListener>) => boolean;
  /** Forgets all uploads that are under way. */
  forgetUploads(): void;
  /** Number of connections so far. */
  readonly connections: () => number;
  close(): void;
}

export const UPLOAD_PATH = 'a1b2c3d4/team/app';

export async function startUploadRegistry(): Promise<UploadRegistry> {
  const uploads = new Map<string, Buffer[]>();
  let connections = 0;
  const server = createServer();
  server.on('connection', () => {
    connections += 1;
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // Listening on TCP.
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const registry: UploadRegistry = {
    host,
    blobs: new Map(),
    manifests: new Map(),
    seen: [],
    accepted: undefined,
    takesSinglePost: false,
    tellsProgress: true,
    resetsAt: [],
    intercept: () => false,
    forgetUploads: () => uploads.clear(),
    connections: () => connections,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };

  const store = (chunks: readonly Buffer[], digest: string, response: ServerResponse): void => {
    const bytes = Buffer.concat(chunks);
    if (digestOf(bytes) !== digest) {
      refuse(response, 400, 'DIGEST_INVALID');
      return;
    }
    registry.blobs.set(digest, bytes);
    response.writeHead(201, { 'docker-content-digest': digest, 'content-length': 0 }).end();
  };

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { method = '', headers } = request;
    const url = new URL(request.url ?? '/', `http://${host}`);
    const [, id = ''] = /\/blobs\/uploads\/(.*)$/.exec(url.pathname) ?? [];
    const digest = url.searchParams.get('digest') ?? '';
    const note = (bytes: number): void => {
      const [, from] = /^(\d+)-/.exec(headers['content-range'] ?? '') ?? [];
      const hasBody = method === 'PATCH' || method === 'PUT' || bytes > 0;
      registry.seen.push(
        `${method}${hasBody ? ` ${bytes}` : ''}${from === undefined ? '' : ` from ${from}`}`,
      );
    };
    if (registry.accepted !== undefined && !registry.accepted.has(headers.authorization ?? '')) {
      note(0);
      refuse(response, 401, 'UNAUTHORIZED');
      return;
    }
    if (registry.intercept(request, response)) {
      note(0);
      return;
    }
    if (url.pathname.includes('/manifests/')) {
      registry.manifests.set(url.pathname.split('/').at(-1) ?? '', await collect(request));
      note(0);
      response.writeHead(201, { 'content-length': 0 }).end();
      return;
    }
    if (method === 'POST') {
      const body = await collect(request);
      note(body.length);
      if (registry.takesSinglePost && digest !== '') {
        store([body], digest, response);
        return;
      }
      const begun = randomUUID();
      uploads.set(begun, []);
      response.writeHead(202, { location: `${url.pathname}${begun}?state=1`, 'content-length': 0 }).end();
      return;
    }
    const chunks = uploads.get(id);
    if (chunks === undefined) {
      note(0);
      refuse(response, 404, 'BLOB_UPLOAD_UNKNOWN');
      return;
    }
    const received = (): number => chunks.reduce((sum, { length }) => sum + length, 0);
    const describe = (status: number): void => {
      const range = `0-${Math.max(0, received() - 1)}`;
      response.writeHead(status, { location: request.url, range, 'content-length': 0 }).end();
    };
    if (method === 'GET') {
      note(0);
      if (registry.tellsProgress) describe(204);
      else refuse(response, 405, 'UNSUPPORTED');
      return;
    }
    const before = received();
    const resetAt = registry.resetsAt.shift() ?? Number.POSITIVE_INFINITY;
    try {
      for await (const chunk of request) {
        chunks.push(chunk.subarray(0, Math.max(0, resetAt - received())));
        if (received() >= resetAt) request.socket.resetAndDestroy();
      }
    } finally {
      note(received() - before);
    }
    if (method === 'PATCH') {
      describe(202);
      return;
    }
    uploads.delete(id);
    store(chunks, digest, response);
  };
  server.on('request', (request, response) => {
    answer(request, response).catch(() => response.destroy());
  });
  return registry;
}

export function refuse(response: ServerResponse, status: number, code: string, message = 'no'): void {
  const body = JSON.stringify({ errors: [{ code, message }] });
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': body.length }).end(body);
}

async function collect(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks);
}
