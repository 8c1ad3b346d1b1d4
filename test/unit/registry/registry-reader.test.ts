import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { digestOf } from '../../../src/oci/digest.ts';
import { resolveTag } from '../../../src/registry/registry-reader.ts';
import { directConnections } from '../../support/connections.ts';

const signal = new AbortController().signal;
const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const clean of cleanups.splice(0)) clean();
});

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(
    () => server.closeAllConnections(),
    () => server.close(),
  );
  // Listening on TCP.
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const address = (registryHost: string) => ({
  registryHost,
  repositoryPath: 'a1b2c3d4/team/app',
  imageTag: '1.0',
});

const manifest = Buffer.from('{"schemaVersion":2}');

/** A registry as public.ecr.aws is: challenge, token endpoint, digest in the header of HEAD alone. */
function registry(state: { tagged: boolean; withHeader: boolean }, seen: string[] = []): RequestListener {
  return (request, response) => {
    seen.push(`${request.method} ${request.url} ${request.headers.authorization ?? '-'}`);
    const url = new URL(request.url ?? '/', `http://${request.headers.host}`);
    if (url.pathname === '/token/') {
      response.end(JSON.stringify({ token: `for ${url.searchParams.get('scope')}` }));
      return;
    }
    if (request.headers.authorization !== 'Bearer for aws') {
      const challenge = `Bearer realm="http://${request.headers.host}/token/",service="public.ecr.aws",scope="aws"`;
      response.writeHead(401, { 'www-authenticate': challenge }).end();
      return;
    }
    if (!state.tagged || url.pathname !== '/v2/a1b2c3d4/team/app/manifests/1.0') {
      response.writeHead(404).end('{"errors":[{"code":"MANIFEST_UNKNOWN"}]}');
      return;
    }
    response.writeHead(200, state.withHeader ? { 'docker-content-digest': digestOf(manifest) } : {});
    response.end(request.method === 'HEAD' ? undefined : manifest);
  };
}

describe('a tag', () => {
  test('is found with an anonymous token and HEAD', async () => {
    const seen: string[] = [];
    const host = await serve(registry({ tagged: true, withHeader: true }, seen));
    expect(await resolveTag(directConnections, address(host), signal)).toBe(digestOf(manifest));
    expect(seen).toEqual([
      'HEAD /v2/a1b2c3d4/team/app/manifests/1.0 -',
      'GET /token/?service=public.ecr.aws&scope=aws -',
      'HEAD /v2/a1b2c3d4/team/app/manifests/1.0 Bearer for aws',
    ]);
  });

  test('costs one request after others', async () => {
    const seen: string[] = [];
    const host = await serve(registry({ tagged: true, withHeader: true }, seen));
    const access = {};
    for (const _ of [1, 2]) {
      const found = await resolveTag(directConnections, address(host), signal, { access });
      expect(found).toBe(digestOf(manifest));
    }
    expect(seen.slice(3)).toEqual(['HEAD /v2/a1b2c3d4/team/app/manifests/1.0 Bearer for aws']);
  });

  test('is looked up again when the token has expired', async () => {
    const answer = registry({ tagged: true, withHeader: true });
    const host = await serve((request, response) => {
      if (request.headers.authorization === 'Bearer old') response.writeHead(400).end();
      else answer(request, response);
    });
    const found = await resolveTag(directConnections, address(host), signal, { access: { token: 'old' } });
    expect(found).toBe(digestOf(manifest));
  });

  test('is looked up again after a wait when the quota is used up', async () => {
    const answer = registry({ tagged: true, withHeader: true });
    let refusals = 3;
    const host = await serve((request, response) => {
      refusals -= 1;
      if (refusals >= 0) response.writeHead(429).end();
      else answer(request, response);
    });
    const found = await resolveTag(directConnections, address(host), signal, { quotaWaitMs: 1 });
    expect(found).toBe(digestOf(manifest));
  });

  test('is found when the header is missing', async () => {
    const host = await serve(registry({ tagged: true, withHeader: false }));
    expect(await resolveTag(directConnections, address(host), signal)).toBe(digestOf(manifest));
  });

  test('is undefined when it does not exist', async () => {
    const host = await serve(registry({ tagged: false, withHeader: true }));
    expect(await resolveTag(directConnections, address(host), signal)).toBeUndefined();
  });
});

describe('a registry without an answer', () => {
  test.each<[string, RequestListener]>([
    ['an error', (_request, response) => response.writeHead(500).end()],
    ['too many requests', (_request, response) => response.writeHead(429).end()],
    [
      'a challenge of another kind',
      (_request, response) => response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end(),
    ],
    [
      'a token endpoint that gives none',
      (_request, response) =>
        response
          .writeHead(401, { 'www-authenticate': `Bearer realm="http://${_request.headers.host}/"` })
          .end('{}'),
    ],
    ['a connection that ends', (_request, response) => response.destroy()],
  ])('because of %s: unknown', async (_name, listener) => {
    expect(await resolveTag(directConnections, address(await serve(listener)), signal)).toBe('unknown');
  });

  test('because nothing listens: unknown', async () => {
    expect(await resolveTag(directConnections, address('127.0.0.1:1'), signal)).toBe('unknown');
  });

  test('because the caller has no time: unknown, and the reason of the abort stays as it was', async () => {
    const host = await serve(() => {});
    const controller = new AbortController();
    const reason = new Error('by you');
    const stack = reason.stack;
    const resolved = resolveTag(directConnections, address(host), controller.signal);
    controller.abort(reason);
    expect(await resolved).toBe('unknown');
    expect(reason.stack).toBe(stack);
    expect(await resolveTag(directConnections, address(host), controller.signal)).toBe('unknown');
  });
});
