// The two servers. Each has its storage in a directory that is emptied before it starts.

import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

/** A host that `run.js` gives the address of this machine, and the root of its certificate. */
export const SECURE_HOST = 'registry.example.test';
export const ROOT = join(import.meta.dirname, '../support/certificates/ca.pem');
export const program = join(import.meta.dirname, '../../bin/ecrp.js');

/** Starts `ecrp emulator` in a process of its own. */
export async function startEmulator(directory) {
  const log = prepare(directory, 'emulator');
  const argv = [
    program,
    'emulator',
    '--port',
    '0',
    '--data',
    join(directory, 'data'),
    '--log',
    log,
    '--json',
    '--quiet',
    '--allow-host',
    SECURE_HOST,
  ];
  const child = spawn(process.execPath, argv, {
    env: { PATH: process.env.PATH },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = await once(createInterface(child.stdout), 'line');
  const { url, registryAlias, accessKeyId, secretAccessKey } = JSON.parse(line);
  const env = {
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_EC2_METADATA_DISABLED: 'true',
  };
  const repositoryCommand = async (...options) => {
    const command = spawn(process.execPath, [program, 'repo', ...options, '--quiet'], {
      env: { PATH: process.env.PATH, HOME: directory, ...env, AWS_ENDPOINT_URL_ECR_PUBLIC: url },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const [status] = await once(command, 'exit');
    if (status !== 0) throw new Error(`ecrp repo ${options.join(' ')} ended with status ${status}`);
  };
  return {
    ...describeServer(child, directory),
    port: Number(new URL(url).port),
    env,
    path: (repository) => `${registryAlias}/${repository}`,
    countRequests: () => readFileSync(log, 'utf8').split('\n').length - 1,
    createRepository: (repository) => repositoryCommand('create', repository),
    deleteRepository: (repository) => repositoryCommand('delete', repository, '--force', '--yes'),
    authorize: async () => (await (await fetch(`${url}/token/`)).json()).token,
  };
}

/** Starts Debian's docker-registry. */
export async function startRegistry(directory) {
  const log = prepare(directory, 'registry');
  const port = await findFreePort();
  const settings = {
    version: 0.1,
    log: { level: 'error', accesslog: { disabled: false } },
    storage: {
      cache: { blobdescriptor: 'inmemory' },
      filesystem: { rootdirectory: join(directory, 'data') },
    },
    http: { addr: `127.0.0.1:${port}` },
  };
  // JSON is YAML.
  writeFileSync(join(directory, 'registry.yml'), JSON.stringify(settings));
  const output = openSync(log, 'w');
  const child = spawn('docker-registry', ['serve', join(directory, 'registry.yml')], {
    stdio: ['ignore', output, output],
  });
  const url = `http://127.0.0.1:${port}/v2/`;
  await waitUntil(
    () =>
      fetch(url).then(
        () => true,
        () => false,
      ),
    'docker-registry',
    child,
  );
  return {
    ...describeServer(child, directory),
    port,
    env: {},
    path: (repository) => repository,
    countRequests: () =>
      readFileSync(log, 'utf8').match(/"(GET|HEAD|POST|PATCH|PUT|DELETE) \/v2\//g)?.length ?? 0,
    createRepository: async () => undefined,
    deleteRepository: async () => undefined,
    authorize: async () => undefined,
  };
}

/** Starts a Docker engine without a network. Its images stay in the directory. */
export async function startDockerd(directory) {
  mkdirSync(directory, { recursive: true });
  const at = (name) => join(directory, name);
  writeFileSync(at('daemon.json'), '{}');
  const output = openSync(at('log'), 'w');
  const child = spawn(
    'dockerd',
    [
      ...[
        '--host',
        `unix://${at('sock')}`,
        '--data-root',
        at('data'),
        '--exec-root',
        at('exec'),
        '--pidfile',
        at('pid'),
      ],
      ...['--config-file', at('daemon.json'), '--storage-driver=vfs', '--bridge=none', '--iptables=false'],
      ...['--ip6tables=false', '--ip-forward=false', '--ip-masq=false'],
    ],
    { env: { ...process.env, SSL_CERT_FILE: ROOT }, stdio: ['ignore', output, output] },
  );
  const host = `unix://${at('sock')}`;
  const answers = async () => {
    const [status] = await once(spawn('docker', ['--host', host, 'version'], { stdio: 'ignore' }), 'exit');
    return status === 0;
  };
  await waitUntil(answers, 'dockerd', child);
  return { pid: child.pid, host, stop: () => stopChild(child) };
}

/** Starts a link to a server. `shape` has the options of link.js; without them, the link only counts. */
export async function startLink(targetPort, { bitsPerSecond, roundTripMs } = {}) {
  const { child, ask } = startHelper('link.js');
  const { port } = await ask({ targetPort, bitsPerSecond, roundTripMs });
  return { pid: child.pid, port, countBytes: () => ask('count'), stop: () => stopChild(child) };
}

/** Starts what terminates TLS in front of a server. */
export async function startTlsFront(targetPort) {
  const { child, ask } = startHelper('tls.js');
  const { port } = await ask({ targetPort });
  return { pid: child.pid, port, stop: () => stopChild(child) };
}

function startHelper(file) {
  const child = fork(join(import.meta.dirname, file));
  const ask = async (message) => {
    child.send(message);
    const [answer] = await once(child, 'message');
    return answer;
  };
  return { child, ask };
}

function prepare(directory, name) {
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  return join(directory, `${name}.log`);
}

function describeServer(child, directory) {
  return {
    pid: child.pid,
    stop: async () => {
      await stopChild(child);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

async function stopChild(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
}

async function findFreePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

async function waitUntil(isReady, name, child) {
  const deadline = Date.now() + 30_000;
  while (!(await isReady())) {
    if (child.exitCode !== null || Date.now() > deadline) throw new Error(`${name} does not start`);
    await sleep(20);
  }
}
