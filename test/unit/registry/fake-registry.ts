import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { digestOf } from '../../../src/oci/digest.ts';
import type { GeneratedImage, GeneratedIndex } from '../../support/images.ts';

/** A registry like public.ecr.aws: a token for everyone, blobs on another host, no digest with GET. */
export interface FakeRegistry {
  /** `127.0.0.1:PORT` */
  readonly host: string;
  /** By tag or digest. Change what it serves by changing these. */
  readonly manifests: Map<string, { readonly bytes: Buffer; readonly mediaType: string }>;
  readonly blobs: Map<string, Buffer>;
  /** `METHOD PATH AUTHORIZATION` of requests to the registry, and to the host of its blobs. */
  readonly seen: string[];
  /** Answers a request in the place of the registry when it returns true. */
  intercept: (...given: Parameters<RequestListener>) => boolean;
  close(): void;
}

export const REPOSITORY = { repositoryPath: 'a1b2c3d4/team/app' };
const PREFIX = '/v2/a1b2c3d4/team/app/';

export async function startFakeRegistry(): Promise<FakeRegistry> {
  const [content, registry] = [createServer(), createServer()];
  const [contentHost, host] = [await listen(content), await listen(registry)];
  const fake: FakeRegistry = {
    host,
    manifests: new Map(),
    blobs: new Map(),
    seen: [],
    intercept: () => false,
    close: () => {
      for (const server of [content, registry]) {
        server.closeAllConnections();
        server.close();
      }
    },
  };
  const note = ({ method, url, headers }: IncomingMessage): void => {
    fake.seen.push(`${method} ${url} ${headers.authorization ?? '-'}`);
  };
  content.on('request', (request, response) => {
    note(request);
    response.end(fake.blobs.get(request.url?.slice(1) ?? ''));
  });
  registry.on('request', (request, response) => {
    note(request);
    if (fake.intercept(request, response)) return;
    const url = new URL(request.url ?? '/', `http://${host}`);
    const [kind = '', name = ''] = url.pathname.slice(PREFIX.length).split('/');
    if (url.pathname === '/token/') {
      response.end('{"token":"anyone"}');
    } else if (request.headers.authorization === undefined) {
      const challenge = `Bearer realm="http://${host}/token/",service="public.ecr.aws",scope="aws"`;
      response.writeHead(401, { 'www-authenticate': challenge, 'content-length': 0 }).end();
    } else if (kind === 'blobs' && fake.blobs.has(name)) {
      response.writeHead(307, { location: `http://${contentHost}/${name}` }).end();
    } else if (kind === 'manifests' && fake.manifests.has(name)) {
      const { bytes, mediaType } = fake.manifests.get(name) ?? { bytes: Buffer.alloc(0), mediaType: '' };
      response.writeHead(200, { 'content-type': mediaType }).end(bytes);
    } else {
      response.writeHead(404).end('{"errors":[]}');
    }
  });
  return fake;
}

/** Stores an image with all below it, under its digest and the tags. */
export function storeImage(
  { manifests, blobs }: FakeRegistry,
  image: GeneratedImage | GeneratedIndex,
  ...tags: readonly string[]
): void {
  const store = (root: GeneratedImage | GeneratedIndex, names: readonly string[]): void => {
    const { digest, mediaType } = root.descriptor;
    for (const name of [digest, ...names]) manifests.set(name, { bytes: root.manifest, mediaType });
    if ('children' in root) {
      for (const child of root.children) store(child, []);
      return;
    }
    blobs.set(digestOf(root.config), root.config);
    for (const layer of root.layers) blobs.set(layer.descriptor.digest, layer.bytes);
  };
  store(image, tags);
}

/** Intercepts requests for blobs as a server does that compresses its answers, asked for or not. */
export function compressBlobs({ blobs }: FakeRegistry): FakeRegistry['intercept'] {
  return ({ headers, url }, response) => {
    const bytes = blobs.get(url?.split('/blobs/')[1] ?? '');
    if (bytes === undefined || headers.authorization === undefined) return false;
    response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(bytes));
    return true;
  };
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // Listening on TCP.
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}
