import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { TlsOptions } from 'node:tls';
import { afterAll } from 'vitest';

/** An image that the engine has. */
export interface EngineImageFacts {
  readonly id: string;
  readonly names: readonly string[];
  /** What it writes for `/images/get`. */
  readonly archive: Buffer;
}

export interface FakeEngine {
  /** For `DOCKER_HOST`. */
  readonly host: string;
  /** Path and query of each request so far. */
  readonly requests: readonly string[];
  /** Images that it has; may be changed. */
  readonly images: EngineImageFacts[];
  /** Version of the API that it says it has; may be changed. */
  apiVersion: string;
  /** Answers for it, by the beginning of the path of a request. */
  readonly answers: Map<string, RequestListener>;
  /** Number of answers that were cut off by their reader. */
  readonly cutOff: number;
}

/**
 * Starts an engine without storage on a socket in a directory, or on TCP with a certificate. Await it at the top of a file or a
 * `describe`, whose last test ends it.
 */
export async function startFakeEngine(
  place: { directory: string } | { tls: TlsOptions },
): Promise<FakeEngine> {
  const requests: string[] = [];
  const images: EngineImageFacts[] = [];
  let cutOff = 0;
  const listener: RequestListener = (request, response) => {
    requests.push(request.url ?? '');
    response.on('close', () => {
      if (!response.writableFinished) cutOff += 1;
    });
    const [, answer] = [...engine.answers].find(([path]) => request.url?.startsWith(path)) ?? [];
    if (answer === undefined) answerAsEngine(engine, request, response);
    else answer(request, response);
  };
  const server = 'tls' in place ? createSecureServer(place.tls, listener) : createServer(listener);
  const path =
    'directory' in place ? join(place.directory, `engine-${Math.random().toString(36).slice(2)}.sock`) : '';
  await new Promise<void>((resolve) =>
    'tls' in place ? server.listen(0, '127.0.0.1', resolve) : server.listen(path, resolve),
  );
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  // The address of a server on TCP is not a string.
  const host =
    'tls' in place ? `tcp://127.0.0.1:${(server.address() as AddressInfo).port}` : `unix://${path}`;
  const engine: FakeEngine = {
    host,
    requests,
    images,
    apiVersion: '1.51',
    answers: new Map(),
    get cutOff() {
      return cutOff;
    },
  };
  return engine;
}

/** Sends a JSON document. */
export function sendJson(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}

function answerAsEngine(engine: FakeEngine, request: IncomingMessage, response: ServerResponse): void {
  const url = new URL(request.url ?? '', 'http://engine');
  if (url.pathname === '/_ping') {
    response.writeHead(200, { 'api-version': engine.apiVersion }).end('OK');
    return;
  }
  if (url.pathname === '/images/json') {
    sendJson(response, 200, engine.images.map(describe));
    return;
  }
  const named = /^\/images\/(.+)\/json$/.exec(url.pathname)?.[1];
  const wanted = named === undefined ? url.searchParams.getAll('names') : [named];
  const found = wanted.map((name) => engine.images.find((image) => isNamed(image, name)));
  const [image] = found;
  if (image === undefined || found.includes(undefined)) {
    sendJson(response, 404, { message: `No such image: ${wanted.join(', ')}` });
  } else if (named !== undefined) {
    sendJson(response, 200, describe(image));
  } else {
    // Several names are an archive of their own, so a test lists it under the first of them.
    response.writeHead(200, { 'content-type': 'application/x-tar' }).end(image.archive);
  }
}

function describe({ id, names }: EngineImageFacts): object {
  return { Id: id, RepoTags: names };
}

function isNamed({ id, names }: EngineImageFacts, name: string): boolean {
  return (
    names.includes(name) ||
    names.includes(`${name}:latest`) ||
    id.replace('sha256:', '').startsWith(name.replace('sha256:', ''))
  );
}
