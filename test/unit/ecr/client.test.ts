import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { ApiEvent } from '../../../src/ecr/api-call.ts';
import { makeCaller } from '../../../src/ecr/call.ts';
import type { EcrClient, EcrClientSettings } from '../../../src/ecr/client.ts';
import { createEcrClient } from '../../../src/ecr/public/client.ts';
import { connectPush } from '../../../src/ecr/push.ts';
import { describeRegistry } from '../../../src/ecr/registries.ts';
import { createRepository, deleteRepository } from '../../../src/ecr/repositories.ts';
import { EcrpError } from '../../../src/errors.ts';
import { digestOf } from '../../../src/oci/digest.ts';
import { catchError } from '../../support/catch-error.ts';
import { patience } from '../../support/cli.ts';
import { startForwardProxy } from '../../support/forward-proxy.ts';
import { makeRandomBytes } from '../../support/images.ts';
import { makeSkippingClock } from '../../support/skipping-clock.ts';
import { useTemporaryDirectories } from '../../support/temporary-directory.ts';
import { PRIVATE_ROOT, startTlsFront } from '../../support/tls-front.ts';
import { makeWatch } from '../../support/watch.ts';

interface Seen {
  readonly operation: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

type Respond = (response: ServerResponse, seen: Seen) => void;

const makeDirectory = useTemporaryDirectories();
const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const clean of cleanups.splice(0)) clean();
});

/** A server that answers its requests in turn, the last answer for ever; and a client of it. */
async function serve(
  responses: readonly Respond[],
  env: Record<string, string> = {},
  settings: Partial<EcrClientSettings> = {},
) {
  const seen: Seen[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    // An http request yields Buffers; its types do not say so.
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const operation = String(request.headers['x-amz-target']).replace('SpencerFrontendService.', '');
    const call = { operation, headers: request.headers, body: Buffer.concat(chunks) };
    seen.push(call);
    responses[Math.min(seen.length, responses.length) - 1]?.(response, call);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // Listening on TCP.
  const { port } = server.address() as AddressInfo;
  const events: ApiEvent[] = [];
  const client = createEcrClient({
    endpointUrl: `http://127.0.0.1:${port}`,
    env: { AWS_ACCESS_KEY_ID: 'AKID', AWS_SECRET_ACCESS_KEY: 'secret', ...env },
    onEvent: (event) => events.push(event),
    ...settings,
  });
  cleanups.push(
    () => client.close(),
    () => server.closeAllConnections(),
    () => server.close(),
  );
  return { client, seen, events };
}

const json =
  (value: object, status = 200): Respond =>
  (response) => {
    response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1', 'x-amzn-requestid': 'r-7' });
    response.end(JSON.stringify(value));
  };
const refuse = (name: string, more: object = {}): Respond =>
  json({ __type: `com.amazonaws.ecrpublic#${name}`, message: `${name}!`, ...more }, 400);
const page: Respond = (response) => response.writeHead(503).end('<html>busy</html>');
const hangUp: Respond = (response) => response.destroy();

const signal = new AbortController().signal;
const digest = digestOf('x');
function uploadPart(client: EcrClient, start: number, bytes: Buffer) {
  const part = pushTo(client).createPart(bytes.length);
  part.append(bytes);
  return part.upload('u-1', start, signal);
}

const pushTo = (client: EcrClient) => connectPush(client, { registryId: 'a1b2', repositoryName: 'team/app' });

describe('requests', () => {
  test('are signed for us-east-1, whatever the environment says', async () => {
    const { client, seen } = await serve([json({ registries: [] })], { AWS_REGION: 'eu-west-1' });
    await describeRegistry(client, signal);
    expect(seen[0]?.headers.authorization).toMatch(
      /^AWS4-HMAC-SHA256 Credential=AKID\/\d{8}\/us-east-1\/ecr-public\/aws4_request/,
    );
  });

  test('of a part carry the body as bytes, as long as they say, built once', async () => {
    const part = makeRandomBytes('part', 300_000);
    const accepted = json({ lastByteReceived: 4_299_999 });
    const { client, seen } = await serve([page, hangUp, accepted]);
    expect(await uploadPart(client, 4_000_000, part)).toEqual({
      kind: 'accepted',
      nextByte: 4_300_000,
    });
    expect(seen).toHaveLength(3);
    for (const { operation, headers, body } of seen) {
      expect(operation).toBe('UploadLayerPart');
      expect(headers['content-length']).toBe(String(body.length));
      expect(headers['x-amz-content-sha256']).toBe(digestOf(body).slice('sha256:'.length));
      expect(headers['content-type']).toBe('application/x-amz-json-1.1');
      expect(JSON.parse(body.toString('utf8'))).toEqual({
        registryId: 'a1b2',
        repositoryName: 'team/app',
        uploadId: 'u-1',
        partFirstByte: 4_000_000,
        partLastByte: 4_299_999,
        layerPartBlob: part.toString('base64'),
      });
    }
  });

  test('print nothing, neither warnings nor secrets', async () => {
    const warned = vi.spyOn(process, 'emitWarning');
    const written = [
      vi.spyOn(console, 'warn'),
      vi.spyOn(console, 'error'),
      vi.spyOn(process.stderr, 'write'),
      vi.spyOn(process.stdout, 'write'),
    ];
    const { client, events } = await serve([page, json({ lastByteReceived: 0 })]);
    await Promise.all(Array.from({ length: 20 }, () => uploadPart(client, 0, Buffer.from('x'))));
    expect(warned).not.toHaveBeenCalled();
    for (const spy of written) expect(spy).not.toHaveBeenCalled();
    expect(JSON.stringify(events)).not.toMatch(/secret|AKID/);
    vi.restoreAllMocks();
  });
});

describe('answers to a part', () => {
  test.each([
    // lastValidByteReceived of a refusal of bytes 10–20
    [19, { kind: 'accepted', nextByte: 20 }],
    [25, { kind: 'accepted', nextByte: 26 }],
    [9, { kind: 'resync', nextByte: 10 }],
    [4, { kind: 'resync', nextByte: 5 }],
    [0, { kind: 'resync', nextByte: 0 }],
    [undefined, { kind: 'resync', nextByte: undefined }],
  ])('refused with the last valid byte %s', async (lastValidByteReceived, expected) => {
    const { client } = await serve([refuse('InvalidLayerPartException', { lastValidByteReceived })]);
    expect(await uploadPart(client, 10, Buffer.alloc(10))).toEqual(expected);
  });

  test('the upload is unknown', async () => {
    const { client } = await serve([refuse('UploadNotFoundException')]);
    expect(await uploadPart(client, 0, Buffer.alloc(1))).toEqual({ kind: 'vanished' });
  });
});

describe('a part that is begun before its turn', () => {
  const SIZE = 600_000;

  /** Parts go to upload `u-1`; those that were begun are listened to from their first byte. */
  async function serveArriving(respond: (index: number, response: ServerResponse) => void) {
    const arrived: {
      bytes: number;
      closed: boolean;
      readonly expected: number;
      readonly chunks: Buffer[];
    }[] = [];
    const { changed, until } = makeWatch();
    const server = createServer((request, response) => {
      if (request.method === 'GET') {
        response.end();
        return;
      }
      const expected = Number(request.headers['content-length']);
      const seen = { bytes: 0, closed: false, expected, chunks: [] as Buffer[] };
      const index = arrived.push(seen) - 1;
      request.on('data', (chunk: Buffer) => {
        seen.bytes += chunk.length;
        seen.chunks.push(chunk);
        changed();
      });
      request.socket.on('close', () => {
        seen.closed = true;
        changed();
      });
      respond(index, response);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    // Listening on TCP.
    const { port } = server.address() as AddressInfo;
    const events: ApiEvent[] = [];
    const client = createEcrClient({
      endpointUrl: `http://127.0.0.1:${port}`,
      env: { AWS_ACCESS_KEY_ID: 'AKID', AWS_SECRET_ACCESS_KEY: 'secret' },
      onEvent: (event) => {
        events.push(event);
        changed();
      },
    });
    cleanups.push(
      () => client.close(),
      () => server.closeAllConnections(),
      () => server.close(),
    );
    /** Everything that was on its way before has arrived: another request has gone there and back. */
    const rest = async (): Promise<void> => {
      await (await fetch(`http://127.0.0.1:${port}`)).text();
    };
    const makePart = (seed: string) => {
      const part = pushTo(client).createPart(SIZE);
      part.append(makeRandomBytes(seed, SIZE));
      return part;
    };
    return { arrived, events, makePart, until, rest };
  }

  const accept = (end: number, response: ServerResponse) =>
    json({ lastByteReceived: end - 1 })(response, { operation: '', headers: {}, body: Buffer.alloc(0) });

  test('is with the service, all but its end, when the one before is answered', async () => {
    let answer: () => void = () => undefined;
    const answered = new Promise<void>((resolve) => {
      answer = resolve;
    });
    const { arrived, events, makePart, until, rest } = await serveArriving(async (index, response) => {
      if (index === 0) await answered;
      else await once(response.req, 'end');
      accept((index + 1) * SIZE, response);
    });
    const [first, second] = [makePart('first'), makePart('second')];
    const sent = first.upload('u-1', 0, signal, () => second.begin('u-1', SIZE));
    await until(() => arrived[0] !== undefined && arrived[0].bytes === arrived[0].expected);
    await until(() => Number(arrived[1]?.bytes) > SIZE);
    await rest();
    expect(arrived[1]?.bytes).toBeLessThan(arrived[1]?.expected ?? 0);

    answer();
    expect(await sent).toEqual({ kind: 'accepted', nextByte: SIZE });
    expect(await second.upload('u-1', SIZE, signal)).toEqual({ kind: 'accepted', nextByte: 2 * SIZE });
    expect(arrived).toHaveLength(2);
    expect(JSON.parse(Buffer.concat(arrived[1]?.chunks ?? []).toString())).toMatchObject({
      partFirstByte: SIZE,
      layerPartBlob: makeRandomBytes('second', SIZE).toString('base64'),
    });
    expect(events.map(({ kind }) => kind)).toEqual(['call', 'call']);
  });

  test('is only a broken connection to the service when it is cancelled', async () => {
    const { arrived, events, makePart, until } = await serveArriving(() => undefined);
    const part = makePart('part');
    part.begin('u-1', 0);
    await until(() => Number(arrived[0]?.bytes) > SIZE);
    part.clear();
    await until(() => arrived[0]?.closed === true);
    expect(arrived[0]?.bytes).toBeLessThan(arrived[0]?.expected ?? 0);
    expect(events).toEqual([]);
  });

  test('is sent again when its turn comes at another place', async () => {
    const { arrived, makePart, until } = await serveArriving(async (index, response) => {
      if (index === 0) return;
      await once(response.req, 'end');
      accept(2 * SIZE, response);
    });
    const part = makePart('part');
    part.begin('u-1', 0);
    await until(() => Number(arrived[0]?.bytes) > SIZE);
    expect(await part.upload('u-1', SIZE, signal)).toEqual({ kind: 'accepted', nextByte: 2 * SIZE });
    expect(arrived.map(({ bytes, expected }) => bytes === expected)).toEqual([false, true]);
  });

  test('and is refused before its turn is sent again, as if nothing had happened', async () => {
    const { arrived, events, makePart, until } = await serveArriving(async (index, response) => {
      if (index === 0) {
        page(response, { operation: '', headers: {}, body: Buffer.alloc(0) });
        return;
      }
      await once(response.req, 'end');
      accept(SIZE, response);
    });
    const part = makePart('part');
    part.begin('u-1', 0);
    await until(() => arrived[0]?.closed === true);
    expect(await part.upload('u-1', 0, signal)).toEqual({ kind: 'accepted', nextByte: SIZE });
    expect(events).toMatchObject([{ kind: 'call', attempts: 1 }]);
  });

  test('is not begun while calls are held back', async () => {
    const { arrived, events, makePart, until, rest } = await serveArriving((_index, response) => {
      response.writeHead(503, { 'retry-after': '5' }).end();
    });
    const stop = new AbortController();
    const sent = makePart('first').upload('u-1', 0, stop.signal);
    await until(() => events[0]?.kind === 'retry');
    makePart('second').begin('u-1', SIZE);
    await rest();
    expect(arrived).toHaveLength(1);
    stop.abort(new Error('enough'));
    await expect(sent).rejects.toThrow('enough');
  });
});

describe('answers to a completion', () => {
  const available = json({ layers: [{ layerDigest: digest, layerAvailability: 'AVAILABLE' }], failures: [] });
  const absent = json({ layers: [{ layerDigest: digest, layerAvailability: 'UNAVAILABLE' }], failures: [] });

  test.each<[string, Respond[], object]>([
    ['stored', [json({ layerDigest: digest })], { kind: 'stored' }],
    ['there already', [refuse('LayerAlreadyExistsException')], { kind: 'stored' }],
    ['another digest', [refuse('InvalidLayerException')], { kind: 'mismatch' }],
    ['stored as something else', [json({ layerDigest: digestOf('y') })], { kind: 'mismatch' }],
    ['unknown upload', [refuse('UploadNotFoundException'), absent], { kind: 'vanished' }],
    [
      'lost, and then the upload is gone as it was completed',
      [hangUp, refuse('UploadNotFoundException'), available],
      { kind: 'stored' },
    ],
    ['lost, and then there', [hangUp, refuse('LayerAlreadyExistsException')], { kind: 'stored' }],
  ])('%s', async (_name, responses, expected) => {
    const { client } = await serve(responses);
    expect(await pushTo(client).completeUpload('u-1', digest, signal)).toEqual(expected);
  });
});

describe('answers to a check', () => {
  const other = digestOf('other');

  test.each([
    ['UNAVAILABLE', { layers: [{ layerDigest: other, layerAvailability: 'UNAVAILABLE' }], failures: [] }],
    ['a failure', { layers: [], failures: [{ layerDigest: other, failureCode: 'MissingLayerDigest' }] }],
    ['not mentioned', { layers: [] }],
  ])('a missing layer told as %s', async (_name, answer) => {
    const there = { layerDigest: digest, layerAvailability: 'AVAILABLE' };
    const { client } = await serve([json({ ...answer, layers: [there, ...answer.layers] })]);
    expect(await pushTo(client).findAvailable([digest, other], signal)).toEqual(new Set([digest]));
  });

  test('a digest that the service does not take is an error', async () => {
    const failures = [{ layerDigest: 'x', failureCode: 'InvalidLayerDigest', failureReason: 'no' }];
    const { client } = await serve([json({ layers: [], failures })]);
    expect((await catchError(() => pushTo(client).findAvailable([digest], signal))).code).toBe(
      'INVALID_INPUT',
    );
  });

  test.each([
    [1, [1]],
    [100, [100]],
    [101, [100, 1]],
    [250, [100, 100, 50]],
  ])('%i digests are asked in calls of %j', async (count, sizes) => {
    const { client, seen } = await serve([json({ layers: [], failures: [] })]);
    const digests = Array.from({ length: count }, (_, position) => digestOf(String(position)));
    await pushTo(client).findAvailable(digests, signal);
    const asked = seen.map(({ body }) => {
      // What this test's own client sent.
      const { layerDigests } = JSON.parse(body.toString('utf8')) as { layerDigests: string[] };
      return layerDigests;
    });
    expect(asked.map((each) => each.length).sort((a, b) => b - a)).toEqual(sizes);
    expect(new Set(asked.flat())).toEqual(new Set(digests));
  });
});

describe('answers to an image', () => {
  const image = { bytes: Buffer.from('x'), mediaType: 'application/json', digest, tag: 'v1' };
  const stored = json({
    image: { registryId: '123456789012', imageId: { imageDigest: digest, imageTag: 'v1' } },
  });

  test.each<[string, Respond[], object]>([
    ['put', [stored], { kind: 'put', registryId: '123456789012' }],
    ['there already', [refuse('ImageAlreadyExistsException')], { kind: 'unchanged' }],
    [
      'put, but the answer was lost',
      [hangUp, refuse('ImageAlreadyExistsException')],
      { kind: 'put', registryId: undefined },
    ],
    [
      'layers missing',
      [refuse('LayersNotFoundException')],
      { kind: 'missing', detail: 'LayersNotFoundException!' },
    ],
    [
      'images missing',
      [refuse('ReferencedImagesNotFoundException')],
      { kind: 'missing', detail: 'ReferencedImagesNotFoundException!' },
    ],
  ])('%s', async (_name, responses, expected) => {
    const { client } = await serve(responses);
    expect(await pushTo(client).putImage(image, signal)).toEqual(expected);
  });

  test('stored under another digest is an error', async () => {
    const { client } = await serve([json({ image: { imageId: { imageDigest: digestOf('y') } } })]);
    expect((await catchError(() => pushTo(client).putImage(image, signal))).code).toBe('UNAVAILABLE');
  });
});

describe('repositories', () => {
  const repository = {
    repositoryName: 'app',
    repositoryArn: 'a',
    registryId: '1',
    repositoryUri: 'u',
    createdAt: 1.5,
  };

  test('created by an attempt whose answer was lost are created', async () => {
    const { client, seen } = await serve([
      hangUp,
      refuse('RepositoryAlreadyExistsException'),
      json({ repositories: [repository] }),
    ]);
    const created = await createRepository(client, { repositoryName: 'app' }, signal);
    expect(created).toMatchObject({ repositoryName: 'app', createdAt: new Date(1500) });
    expect(seen.map((call) => call.operation)).toEqual([
      'CreateRepository',
      'CreateRepository',
      'DescribeRepositories',
    ]);
  });

  test('that exist already are a conflict', async () => {
    const { client } = await serve([refuse('RepositoryAlreadyExistsException')]);
    const error = await catchError(() => createRepository(client, { repositoryName: 'app' }, signal));
    expect(error).toMatchObject({ code: 'CONFLICT', requestId: 'r-7', operation: 'CreateRepository' });
  });

  test('deleted by an attempt whose answer was lost are deleted', async () => {
    const { client } = await serve([page, refuse('RepositoryNotFoundException')]);
    await deleteRepository(client, { repositoryName: 'app' }, false, signal);
  });
});

describe('a connection on which nothing moves any more', () => {
  const stay: Respond = () => undefined;
  const staySilentInTheMidst: Respond = (response) => {
    response.writeHead(200, { 'content-type': 'application/x-amz-json-1.1', 'content-length': 1000 });
    response.write('{"registries":');
  };

  test.each([
    ['before the answer', stay],
    ['in the midst of it', staySilentInTheMidst],
  ])('%s is aborted, and the call retried', async (_name, silent) => {
    const { client, seen, events } = await serve([silent, json({ registries: [] })], {}, { silentMs: 500 });
    expect(await describeRegistry(client, signal)).toBeUndefined();
    expect(seen.length).toBeGreaterThanOrEqual(2);
    expect(events[0]).toMatchObject({ kind: 'retry', reason: 'no answer within 0.5 s' });
  });

  test('is aborted in the middle of a part', async () => {
    const sockets: Socket[] = [];
    // Takes what the system takes for it, far less than a part, and reads nothing.
    const server = createTcpServer({ pauseOnConnect: true }, (socket) => sockets.push(socket));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    // Listening on TCP.
    const { port } = server.address() as AddressInfo;
    const client = createEcrClient({
      endpointUrl: `http://127.0.0.1:${port}`,
      env: { AWS_ACCESS_KEY_ID: 'AKID', AWS_SECRET_ACCESS_KEY: 'secret' },
      retryBudgetMs: 200,
    });
    cleanups.push(
      () => client.close(),
      () => server.close(),
      () => {
        for (const socket of sockets) socket.destroy();
      },
    );
    const error = await catchError(() => uploadPart(client, 0, Buffer.alloc(20 * 1024 * 1024)));
    expect(error).toMatchObject({ code: 'UNAVAILABLE', message: expect.stringContaining('no answer from') });
    // The server reports accepted connections a little later.
    await expect.poll(() => sockets.length, patience).toBe(3);
  });

  test('is aborted in the end when a byte moves now and then', async () => {
    let timer: NodeJS.Timeout | undefined;
    cleanups.push(() => clearInterval(timer));
    const trickle: Respond = (response) => {
      response.writeHead(200, { 'content-type': 'application/x-amz-json-1.1', 'content-length': 100_000 });
      timer = setInterval(() => response.write(' '), 20);
    };
    const { client, seen } = await serve([trickle, json({ registries: [] })]);
    let attempts = 0;
    const limitAttempt = () => (++attempts === 1 ? 300 : 60_000);
    const call = makeCaller({ endpoint: 'it', limitAttempt });
    expect(await describeRegistry({ ...client, call }, signal)).toBeUndefined();
    expect(seen).toHaveLength(2);
  });
});

describe('through a proxy', () => {
  const SIZE = 3 * 1024 * 1024;

  /** The server of `serve` as `api.example.test`, behind TLS or not, and a client that reaches it through a proxy. */
  async function serveBehind(scheme: 'http' | 'https', responses: readonly Respond[], status?: number) {
    const { client: direct, seen } = await serve(responses);
    const port = Number((await direct.service.sdk.config.endpoint?.())?.port);
    const front = await startTlsFront(port);
    const hosts = { 'api.example.test': front.port };
    const plainHosts = { 'api.example.test': port };
    const proxy = await startForwardProxy({
      hosts,
      plainHosts,
      login: 'user:password',
      ...(status !== undefined && { status }),
    });
    const events: ApiEvent[] = [];
    const client = createEcrClient({
      endpointUrl: `${scheme}://api.example.test`,
      env: {
        AWS_ACCESS_KEY_ID: 'AKID',
        AWS_SECRET_ACCESS_KEY: 'secret',
        AWS_CA_BUNDLE: PRIVATE_ROOT,
        [`${scheme}_proxy`]: `http://user:password@${proxy.host}`,
      },
      onEvent: (event) => events.push(event),
    });
    cleanups.push(
      () => client.close(),
      () => front.close(),
      () => proxy.close(),
    );
    return { client, seen, proxy, events };
  }

  test.each(['http', 'https'] as const)('%s: parts go out as they do without one', async (scheme) => {
    const { client, seen, events } = await serveBehind(scheme, [
      json({ lastByteReceived: SIZE - 1 }),
      json({ lastByteReceived: 2 * SIZE - 1 }),
    ]);
    const service = pushTo(client);
    const parts = ['first', 'second'].map((name) => {
      const part = service.createPart(SIZE);
      part.append(makeRandomBytes(name, SIZE));
      return part;
    });
    const sent = parts[0]?.upload('u-1', 0, signal, () => parts[1]?.begin('u-1', SIZE));
    expect(await sent).toEqual({ kind: 'accepted', nextByte: SIZE });
    expect(await parts[1]?.upload('u-1', SIZE, signal)).toEqual({ kind: 'accepted', nextByte: 2 * SIZE });
    const blobs = seen.map(({ body }) => JSON.parse(body.toString()).layerPartBlob);
    expect(blobs).toEqual(['first', 'second'].map((name) => makeRandomBytes(name, SIZE).toString('base64')));
    expect(events).toMatchObject([{ attempts: 1 }, { attempts: 1 }]);
  });

  test.each(['http', 'https'] as const)('%s: what the proxy refuses is its refusal', async (scheme) => {
    const { client, seen, proxy, events } = await serveBehind(scheme, [], 407);
    const error = await catchError(() => describeRegistry(client, signal));
    expect(error).toMatchObject({
      code: 'UNAVAILABLE',
      message: `DescribeRegistries: the proxy http://${proxy.host} does not accept the user and password of ${scheme}_proxy (HTTP 407)`,
      hint: expect.stringContaining(`${scheme}_proxy`),
    });
    expect(events).toMatchObject([{ kind: 'call', attempts: 1 }]);
    expect(seen).toEqual([]);
  });
});

test('credentials that say their account belong to it, whichever key they are', async () => {
  const directory = await makeDirectory();
  const profile = (name: string, key: string) =>
    `[profile ${name}]\naws_access_key_id = ${key}\naws_secret_access_key = secret\naws_account_id = 123456789012\n`;
  await writeFile(join(directory, 'config'), profile('first', 'AKIAONE') + profile('second', 'AKIATWO'));
  for (const name of ['first', 'second']) {
    const { client } = await serve([], { AWS_CONFIG_FILE: join(directory, 'config') }, { profile: name });
    expect((await client.findIdentity(signal)).credentials.accountId).toBe('123456789012');
  }
});

test('credentials that expire are requested again, and the call continues with the new ones', async () => {
  const directory = await makeDirectory();
  const counter = join(directory, 'count');
  // Gives key K1 the first time, K2 the second, …
  const script = `const fs = require('node:fs');
fs.appendFileSync(${JSON.stringify(counter)}, 'x');
const AccessKeyId = 'K' + fs.statSync(${JSON.stringify(counter)}).size;
console.log(JSON.stringify({ Version: 1, AccessKeyId, SecretAccessKey: 'secret' }));`;
  await writeFile(join(directory, 'give-key.cjs'), script);
  const command = `"${process.execPath}" "${join(directory, 'give-key.cjs')}"`;
  await writeFile(join(directory, 'config'), `[profile changing]\ncredential_process = ${command}\n`);
  const { client, seen, events } = await serve(
    [refuse('ExpiredTokenException'), json({ registries: [] })],
    { AWS_CONFIG_FILE: join(directory, 'config') },
    { profile: 'changing' },
  );
  await describeRegistry(client, signal);
  const keys = seen.map(({ headers }) => /Credential=(\w+)/.exec(headers.authorization ?? '')?.[1]);
  expect(keys).toEqual(['K1', 'K2']);
  expect((await client.findIdentity(signal)).credentials.accessKeyId).toBe('K2');
  expect(events[0]).toMatchObject({ kind: 'retry', delayMs: 0, reason: 'ExpiredTokenException' });
});

test('an interruption does not wait for credentials that are being renewed', async () => {
  const directory = await makeDirectory();
  const renewing = join(directory, 'renewing');
  const keys = JSON.stringify({ Version: 1, AccessKeyId: 'K1', SecretAccessKey: 'secret' });
  // Gives keys once, and then never again.
  const command = `test -e "${renewing}-1" && { touch "${renewing}-2"; exec sleep 600; }; touch "${renewing}-1"; echo '${keys}'`;
  await writeFile(join(directory, 'config'), `[profile once]\ncredential_process = ${command}\n`);
  const { client } = await serve(
    [refuse('ExpiredTokenException')],
    { AWS_CONFIG_FILE: join(directory, 'config'), PATH: process.env.PATH ?? '' },
    { profile: 'once' },
  );
  const controller = new AbortController();
  const failed = catchError(() => describeRegistry(client, controller.signal));
  await expect.poll(() => existsSync(`${renewing}-2`), { timeout: 50_000 }).toBe(true);
  controller.abort(new EcrpError('INTERRUPTED', 'interrupted by SIGINT'));
  expect((await failed).code).toBe('INTERRUPTED');
}, 60_000);

test('the error names an endpoint where nothing listens', async () => {
  const client = createEcrClient({
    clock: makeSkippingClock(),
    endpointUrl: 'http://127.0.0.1:1',
    env: { AWS_ACCESS_KEY_ID: 'AKID', AWS_SECRET_ACCESS_KEY: 'secret' },
  });
  const error = await catchError(() => describeRegistry(client, signal));
  expect(error.code).toBe('UNAVAILABLE');
  expect(error.message).toContain('http://127.0.0.1:1');
  expect(error.message).toContain('ECONNREFUSED');
});
