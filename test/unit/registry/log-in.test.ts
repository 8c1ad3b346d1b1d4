import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, test } from 'vitest';
import { requestRegistry } from '../../../src/registry/client.ts';
import { type Entrance, type PresentedLogin, sendLoggedIn } from '../../../src/registry/log-in.ts';
import { readBytes } from '../../../src/registry/read-answer.ts';
import { directConnections } from '../../support/connections.ts';

const { signal } = new AbortController();
const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const clean of cleanups.splice(0)) clean();
});

interface Served {
  readonly host: string;
  /** `METHOD URL AUTHORIZATION BODY` */
  readonly seen: string[];
}

/** Serves on loopback. Each server is a host of its own: its port is another. */
async function serve(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<Served> {
  const seen: string[] = [];
  const server = createServer(async (request, response) => {
    const body = await text(request);
    const { method, url, headers } = request;
    seen.push([method, url, headers.authorization ?? '-', body].filter(Boolean).join(' '));
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(
    () => server.closeAllConnections(),
    () => server.close(),
  );
  // Listening on TCP.
  return { host: `127.0.0.1:${(server.address() as AddressInfo).port}`, seen };
}

const basic = (login: string): string => `Basic ${Buffer.from(login).toString('base64')}`;
const password: PresentedLogin = { kind: 'password', username: 'me', secret: 's3cret', origin: 'a test' };
const anonymous: Entrance = { kind: 'anonymous' };
const stored = (login: PresentedLogin | undefined): Entrance => ({ kind: 'login', find: async () => login });
const token = (value: string | undefined): Entrance => ({ kind: 'token', find: async () => value });

/** A registry that serves to those with an `Authorization` in `valid`, and challenges the others. */
function guard(challenge: () => string, valid: ReadonlySet<string>) {
  return ({ headers }: IncomingMessage, response: ServerResponse): void => {
    if (valid.has(headers.authorization ?? '-')) response.end('content');
    else response.writeHead(401, { 'www-authenticate': challenge() }).end();
  };
}

const bearer = ({ host }: Served, more = ''): string =>
  `Bearer realm="http://${host}/token",service="it"${more}`;

/** Serves tokens to those who show `valid`; undefined: to everyone. */
function giveTokens(tokens: readonly string[], valid?: string) {
  const rest = [...tokens];
  return ({ headers }: IncomingMessage, response: ServerResponse): void => {
    const isKnown = headers.authorization === valid;
    if (headers.authorization !== undefined && !isKnown) response.writeHead(401).end();
    else response.end(JSON.stringify({ token: rest.shift() ?? 'none' }));
  };
}

function open({ host }: Served, ...entrances: readonly Entrance[]) {
  const refused: string[] = [];
  const send = sendLoggedIn({
    connections: directConnections,
    repositoryPath: 'team/app',
    entrances,
    onRefused: (login) => refused.push(login.origin),
  });
  const read = async (path = 'blob'): Promise<string> => {
    const url = new URL(`http://${host}/v2/team/app/${path}`);
    const answer = await requestRegistry(directConnections, url, {}, signal, { send });
    return answer.status === 200 ? String(await readBytes(answer, 1000)) : `HTTP ${answer.status}`;
  };
  return { read, refused };
}

describe('a login', () => {
  test('is not looked up for a registry that asks for none', async () => {
    const registry = await serve((_, response) => void response.end('content'));
    const find = (): never => {
      throw new Error('looked up');
    };
    expect(await open(registry, { kind: 'login', find }).read()).toBe('content');
  });

  test('with a password gets a token of the realm, with service and scope, once for all requests', async () => {
    const tokens = await serve(giveTokens(['t1'], basic('me:s3cret')));
    const registry = await serve(guard(() => bearer(tokens), new Set(['Bearer t1'])));
    const { read } = open(registry, stored(password), anonymous);
    expect(await Promise.all([read(), read(), read()])).toEqual(['content', 'content', 'content']);
    expect(tokens.seen).toEqual([
      `GET /token?service=it&scope=repository%3Ateam%2Fapp%3Apull ${basic('me:s3cret')}`,
    ]);
    expect(registry.seen.join()).not.toContain('Basic');
  });

  test('asks for the scope of the challenge', async () => {
    const tokens = await serve(giveTokens(['t1'], basic('me:s3cret')));
    const registry = await serve(guard(() => bearer(tokens, ',scope="aws"'), new Set(['Bearer t1'])));
    await open(registry, stored(password)).read();
    expect(tokens.seen[0]).toContain('scope=aws ');
  });

  test('with a password is shown to a registry that asks for Basic', async () => {
    const registry = await serve(guard(() => 'Basic realm="it"', new Set([basic('me:s3cret')])));
    const { read } = open(registry, stored(password), anonymous);
    expect([await read(), await read()]).toEqual(['content', 'content']);
    expect(registry.seen).toHaveLength(3);
  });

  test.each([401, 403])(
    'is used where a registry refuses with %i and challenges at /v2/ alone',
    async (status) => {
      const tokens = await serve(giveTokens(['t1'], basic('me:s3cret')));
      const registry = await serve(({ headers, url }, response) => {
        if (headers.authorization === 'Bearer t1') response.end('content');
        else if (url === '/v2/') response.writeHead(401, { 'www-authenticate': bearer(tokens) }).end();
        else response.writeHead(status).end();
      });
      const { read } = open(registry, stored(password), anonymous);
      expect([await read(), await read()]).toEqual(['content', 'content']);
      expect(registry.seen).toHaveLength(4);
    },
  );

  test('is no help where a registry refuses everyone', async () => {
    const registry = await serve((_, response) => void response.writeHead(403).end());
    const { read, refused } = open(registry, stored(password), anonymous);
    expect([await read(), refused]).toEqual(['HTTP 403', []]);
    expect(registry.seen.join()).not.toContain('Basic');
  });

  test('takes Bearer where a registry offers both', async () => {
    const tokens = await serve(giveTokens(['t1'], basic('me:s3cret')));
    const challenge = () => `Basic realm="it", ${bearer(tokens)}`;
    const registry = await serve(guard(challenge, new Set(['Bearer t1'])));
    expect(await open(registry, stored(password)).read()).toBe('content');
  });

  test('with an identity token posts it', async () => {
    const tokens = await serve(({ method }, response) => {
      response.writeHead(method === 'POST' ? 200 : 405).end('{"access_token":"t1"}');
    });
    const registry = await serve(guard(() => bearer(tokens), new Set(['Bearer t1'])));
    const login = { kind: 'identity-token', secret: 'i d', origin: 'a test' } as const;
    expect(await open(registry, stored(login), anonymous).read()).toBe('content');
    expect(tokens.seen).toEqual([
      'POST /token - grant_type=refresh_token&service=it&scope=repository%3Ateam%2Fapp%3Apull&client_id=ecrp&refresh_token=i+d',
    ]);
  });

  test('with a token of the registry shows it as it is', async () => {
    const tokens = await serve(giveTokens([]));
    const registry = await serve(guard(() => bearer(tokens), new Set(['Bearer mine'])));
    const login = { kind: 'registry-token', secret: 'mine', origin: 'a test' } as const;
    expect(await open(registry, stored(login), anonymous).read()).toBe('content');
    expect(tokens.seen).toEqual([]);
  });

  test('is renewed when its token has expired', async () => {
    const tokens = await serve(giveTokens(['t1', 't2'], basic('me:s3cret')));
    const valid = new Set(['Bearer t1']);
    const registry = await serve(guard(() => bearer(tokens), valid));
    const { read, refused } = open(registry, stored(password), anonymous);
    expect(await read()).toBe('content');
    valid.clear();
    valid.add('Bearer t2');
    expect(await Promise.all([read(), read(), read()])).toEqual(['content', 'content', 'content']);
    expect([tokens.seen.length, refused]).toEqual([2, []]);
  });

  test('is renewed where an expired token is a bad request without a challenge', async () => {
    const tokens = await serve(giveTokens(['t1', 't2'], basic('me:s3cret')));
    const valid = new Set(['Bearer t1']);
    const registry = await serve(({ headers }, response) => {
      const { authorization } = headers;
      if (authorization === undefined) response.writeHead(401, { 'www-authenticate': bearer(tokens) }).end();
      else response.writeHead(valid.has(authorization) ? 200 : 400).end('content');
    });
    const { read } = open(registry, stored(password), anonymous);
    expect(await read()).toBe('content');
    valid.clear();
    valid.add('Bearer t2');
    expect(await read()).toBe('content');
  });
});

describe('a login that is refused', () => {
  test('by the token endpoint is reported, and everyone reads', async () => {
    const tokens = await serve(giveTokens(['t1'], basic('other:login')));
    const registry = await serve(guard(() => bearer(tokens), new Set(['Bearer t1'])));
    const { read, refused } = open(registry, stored(password), anonymous);
    expect([await read(), await read(), refused]).toEqual(['content', 'content', ['a test']]);
  });

  test.each([401, 403, 400])('by the registry with %i is reported, and everyone reads', async (status) => {
    const tokens = await serve(({ headers }, response) => {
      response.end(JSON.stringify({ token: headers.authorization === undefined ? 'everyone' : 'mine' }));
    });
    const registry = await serve(({ headers }, response) => {
      if (headers.authorization === 'Bearer everyone') response.end('content');
      else if (headers.authorization !== undefined && status !== 401) response.writeHead(status).end();
      else response.writeHead(401, { 'www-authenticate': bearer(tokens) }).end();
    });
    const { read, refused } = open(registry, stored(password), anonymous);
    expect([await read(), refused]).toEqual(['content', ['a test']]);
  });

  test('by a registry that asks for Basic ends with its answer, again and again', async () => {
    const registry = await serve(guard(() => 'Basic realm="it"', new Set()));
    const { read, refused } = open(registry, stored(password), anonymous);
    expect([await read(), await read(), refused]).toEqual(['HTTP 401', 'HTTP 401', ['a test']]);
    expect(registry.seen).toHaveLength(3);
  });

  test('is not replaced when the registry offers no other way', async () => {
    const tokens = await serve(giveTokens(['t1'], basic('other:login')));
    const registry = await serve(guard(() => bearer(tokens), new Set(['Bearer t1'])));
    const { read, refused } = open(registry, stored(password));
    expect([await read(), refused]).toEqual(['HTTP 401', []]);
    expect(tokens.seen.every((line) => line.includes('Basic'))).toBe(true);
  });
});

describe("the registry's own token", () => {
  test.each([403, 429])('is used where everyone gets %i', async (status) => {
    const registry = await serve(({ headers }, response) => {
      response.writeHead(headers.authorization === 'Bearer account' ? 200 : status).end('content');
    });
    const { read } = open(registry, anonymous, token('account'), stored(password), anonymous);
    expect([await read(), await read()]).toEqual(['content', 'content']);
    expect(registry.seen).toHaveLength(3);
  });

  test('is not needed by everyone, and without it everyone reads on', async () => {
    const tokens = await serve(giveTokens(['t1', 't2', 't3']));
    let isLimited = false;
    const registry = await serve(({ headers }, response) => {
      if (headers.authorization === undefined)
        response.writeHead(401, { 'www-authenticate': bearer(tokens) }).end();
      else response.writeHead(isLimited ? 429 : 200).end('content');
    });
    const { read } = open(registry, anonymous, token(undefined), stored(undefined), anonymous);
    expect(await read()).toBe('content');
    isLimited = true;
    expect([await read(), await read()]).toEqual(['HTTP 429', 'HTTP 429']);
    isLimited = false;
    expect(await read()).toBe('content');
  });
});

describe('a login is shown to no other host', () => {
  test.each(['Bearer', 'Basic'])('that a redirect leads to, with %s', async (kind) => {
    const tokens = await serve(giveTokens(['t1'], basic('me:s3cret')));
    const elsewhere = await serve((_, response) => void response.end('content'));
    const challenge = () => (kind === 'Bearer' ? bearer(tokens) : 'Basic realm="it"');
    const registry = await serve(({ headers }, response) => {
      if (headers.authorization === undefined)
        response.writeHead(401, { 'www-authenticate': challenge() }).end();
      else response.writeHead(307, { location: `http://${elsewhere.host}/there` }).end();
    });
    expect(await open(registry, stored(password)).read()).toBe('content');
    expect(elsewhere.seen).toEqual(['GET /there -']);
  });

  test('that challenges after a redirect', async () => {
    const greedy = await serve((_, response) => void response.end('{"token":"x"}'));
    const elsewhere = await serve(guard(() => bearer(greedy), new Set()));
    const registry = await serve((_, response) => {
      response.writeHead(307, { location: `http://${elsewhere.host}/there` }).end();
    });
    expect(await open(registry, stored(password), anonymous).read()).toBe('HTTP 401');
    expect([elsewhere.seen, greedy.seen]).toEqual([['GET /there -'], []]);
  });

  test('that a redirect back leads through', async () => {
    let registryHost = '';
    const elsewhere = await serve((_, response) => {
      response.writeHead(307, { location: `http://${registryHost}/v2/team/app/back` }).end();
    });
    const registry = await serve(({ headers, url }, response) => {
      if (url?.endsWith('/back')) response.end('content');
      else if (headers.authorization === undefined)
        response.writeHead(401, { 'www-authenticate': 'Basic' }).end();
      else response.writeHead(307, { location: `http://${elsewhere.host}/there` }).end();
    });
    registryHost = registry.host;
    expect(await open(registry, stored(password)).read()).toBe('content');
    expect(registry.seen.at(-1)).toBe('GET /v2/team/app/back -');
  });

  test('that its token endpoint redirects to', async () => {
    const elsewhere = await serve((_, response) => void response.end('{"token":"t1"}'));
    const tokens = await serve((_, response) => {
      response.writeHead(307, { location: `http://${elsewhere.host}/there` }).end();
    });
    const registry = await serve(guard(() => bearer(tokens), new Set(['Bearer t1'])));
    for (const kind of ['password', 'identity-token'] as const) {
      await open(registry, stored({ ...password, kind }))
        .read()
        .catch(() => undefined);
    }
    expect(elsewhere.seen.join()).not.toMatch(/Basic|s3cret/);
    expect(tokens.seen).toHaveLength(2);
  });

  test('but to its own after a redirect to another path', async () => {
    const registry = await serve(({ headers, url }, response) => {
      if (headers.authorization === undefined) response.writeHead(401, { 'www-authenticate': 'Basic' }).end();
      else if (url?.endsWith('/there')) response.end('content');
      else response.writeHead(308, { location: '/v2/there' }).end();
    });
    expect(await open(registry, stored(password)).read()).toBe('content');
    expect(registry.seen.at(-1)).toBe(`GET /v2/there ${basic('me:s3cret')}`);
  });

  test.each([
    ['http://example.org/token', 'is not HTTPS'],
    ['ftp://127.0.0.1/token', 'is not HTTPS'],
  ])('whose realm is %s', async (realm, message) => {
    const registry = await serve(guard(() => `Bearer realm="${realm}"`, new Set()));
    await expect(open(registry, stored(password)).read()).rejects.toThrow(message);
  });
});

test.each(['not-a-url', ''])('a challenge with the realm %s leads nowhere', async (realm) => {
  const registry = await serve(guard(() => `Bearer realm="${realm}"`, new Set()));
  expect(await open(registry, stored(password), anonymous).read()).toBe('HTTP 401');
});

test('redirects that do not end are an error', async () => {
  const registry = await serve(
    ({ url }, response) => void response.writeHead(307, { location: `${url}x` }).end(),
  );
  await expect(open(registry, anonymous).read()).rejects.toThrow('redirects again and again');
  expect(registry.seen).toHaveLength(6);
});
