import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { chooseScheme, type RegistryAccess, requestRegistry } from '../../../src/registry/client.ts';
import { parseBearerChallenge } from '../../../src/registry/fetch-token.ts';
import { readBytes } from '../../../src/registry/read-answer.ts';
import { directConnections } from '../../support/connections.ts';

const { signal } = new AbortController();
const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const clean of cleanups.splice(0)) clean();
});

/** Serves on loopback, and returns `127.0.0.1:PORT` with what was asked: `METHOD PATH AUTHORIZATION`. */
async function serve(listener: RequestListener) {
  const seen: string[] = [];
  const server = createServer((request, response) => {
    seen.push(`${request.method} ${request.url} ${request.headers.authorization ?? '-'}`);
    listener(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(
    () => server.closeAllConnections(),
    () => server.close(),
  );
  // Listening on TCP.
  return { host: `127.0.0.1:${(server.address() as AddressInfo).port}`, seen };
}

/** A registry that takes the tokens in `valid`, and challenges others with a realm. */
function guard(realm: () => string, valid: Set<string>, content: RequestListener): RequestListener {
  return (request, response) => {
    const { authorization } = request.headers;
    if (valid.has(authorization ?? '-')) content(request, response);
    // As public.ecr.aws: an expired token is a bad request, without a challenge.
    else if (authorization !== undefined) response.writeHead(400).end();
    else response.writeHead(401, { 'www-authenticate': `Bearer realm="${realm()}",scope="aws"` }).end();
  };
}

async function read(host: string, access?: RegistryAccess): Promise<string> {
  const url = new URL(`http://${host}/v2/a/blob`);
  return String(await readBytes(await requestRegistry(directConnections, url, {}, signal, access), 1000));
}

describe('a request to a registry', () => {
  test('gets a token where the challenge points to, once for all that share the access', async () => {
    const tokens = await serve((_, response) => void response.end('{"token":"t1"}'));
    const registry = await serve(
      guard(
        () => `http://${tokens.host}/token`,
        new Set(['Bearer t1']),
        (_, response) => void response.end('content'),
      ),
    );
    const access: RegistryAccess = {};
    expect([await read(registry.host, access), await read(registry.host, access)]).toEqual([
      'content',
      'content',
    ]);
    expect(tokens.seen).toEqual(['GET /token?scope=aws -']);
    expect(registry.seen).toEqual([
      'GET /v2/a/blob -',
      'GET /v2/a/blob Bearer t1',
      'GET /v2/a/blob Bearer t1',
    ]);
  });

  test('gets another token when the one that is kept has expired', async () => {
    const tokens = await serve((_, response) => void response.end('{"access_token":"t2"}'));
    const registry = await serve(
      guard(
        () => `http://${tokens.host}/token`,
        new Set(['Bearer t2']),
        (_, response) => void response.end('content'),
      ),
    );
    const access: RegistryAccess = { token: 't1' };
    expect(await read(registry.host, access)).toBe('content');
    expect(registry.seen).toEqual([
      'GET /v2/a/blob Bearer t1',
      'GET /v2/a/blob -',
      'GET /v2/a/blob Bearer t2',
    ]);
    expect(access.token).toBe('t2');
  });

  test.each([401, 403, 429])(
    'uses the token of an account where anonymous access ends with %i',
    async (status) => {
      const registry = await serve(({ headers }, response) => {
        response.writeHead(headers.authorization === 'Bearer account' ? 200 : status).end('content');
      });
      expect(await read(registry.host, { authorize: async () => 'account' })).toBe('content');
      expect(registry.seen).toEqual(['GET /v2/a/blob -', 'GET /v2/a/blob Bearer account']);
    },
  );

  test('returns other statuses as they are', async () => {
    const registry = await serve((_, response) => void response.writeHead(403).end());
    const answer = await requestRegistry(
      directConnections,
      new URL(`http://${registry.host}/v2/`),
      {},
      signal,
    );
    expect(answer.status).toBe(403);
  });

  test('shows no token to where it is redirected', async () => {
    const elsewhere = await serve((_, response) => void response.end('content'));
    const registry = await serve((_, response) => {
      response.writeHead(307, { location: `http://${elsewhere.host}/there` }).end();
    });
    expect(await read(registry.host, { token: 'secret' })).toBe('content');
    expect(registry.seen).toEqual(['GET /v2/a/blob Bearer secret']);
    expect(elsewhere.seen).toEqual(['GET /there -']);
  });

  test.each([
    ['{}', 'gave no token'],
    ['[', 'the token of'],
    ['{"token":"line\\nbreak"}', 'gave no token'],
  ])('fails with what the token endpoint answers: %s', async (body, message) => {
    const tokens = await serve((_, response) => void response.end(body));
    const registry = await serve(
      guard(
        () => `http://${tokens.host}/`,
        new Set(),
        () => undefined,
      ),
    );
    await expect(read(registry.host)).rejects.toMatchObject({
      name: 'NoTokenError',
      message: expect.stringContaining(message),
    });
  });
});

test.each([
  ['public.ecr.aws', 'https'],
  ['127.0.0.1:5100', 'http'],
  ['127.0.0.1', 'http'],
  ['127.9.9.9:80', 'http'],
  ['localhost:5100', 'http'],
  ['LOCALHOST', 'http'],
  ['[::1]:5100', 'http'],
  ['localhost.example.com', 'https'],
  ['127.0.0.1.example.com', 'https'],
  ['10.0.0.1:5000', 'https'],
])('%s is reached by %s', (host, scheme) => {
  expect(chooseScheme(host)).toBe(scheme);
});

test.each([
  [
    'Bearer realm="https://public.ecr.aws/token/",service="public.ecr.aws",scope="aws"',
    { realm: 'https://public.ecr.aws/token/', service: 'public.ecr.aws', scope: 'aws' },
  ],
  [
    'bearer realm="http://h/t", scope="repository:a/b:pull,push"',
    { realm: 'http://h/t', scope: 'repository:a/b:pull,push' },
  ],
  ['Bearer realm=http://h/t', { realm: 'http://h/t' }],
  ['Bearer service="x"', undefined],
  ['Bearer realm="no url"', undefined],
  ['Basic realm="http://h/t"', undefined],
  ['', undefined],
  [undefined, undefined],
])('the challenge %s', (header, expected) => {
  expect(parseBearerChallenge(header)).toEqual(expected);
});
