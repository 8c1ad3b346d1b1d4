import { writeFile } from 'node:fs/promises';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { createServer as createTlsServer } from 'node:tls';
import { afterEach, describe, expect, test } from 'vitest';
import { spawnCli } from '../support/cli.ts';
import { type ForwardProxyOptions, startForwardProxy } from '../support/forward-proxy.ts';
import { PRIVATE_ROOT, SERVER_IDENTITY, startTlsFront } from '../support/tls-front.ts';
import { startWorkplace } from '../support/workplace.ts';

const archive = join(import.meta.dirname, '..', '..', 'fixtures', 'archives', 'docker-20.10-one.tar');
const { home, emulator } = await startWorkplace({
  allowedHosts: ['api.example.test', 'registry.example.test'],
});
const port = Number(new URL(emulator.url).port);

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const clean of cleanups.splice(0)) clean();
});

/** The emulator as a service of a company's network: behind a proxy that alone knows its names, its certificate of a private root. */
async function prepareNetwork(options: Omit<ForwardProxyOptions, 'hosts'> = {}) {
  const front = await startTlsFront(port);
  const hosts = { 'api.example.test': front.port, 'registry.example.test': front.port };
  // The emulator's challenge has an address with plain HTTP.
  const plainHosts = { 'registry.example.test': port };
  const proxy = await startForwardProxy({ ...options, hosts, plainHosts });
  cleanups.push(
    () => proxy.close(),
    () => front.close(),
  );
  const env = {
    ...home.env,
    AWS_ACCESS_KEY_ID: emulator.accessKeyId,
    AWS_SECRET_ACCESS_KEY: emulator.secretAccessKey,
    AWS_ENDPOINT_URL_ECR_PUBLIC: 'https://api.example.test',
    ECRP_REGISTRY_HOST: 'registry.example.test',
    HTTPS_PROXY: `http://${proxy.host}`,
    http_proxy: `http://${proxy.host}`,
    AWS_CA_BUNDLE: PRIVATE_ROOT,
  };
  return { proxy, front, env };
}

describe('behind a proxy', () => {
  test('an image is pushed, and read back through the registry', async () => {
    const { env, proxy } = await prepareNetwork({ login: 'me:p@ss' });
    const address = `http://me:p%40ss@${proxy.host}`;
    const argv = ['push', archive, 'proxied/app:1.0', '--create-repo', '--verify', '--json'];
    const result = await spawnCli(argv, {
      env: { ...env, HTTPS_PROXY: address, http_proxy: address },
    }).ended;
    expect(result.status, result.stderr + result.stdout).toBe(0);
    expect(result.json()).toMatchObject({ verified: { manifests: 1 } });
    const kinds = new Set(proxy.seen.map((line) => line.replace(/\.test\/.*/, '.test/')));
    expect(kinds).toEqual(
      new Set([
        'CONNECT api.example.test:443',
        'CONNECT registry.example.test:443',
        'GET http://registry.example.test/',
      ]),
    );
  });

  test('that is not set, nothing is found', async () => {
    const { env, proxy } = await prepareNetwork();
    const result = await spawnCli(['repo', 'list'], { env: { ...env, HTTPS_PROXY: '' } }).ended;
    expect(result.status).toBe(8);
    expect(result.stderr).toMatch(/host name of https:\/\/api\.example\.test cannot be resolved/);
    expect(proxy.seen).toEqual([]);
  });

  test.each([
    [
      407,
      /the proxy http:\/\/127\.0\.0\.1:\d+ does not accept the user and password of HTTPS_PROXY \(HTTP 407\)/,
    ],
    [403, /the proxy http:\/\/127\.0\.0\.1:\d+ does not connect to api\.example\.test: it returned HTTP 403/],
  ])('its own failure is named: %d', async (status, message) => {
    const { env, proxy } = await prepareNetwork({ status });
    const result = await spawnCli(['repo', 'list', '--verbose'], {
      env: { ...env, HTTPS_PROXY: `http://me:secret@${proxy.host}` },
    }).ended;
    expect(result).toMatchObject({ status: 8, stdout: '' });
    expect(result.stderr).toMatch(message);
    expect(result.stderr).toMatch(/hint: /);
    expect(result.stderr).not.toContain('secret');
    expect(proxy.seen).toHaveLength(1);
  });

  test('a value that is no proxy is refused before anything is sent', async () => {
    const { env, proxy } = await prepareNetwork();
    const result = await spawnCli(['repo', 'list'], { env: { ...env, HTTPS_PROXY: 'socks5://127.0.0.1:1' } })
      .ended;
    expect(result.status).toBe(2);
    expect(result.stderr).toContain('HTTPS_PROXY: socks5:// proxies are not supported');
    expect(proxy.seen).toEqual([]);
  });
});

describe('a private root', () => {
  test('is trusted when the profile names it', async () => {
    const { env } = await prepareNetwork();
    const { AWS_CA_BUNDLE: _, ...without } = env;
    const config = join(home.directory, 'config');
    const keys = `aws_access_key_id = ${emulator.accessKeyId}\naws_secret_access_key = ${emulator.secretAccessKey}`;
    await writeFile(config, `[profile company]\n${keys}\nca_bundle = ${PRIVATE_ROOT}\n`);
    const named = { ...without, AWS_CONFIG_FILE: config };
    const result = await spawnCli(['repo', 'list', '--json', '--profile', 'company'], { env: named }).ended;
    expect(result.status, result.stderr).toBe(0);
    const untrusted = await spawnCli(['repo', 'list'], { env: without }).ended;
    expect(untrusted.status).toBe(8);
    expect(untrusted.stderr).toMatch(/no trusted connection to https:\/\/api\.example\.test.*AWS_CA_BUNDLE/s);
  });

  test('that cannot be read is an error of its own', async () => {
    const { env, proxy } = await prepareNetwork();
    const result = await spawnCli(['repo', 'list'], { env: { ...env, AWS_CA_BUNDLE: '/no/such.pem' } }).ended;
    expect(result.status).toBe(2);
    expect(result.stderr).toContain('AWS_CA_BUNDLE: /no/such.pem: no such file');
    expect(proxy.seen).toEqual([]);
  });
});

describe('what is not ECR Public', () => {
  async function listen(server: Server): Promise<string> {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    cleanups.push(() => server.close());
    // Listening on TCP.
    return `127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  const answer = (status: number, headers: Record<string, string>, body = ''): Server =>
    createHttpServer((request, response) => {
      request.resume();
      response.writeHead(status, { ...headers, connection: 'close' }).end(body);
    });
  const drip = (): Server =>
    createHttpServer((request, response) => {
      request.resume();
      response.writeHead(200, { 'content-type': 'application/x-amz-json-1.1' });
      const timer = setInterval(() => response.write(' '), 50);
      response.on('close', () => clearInterval(timer));
    });
  const sockets = new Set<Socket>();
  const silent = (): Server => createServer((socket) => sockets.add(socket));
  const shell = (): Server => createServer((socket) => socket.end('SSH-2.0-OpenSSH_9.2\r\n'));

  const tls = (): Server => createTlsServer(SERVER_IDENTITY);
  /** As nginx and Go's server answer plain HTTP on a port for TLS. */
  const politeTls = (): Server => {
    const inner = tls();
    return createServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', (first) => {
        if (first[0] !== 0x16) {
          socket.end('HTTP/1.1 400 Bad Request\r\ncontent-type: text/html\r\ncontent-length: 0\r\n\r\n');
          return;
        }
        socket.pause().unshift(first);
        inner.emit('connection', socket);
      });
    });
  };

  test.each<[string, () => Server, RegExp, number, string?]>([
    [
      'a web page',
      () => answer(200, { 'content-type': 'text/html' }, '<html>Sign in</html>'),
      /returned HTTP 200 with a web page; this does not look like ECR Public/,
      1,
    ],
    [
      'a redirect',
      () => answer(302, { location: 'http://portal.test/login?to=x' }),
      /returned HTTP 302 with a redirect to http:\/\/portal\.test; this does not look like ECR Public/,
      1,
    ],
    ['no HTTP', shell, /the connection to \S+ broke after 2 attempts/, 1],
    ['nothing', silent, /: no complete answer from http:\/\/127\.0\.0\.1:\d+ within 1\.5 s$/, 0, '1500ms'],
    [
      'a byte now and then',
      drip,
      /: no complete answer from http:\/\/127\.0\.0\.1:\d+ within 1\.5 s$/,
      0,
      '1500ms',
    ],
    ['a server that wants TLS and gets none', tls, /: http:\/\/127\.0\.0\.1:\d+ speaks TLS only$/, 0],
    ['a web server that says so itself', politeTls, /: http:\/\/127\.0\.0\.1:\d+ speaks TLS only$/, 0],
  ])('%s is given up, after two tries at most', async (_name, make, message, retries, budget) => {
    const host = await listen(make());
    const argv = [
      'token',
      '--endpoint-url',
      `http://${host}`,
      ...(budget === undefined ? [] : ['--retry-budget', budget]),
      '--progress',
      'json',
    ];
    const result = await spawnCli(argv, { env: { ...home.env, ...emulator.env } }).ended;
    for (const socket of sockets) socket.destroy();
    expect(result).toMatchObject({ status: 8, stdout: '' });
    const events = result.stderr
      .trim()
      .split('\n')
      .map((line): Record<string, unknown> => JSON.parse(line));
    expect(events.at(-1)).toMatchObject({
      event: 'error',
      code: 'UNAVAILABLE',
      message: expect.stringMatching(message),
    });
    expect(events.filter(({ event }) => event === 'retry')).toHaveLength(retries);
  });
});
