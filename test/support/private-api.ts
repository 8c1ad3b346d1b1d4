import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { JsonObject } from '../../src/json.ts';
import { digestOf } from '../../src/oci/digest.ts';

/** A private registry of ECR as far as reading goes: its API, and the host of its blobs. */
export interface PrivateApi {
  /** URL of the API. */
  readonly url: string;
  /** `HOST:PORT` of the blobs. */
  readonly contentHost: string;
  /** By tag or digest. */
  readonly manifests: Map<string, { readonly text: string; readonly mediaType?: string }>;
  readonly blobs: Map<string, Buffer>;
  /** The inputs of the operations, in order. */
  readonly calls: {
    readonly operation: string;
    readonly input: JsonObject;
    readonly authorization: string;
  }[];
  /** `PATH RANGE AUTHORIZATION` of requests for blobs. */
  readonly reads: string[];
  /** Answers an operation in the place of the registry, unless it returns undefined. */
  answer: (operation: string, input: JsonObject) => ApiAnswer | undefined;
  /** Answers a request for a blob in the place of the host when it returns true. */
  intercept: (...given: Parameters<RequestListener>) => boolean;
  close(): void;
}

export interface ApiAnswer {
  /** Default 200. */
  readonly status?: number;
  readonly body: unknown;
}

/** An exception, as the service answers with it. */
export function makeException(name: string, message: string): ApiAnswer {
  return { status: 400, body: { __type: name, message } };
}

const PREFIX = 'AmazonEC2ContainerRegistry_V20150921.';

/** Starts both hosts. Tests may change all that they answer. */
export async function startPrivateApi(): Promise<PrivateApi> {
  const [content, server] = [createServer(), createServer()];
  const [contentHost, host] = [await listen(content), await listen(server)];
  const api: PrivateApi = {
    url: `http://${host}`,
    contentHost,
    manifests: new Map(),
    blobs: new Map(),
    calls: [],
    reads: [],
    answer: () => undefined,
    intercept: () => false,
    close: () => {
      for (const each of [content, server]) {
        each.closeAllConnections();
        each.close();
      }
    },
  };
  content.on('request', (request, response) => {
    const { pathname } = new URL(request.url ?? '/', `http://${contentHost}`);
    const { range = '', authorization = '-' } = request.headers;
    api.reads.push([pathname.slice(1), range, authorization].filter(Boolean).join(' '));
    if (api.intercept(request, response)) return;
    const bytes = api.blobs.get(pathname.slice(1));
    const start = Number(/^bytes=(\d+)-$/.exec(range)?.[1] ?? 0);
    if (bytes === undefined) response.writeHead(404).end('<Error><Code>NoSuchKey</Code></Error>');
    else if (range === '') response.writeHead(200, { 'content-length': bytes.length }).end(bytes);
    else {
      const head = { 'content-range': `bytes ${start}-${bytes.length - 1}/${bytes.length}` };
      response.writeHead(206, head).end(bytes.subarray(start));
    }
  });
  server.on('request', (request, response) => {
    void readInput(request).then((input) => {
      const operation = String(request.headers['x-amz-target']).replace(PREFIX, '');
      api.calls.push({ operation, input, authorization: request.headers.authorization ?? '' });
      const { status = 200, body } = api.answer(operation, input) ?? answerTruly(api, operation, input);
      response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(body));
    });
  });
  return api;
}

function answerTruly(
  { manifests, contentHost }: PrivateApi,
  operation: string,
  input: JsonObject,
): ApiAnswer {
  if (operation === 'BatchGetImage') {
    // as: a list of one id
    const [id = {}] = input.imageIds as { imageTag?: string; imageDigest?: string }[];
    const found = manifests.get(id.imageDigest ?? id.imageTag ?? '');
    if (found === undefined) {
      const failure = {
        imageId: id,
        failureCode: 'ImageNotFound',
        failureReason: 'Requested image not found',
      };
      return { body: { images: [], failures: [failure] } };
    }
    const imageDigest = digestOf(Buffer.from(found.text));
    const image = { imageManifest: found.text, imageManifestMediaType: found.mediaType };
    return { body: { images: [{ imageId: { ...id, imageDigest }, ...image }], failures: [] } };
  }
  if (operation === 'GetDownloadUrlForLayer') {
    const { layerDigest } = input;
    return {
      body: { layerDigest, downloadUrl: `http://${contentHost}/${layerDigest}?X-Amz-Signature=s3cret` },
    };
  }
  return makeException('UnknownOperationException', '');
}

async function readInput(request: IncomingMessage): Promise<JsonObject> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  // The input of an operation is an object.
  return JSON.parse(Buffer.concat(chunks).toString()) as JsonObject;
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // Listening on TCP.
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}
