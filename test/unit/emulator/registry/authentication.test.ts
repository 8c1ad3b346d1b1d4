import { describe, expect, test } from 'vitest';
import { readJson, startTestRegistry } from './registry-server.ts';

interface Token {
  readonly token: string;
}

const HOUR_MS = 3_600_000;
const refusal = '{"errors":[{"code":"DENIED","message":"Your Authorization Token is invalid."}]}\n';

describe('/v2/', () => {
  test('challenges a request without a token, as recorded from public.ecr.aws', async () => {
    const { origin } = await startTestRegistry();
    const response = await fetch(`${origin}/v2/`);
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toBe(
      `Bearer realm="${origin}/token/",service="public.ecr.aws",scope="aws"`,
    );
    expect(response.headers.get('docker-distribution-api-version')).toBe('registry/2.0');
    expect(response.headers.get('content-length')).toBe('58');
    expect(await response.text()).toBe('{"errors":[{"code":"DENIED","message":"Not Authorized"}]}\n');
  });

  test('does not quote a Host that would break out of the challenge', async () => {
    const { origin } = await startTestRegistry();
    const { request } = await import('node:http');
    const header = await new Promise((resolve) => {
      const headers = { host: 'x",evil="y' };
      request(`${origin}/v2/`, { headers }, (response) => {
        resolve(response.headers['www-authenticate']);
        response.resume();
      }).end();
    });
    expect(header).toContain(`realm="${origin}/token/"`);
  });

  test('accepts the authorization token and the anonymous one as Bearer', async () => {
    const registry = await startTestRegistry();
    expect((await registry.fetch('/v2/')).status).toBe(200);
    expect((await registry.fetch('/v2/', {}, registry.authorizationToken)).status).toBe(200);
  });

  test.each(['Basic', 'Bearer'])('answers 400 to invalid %s credentials', async (scheme) => {
    const { origin, authorizationToken, clock } = await startTestRegistry();
    if (scheme === 'Bearer') clock.now += 12 * HOUR_MS;
    const response = await fetch(`${origin}/v2/`, {
      headers: { authorization: `${scheme} ${authorizationToken}` },
    });
    expect([response.status, response.headers.get('www-authenticate'), await response.text()]).toEqual([
      400,
      null,
      refusal,
    ]);
    expect(response.headers.get('content-length')).toBe('80');
  });
});

describe('/token/', () => {
  test('issues an anonymous token that pulls for one hour', async () => {
    const { origin, clock } = await startTestRegistry();
    const { token } = await readJson<Token>(await fetch(`${origin}/token/?scope=aws&service=public.ecr.aws`));
    const headers = { authorization: `Bearer ${token}` };
    expect((await fetch(`${origin}/v2/`, { headers })).status).toBe(200);
    clock.now += HOUR_MS;
    expect((await fetch(`${origin}/v2/`, { headers })).status).toBe(400);
  });

  test('exchanges user name and password for a token that may push', async () => {
    const { origin, authorizationToken, fetch: fetchAs } = await startTestRegistry();
    const headers = { authorization: `Basic ${authorizationToken}` };
    const { token } = await readJson<Token>(await fetch(`${origin}/token/`, { headers }));
    const response = await fetchAs(`/v2/alias/r/blobs/sha256:${'0'.repeat(64)}`, { method: 'HEAD' }, token);
    expect(response.status).toBe(404);
  });

  test.each([
    ['wrong', 'Your Authorization Token is invalid.'],
    ['out of date', 'Your authorization token has expired. Reauthenticate and try again.'],
  ])('denies a password that is %s', async (kind, text) => {
    const { origin, authorizationToken, clock } = await startTestRegistry();
    clock.now += kind === 'wrong' ? 0 : 12 * HOUR_MS;
    const credentials = kind === 'wrong' ? btoa('AWS:secret') : authorizationToken;
    const headers = { authorization: `Basic ${credentials}` };
    const response = await fetch(`${origin}/token/`, { headers });
    expect(response.status).toBe(403);
    expect(await response.json()).toEqual({ errors: [{ code: 'DENIED', message: text }] });
  });

  test('is the target of /token, query included', async () => {
    const { origin } = await startTestRegistry();
    const response = await fetch(`${origin}/token?service=public.ecr.aws`, { redirect: 'manual' });
    expect([response.status, response.headers.get('location')]).toEqual([
      301,
      '/token/?service=public.ecr.aws',
    ]);
  });
});
