import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { OCI_MANIFEST } from '../../../src/oci/media-types.ts';
import { locateArchive } from '../../support/archives.ts';
import { catchError } from '../../support/catch-error.ts';
import { makeHome, runCli } from '../../support/cli.ts';
import { startForwardProxy } from '../../support/forward-proxy.ts';
import { openTestRemote } from '../../support/remote.ts';
import { makeSkippingClock } from '../../support/skipping-clock.ts';
import { PRIVATE_ROOT, startTlsFront } from '../../support/tls-front.ts';
import { startWorkplace } from '../../support/workplace.ts';

const { signal } = new AbortController();
const manifest = Buffer.from(`{"schemaVersion":2,"mediaType":"${OCI_MANIFEST}"}`);
const workplace = await startWorkplace();

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0)) await clean();
});

type Answer = (request: IncomingMessage, response: ServerResponse) => void;
const serveManifest: Answer = (_, response) => void response.end(manifest);

async function serve(answer: Answer): Promise<number> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(
    () => server.closeAllConnections(),
    () => server.close(),
  );
  // It listens on TCP.
  return (server.address() as AddressInfo).port;
}

async function prepareHome() {
  const home = await makeHome();
  cleanups.push(() => home.remove());
  return home;
}

/** A registry `registry.example.test` with a certificate of a private root, behind a proxy that alone knows its name. */
async function prepareNetwork(answer: Answer) {
  const home = await prepareHome();
  const port = await serve(answer);
  const front = await startTlsFront(port);
  const proxy = await startForwardProxy({
    hosts: { 'registry.example.test': front.port, 'plain.example.test': port },
    plainHosts: { 'plain.example.test': port, 'registry.example.test': port },
  });
  cleanups.push(
    () => proxy.close(),
    () => front.close(),
  );
  const env = { ...home.env, HTTPS_PROXY: `http://${proxy.host}`, http_proxy: `http://${proxy.host}` };
  const certificates = join(home.directory, '.config/docker/certs.d/registry.example.test');
  return { env, proxy, certificates };
}

const open: typeof openTestRemote = async (reference, env, options) => {
  const opened = await openTestRemote(reference, env, { clock: makeSkippingClock(), ...options });
  cleanups.push(() => opened.remote.close());
  return opened;
};

describe('a registry with a certificate of a private root', () => {
  test('is read when its root is in certs.d', async () => {
    const { env, certificates } = await prepareNetwork(serveManifest);
    await mkdir(certificates, { recursive: true });
    await copyFile(PRIVATE_ROOT, join(certificates, 'ca.crt'));
    await writeFile(join(certificates, 'README'), 'no certificate');
    const { remote } = await open('registry.example.test/team/app', env);
    expect(await remote.readManifest('v1', signal)).toMatchObject({ bytes: manifest });
  });

  test('is not trusted without it, and the error says where to put it', async () => {
    const { env } = await prepareNetwork(serveManifest);
    const { remote } = await open('registry.example.test/team/app', env);
    const error = await catchError(() => remote.readManifest('v1', signal));
    expect(error).toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringMatching(/certificate/),
      hint: "Put the certificate of the registry's authority into ~/.config/docker/certs.d/registry.example.test/ca.crt.",
    });
  });

  test('is not read with a file in certs.d that is no certificate', async () => {
    const { env, certificates } = await prepareNetwork(serveManifest);
    await mkdir(certificates, { recursive: true });
    await writeFile(join(certificates, 'ca.crt'), 'nothing');
    const { remote } = await open('registry.example.test/team/app', env);
    const error = await catchError(() => remote.readManifest('v1', signal));
    expect(error).toMatchObject({
      code: 'USAGE',
      message: expect.stringContaining(join(certificates, 'ca.crt')),
      hint: 'Put certificates in PEM there, or remove the file.',
    });
  });

  test('is not followed to plain HTTP, nor asked for a token there', async () => {
    let answer: Answer = (_, response) => {
      response.writeHead(307, { location: 'http://plain.example.test/v2/' }).end();
    };
    const { env, proxy } = await prepareNetwork((...exchange) => answer(...exchange));
    const given = { ...env, AWS_CA_BUNDLE: PRIVATE_ROOT };
    const givenLogin = { username: 'me', secret: 's3cret' };
    const { remote } = await open('registry.example.test/team/app', given, { givenLogin });
    const redirected = await catchError(() => remote.readManifest('v1', signal));
    expect(redirected.message).toContain('redirects to http://plain.example.test, which is not HTTPS');
    answer = (_, response) => {
      response
        .writeHead(401, { 'www-authenticate': 'Bearer realm="http://registry.example.test/token"' })
        .end();
    };
    const challenged = await catchError(() => remote.readManifest('v1', signal));
    expect(challenged.message).toContain(
      'asks to log in at http://registry.example.test, which is not HTTPS',
    );
    expect(proxy.seen.filter((line) => !line.startsWith('CONNECT registry'))).toEqual([]);
  });
});

describe('a registry in plain HTTP', () => {
  test('is read when the user says so', async () => {
    const { env, proxy } = await prepareNetwork(serveManifest);
    const { remote } = await open('plain.example.test/team/app', env, { plainHttp: true });
    expect(await remote.readManifest('v1', signal)).toMatchObject({ bytes: manifest });
    expect(proxy.seen).toEqual(['GET http://plain.example.test/v2/team/app/manifests/v1']);
  });

  test('is an error otherwise, which names the option', async () => {
    const { env } = await prepareNetwork(serveManifest);
    const { remote } = await open('plain.example.test/team/app', env);
    const error = await catchError(() => remote.readManifest('v1', signal));
    expect(error).toMatchObject({ code: 'UNAVAILABLE', hint: expect.stringContaining('--from-plain-http') });
  });
});

describe('the limit of a registry', () => {
  test('is told once with --verbose', async () => {
    const home = await prepareHome();
    const port = await serve((_, response) => {
      response.writeHead(200, {
        'ratelimit-limit': '100;w=21600',
        'ratelimit-remaining': '76;w=21600',
      });
      response.end(manifest);
    });
    const { remote, stderr } = await open(`127.0.0.1:${port}/app`, home.env);
    await remote.readManifest('v1', signal);
    await remote.readManifest('v1', signal);
    expect(stderr().match(/76 of 100 pulls left in 6 h 00 min/g)).toHaveLength(1);
  });

  test('that is used up is waited for as the registry asks', async () => {
    const home = await prepareHome();
    let times = 0;
    const port = await serve((_, response) => {
      times += 1;
      if (times > 1) response.end(manifest);
      else response.writeHead(429, { 'retry-after': '7' }).end();
    });
    const clock = makeSkippingClock();
    const { remote } = await open(`127.0.0.1:${port}/app`, home.env, { clock });
    await remote.readManifest('v1', signal);
    expect(clock.waitedMs).toEqual([7000]);
  });

  test('that is used up for long is an error, which names the login', async () => {
    const home = await prepareHome();
    const port = await serve((_, response) => void response.writeHead(429, { 'retry-after': '7200' }).end());
    const { remote } = await open(`127.0.0.1:${port}/app`, home.env);
    const error = await catchError(() => remote.readManifest('v1', signal));
    expect(error).toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringMatching(/HTTP 429 and asks to wait 7200 s$/),
      hint: `Run 'docker login 127.0.0.1:${port}' for a higher limit, or run the command again later.`,
    });
  });
});

test.each([
  ['registry.invalid/app', /ENOTFOUND|EAI_AGAIN/],
  ['127.0.0.1:1/app', /ECONNREFUSED/],
])('a host that is not there is an error: %s', async (reference, message) => {
  const home = await prepareHome();
  const { remote } = await open(reference, home.env);
  const error = await catchError(() => remote.readManifest('v1', signal));
  expect(error).toMatchObject({
    code: 'UNAVAILABLE',
    message: expect.stringMatching(message),
    hint: expect.stringMatching(/^Check the host name/),
  });
});

describe("the user's own registry", () => {
  const { home, emulator } = workplace;
  const env = { ...home.env, ...emulator.env };
  const push = async (name: string): Promise<string> => {
    const argv = ['push', locateArchive('docker-20.10-one.tar'), name, '--create-repo', '--json'];
    const result = await runCli(argv, { env });
    expect(result.status, result.stderr).toBe(0);
    return String(result.json().imageDigest);
  };

  test('is read by a name without its alias', async () => {
    const digest = await push('own/app:v1');
    const { remote } = await open('own/app', env);
    expect(await remote.findDigest('v1', signal)).toBe(digest);
    expect(remote.name).toBe(`${emulator.registryHost}/${emulator.registryAlias}/own/app`);
  });

  test('is read by its whole name without credentials', async () => {
    const digest = await push('open/app:v1');
    const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, ...anonymous } = env;
    const { remote } = await open(`${emulator.registryHost}/${emulator.registryAlias}/open/app`, anonymous);
    expect(await remote.findDigest('v1', signal)).toBe(digest);
  });

  test('is not guessed for another endpoint', async () => {
    const { ECRP_REGISTRY_HOST, ...others } = env;
    expect(await catchError(() => open('own/app', others))).toMatchObject({ code: 'USAGE' });
  });
});
