import { once } from 'node:events';
import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { afterEach, describe, expect, test } from 'vitest';
import { ProxyError } from '../../../src/net/connection-error.ts';
import { type Connections, prepareConnections } from '../../../src/net/connections.ts';
import { trustBundles } from '../../../src/net/trusted-roots.ts';
import { catchError } from '../../support/catch-error.ts';
import { type ForwardProxyOptions, startForwardProxy } from '../../support/forward-proxy.ts';
import { useTemporaryDirectories } from '../../support/temporary-directory.ts';
import { PRIVATE_ROOT, startTlsFront } from '../../support/tls-front.ts';

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const clean of cleanups.splice(0)) clean();
});
const makeDirectory = useTemporaryDirectories();

/** A server behind TLS of a private root, and a proxy that leads to it as `api.example.test`. */
async function prepare(options: Omit<ForwardProxyOptions, 'hosts'> = {}) {
  const server = createServer((_request, response) => response.end('the answer'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // Listening on TCP.
  const front = await startTlsFront((server.address() as AddressInfo).port);
  const proxy = await startForwardProxy({ ...options, hosts: { 'api.example.test': front.port } });
  cleanups.push(
    () => front.close(),
    () => proxy.close(),
    () => server.closeAllConnections(),
    () => server.close(),
  );
  return { front, proxy };
}

function connectBy(env: Record<string, string>, caBundle: string | null = PRIVATE_ROOT): Connections {
  const connections = prepareConnections({
    env,
    maxSockets: 2,
    findCaBundle: async () => (caBundle === null ? undefined : { path: caBundle, source: 'AWS_CA_BUNDLE' }),
  });
  cleanups.push(() => connections.close());
  return connections;
}

async function get(connections: Connections, url: string): Promise<string> {
  const asked = request(url, { agent: await connections.findAgent('https:') });
  asked.end();
  const [response] = await once(asked, 'response');
  let text = '';
  for await (const chunk of response) text += String(chunk);
  return text;
}

const API = 'https://api.example.test/';

describe('connections through a proxy', () => {
  test('are made with CONNECT, and kept', async () => {
    const { proxy, front } = await prepare();
    const connections = connectBy({ https_proxy: `http://${proxy.host}` });
    for (let round = 0; round < 3; round += 1) expect(await get(connections, API)).toBe('the answer');
    expect(proxy.seen).toEqual(['CONNECT api.example.test:443']);
    expect(front.connections).toBe(1);
  });

  test('never exceed the number that is allowed', async () => {
    const { proxy } = await prepare();
    const connections = connectBy({ https_proxy: `http://${proxy.host}` });
    const answers = await Promise.all(Array.from({ length: 7 }, () => get(connections, API)));
    expect(new Set(answers)).toEqual(new Set(['the answer']));
    expect(proxy.seen.length).toBeLessThanOrEqual(2);
  });

  test('take the login of the proxy’s URL', async () => {
    const { proxy } = await prepare({ login: 'us@er:p:ss' });
    expect(await get(connectBy({ https_proxy: `http://us%40er:p%3Ass@${proxy.host}` }), API)).toBe(
      'the answer',
    );
  });

  test.each<[string, number, string | undefined, RegExp, boolean]>([
    ['no login', 407, undefined, /requires a user and password \(HTTP 407\)$/, true],
    ['a wrong login', 407, 'u:secret@', /does not accept the user and password of https_proxy/, true],
    ['a refusal', 403, undefined, /does not connect to api\.example\.test: it returned HTTP 403$/, true],
    ['no way', 503, undefined, /does not connect to api\.example\.test: it returned HTTP 503$/, false],
  ])('%s is the proxy’s own failure', async (_name, status, login, message, isFinal) => {
    const { proxy, front } = await prepare({ status });
    const connections = connectBy({ https_proxy: `http://${login ?? ''}${proxy.host}` });
    const error = await get(connections, API).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ProxyError);
    expect(error).toMatchObject({ message: expect.stringMatching(message), isFinal });
    expect(JSON.stringify(error) + String(error)).not.toContain('secret');
    expect(String(error)).toContain(`http://${proxy.host}`);
    expect(front.connections).toBe(0);
  });

  test('that is down is named', async () => {
    const { proxy } = await prepare();
    proxy.close();
    const error = await get(connectBy({ https_proxy: proxy.host }), API).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ProxyError);
    expect(String(error)).toMatch(`no connection to the proxy http://${proxy.host}: connect ECONNREFUSED`);
  });

  test('are not made where no_proxy says so', async () => {
    const { proxy, front } = await prepare();
    const env = { https_proxy: `http://${proxy.host}`, no_proxy: 'example.test' };
    await expect(get(connectBy(env), `https://api.example.test:${front.port}/`)).rejects.toThrow('ENOTFOUND');
    expect(proxy.seen).toEqual([]);
  });
});

describe('a bundle of certificates', () => {
  test('is trusted besides the known roots, which are not enough for a private one', async () => {
    const { proxy } = await prepare();
    const env = { https_proxy: `http://${proxy.host}` };
    await expect(get(connectBy(env, null), API)).rejects.toThrow(/unable to verify|self-signed/);
    expect(await get(connectBy(env), API)).toBe('the answer');
  });

  test('is not read for plain HTTP', async () => {
    const connections = prepareConnections({
      env: {},
      maxSockets: 2,
      findCaBundle: () => Promise.reject(new Error('the bundle was looked for')),
    });
    cleanups.push(() => connections.close());
    await connections.findAgent('http:');
    await expect(connections.findAgent('https:')).rejects.toThrow('looked for');
  });

  test('of roots that Node trusts already adds nothing', async () => {
    const path = join(await makeDirectory(), 'roots.pem');
    const reordered = [...rootCertificates].reverse().map((root) => `${root.replaceAll('\n', '\r\n')}\r\n`);
    await writeFile(path, reordered.join(''));
    expect(await trustBundles([{ path, source: 'AWS_CA_BUNDLE' }], {})).toBeUndefined();
    await appendFile(path, await readFile(PRIVATE_ROOT));
    expect(await trustBundles([{ path, source: 'AWS_CA_BUNDLE' }], {})).toBeDefined();
  });

  test('does not trust another host’s certificate', async () => {
    const { front } = await prepare();
    const connections = connectBy({});
    await expect(get(connections, `https://localhost:${front.port}/`)).rejects.toThrow(/does not match/);
  });

  test.each<[string, string | undefined, string]>([
    ['is missing', undefined, 'no such file'],
    ['is no PEM', 'hello', 'holds no certificate in PEM'],
    [
      'is damaged',
      '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n',
      'certificate 1 of the file is damaged',
    ],
  ])('that %s is named with its setting', async (_name, content, problem) => {
    const path = join(await makeDirectory(), 'roots.pem');
    if (content !== undefined) await writeFile(path, content);
    const error = await catchError(() => connectBy({}, path).findAgent('https:'));
    expect(error).toMatchObject({ code: 'USAGE', message: expect.stringContaining(problem) });
    expect(error.message).toContain(`AWS_CA_BUNDLE: ${path}: `);
  });
});
