import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { spawnCli } from '../support/cli.ts';
import { endWithTests } from '../support/end-with-tests.ts';
import { startForwardProxy } from '../support/forward-proxy.ts';
import { PRIVATE_ROOT, startTlsFront } from '../support/tls-front.ts';
import { startWorkplace } from '../support/workplace.ts';
import { describeWithClients, requireClient } from './support/clients.ts';

// Forward proxies like those of companies, with and without a login. The emulator is behind TLS with a private root.

const archive = join(import.meta.dirname, '..', '..', 'fixtures', 'archives', 'docker-20.10-one.tar');
const { home, emulator } = await startWorkplace({ allowedHosts: ['api.example.test'] });

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
});

interface StartedProxy {
  /** `127.0.0.1:PORT` */
  readonly host: string;
}

async function prepareDirectory(files: Readonly<Record<string, string>>): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'ecrp-test-'));
  cleanups.push(() => rm(directory, { recursive: true, force: true }));
  // A proxy that root starts writes as another user.
  await chmod(directory, 0o777);
  for (const [name, text] of Object.entries(files)) await writeFile(join(directory, name), text);
  return directory;
}

async function findFreePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // It listens on TCP.
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function run(program: string, argv: readonly string[], port: number): Promise<StartedProxy> {
  const child = spawn(program, argv, { stdio: ['ignore', 'pipe', 'pipe'] });
  endWithTests(child);
  let said = '';
  for (const output of [child.stdout, child.stderr]) output.on('data', (chunk) => (said += String(chunk)));
  cleanups.push(() => stop(child));
  while (!(await canConnect(port))) {
    if (child.exitCode !== null) throw new Error(`${program} ended: ${said}`);
    await sleep(50);
  }
  return { host: `127.0.0.1:${port}` };
}

async function canConnect(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  const connected = await once(socket, 'connect').then(
    () => true,
    () => false,
  );
  socket.destroy();
  return connected;
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}

/** Starts squid, which reads the address of the host from a file. `passwords`: a line of htpasswd for the login `me:secret`. */
async function startSquid(passwords: string | undefined): Promise<StartedProxy> {
  const port = await findFreePort();
  const directory = await prepareDirectory({
    hosts: '127.0.0.1 api.example.test\n',
    passwords: passwords ?? '',
  });
  const access =
    passwords === undefined
      ? ['http_access allow all']
      : [
          `auth_param basic program /usr/lib/squid/basic_ncsa_auth ${join(directory, 'passwords')}`,
          'acl known proxy_auth REQUIRED',
          'http_access allow known',
          'http_access deny all',
        ];
  const lines = [
    `http_port 127.0.0.1:${port}`,
    `hosts_file ${join(directory, 'hosts')}`,
    ...access,
    'cache deny all',
    `pid_filename ${join(directory, 'squid.pid')}`,
    `cache_log ${join(directory, 'cache.log')}`,
    'access_log none',
    `coredump_dir ${directory}`,
    'shutdown_lifetime 0 seconds',
  ];
  await writeFile(join(directory, 'squid.conf'), `${lines.join('\n')}\n`);
  return run(requireClient('squid'), ['-N', '-f', join(directory, 'squid.conf')], port);
}

/** Starts tinyproxy. It resolves names as the machine does, so a proxy of ours behind it finds the host. */
async function startTinyproxy(login: string | undefined, frontPort: number): Promise<StartedProxy> {
  const upstream = await startForwardProxy({ hosts: { 'api.example.test': frontPort } });
  cleanups.push(() => upstream.close());
  const port = await findFreePort();
  const lines = [
    `Port ${port}`,
    'Listen 127.0.0.1',
    'Timeout 60',
    `Upstream http ${upstream.host}`,
    ...(login === undefined ? [] : [`BasicAuth ${login.replace(':', ' ')}`]),
  ];
  const directory = await prepareDirectory({ 'tinyproxy.conf': `${lines.join('\n')}\n` });
  return run(requireClient('tinyproxy'), ['-d', '-c', join(directory, 'tinyproxy.conf')], port);
}

async function prepareFront() {
  const front = await startTlsFront(Number(new URL(emulator.url).port));
  cleanups.push(() => front.close());
  const env = {
    ...home.env,
    AWS_ACCESS_KEY_ID: emulator.accessKeyId,
    AWS_SECRET_ACCESS_KEY: emulator.secretAccessKey,
    AWS_ENDPOINT_URL_ECR_PUBLIC: `https://api.example.test:${front.port}`,
    ECRP_REGISTRY_HOST: emulator.registryHost,
    AWS_CA_BUNDLE: PRIVATE_ROOT,
  };
  return { front, env };
}

/** Output of `openssl passwd -apr1 secret`. */
const SQUID_PASSWORDS = 'me:$apr1$1C2pyszX$6PnXM4mVmQi/jkxZFI0S61\n';

const proxies = [
  ['squid', (login: string | undefined) => startSquid(login && SQUID_PASSWORDS)],
  ['tinyproxy', startTinyproxy],
] as const;

for (const [name, start] of proxies) {
  describeWithClients(name, [name], () => {
    test.each([undefined, 'me:secret'])('a push through it, login %s', async (login) => {
      const { env, front } = await prepareFront();
      const { host } = await start(login, front.port);
      const argv = ['push', archive, `${name}/app:1.0`, '--create-repo', '--json'];
      const address = `http://${login === undefined ? '' : `${login}@`}${host}`;
      const pushed = await spawnCli(argv, { env: { ...env, HTTPS_PROXY: address } }).ended;
      expect(pushed.status, pushed.stderr + pushed.stdout).toBe(0);
      expect(front.connections).toBeGreaterThan(0);
    });

    test.each(['', 'me:wrong@'])(
      'a login that is missing or wrong is the proxy’s refusal: %j',
      async (given) => {
        const { env, front } = await prepareFront();
        const { host } = await start('me:secret', front.port);
        const refused = await spawnCli(['repo', 'list'], {
          env: { ...env, HTTPS_PROXY: `http://${given}${host}` },
        }).ended;
        expect(refused.status).toBe(8);
        // Tinyproxy answers 401 to a request without a login.
        expect(refused.stderr).toMatch(new RegExp(`the proxy http://${host} .*HTTP 40[17]`));
        expect(refused.stderr).not.toContain('wrong@');
        expect(front.connections).toBe(0);
      },
    );
  });
}
