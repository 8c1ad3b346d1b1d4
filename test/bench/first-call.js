// Measures how long commands take from their start to their first call, on Linux. Run `npm run build` first, on a quiet machine.
//
//   node bin/ecrp.js emulator --port 0 -- node test/bench/first-call.js [RUNS=9] [COMMAND]...
//
// Prints a line for each command: the median time of `node -e 0`, and how much longer the command took to its first call. The runs of both alternate.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { program } from './servers.js';

const fixtures = join(import.meta.dirname, '../../fixtures');
const archive = join(fixtures, 'archives/skopeo-docker-archive.tar');
const layout = join(fixtures, 'archives/skopeo-oci-dir');
const platforms = join(fixtures, 'archives/skopeo-multi-oci.tar');
const home = mkdtempSync(join(tmpdir(), 'ecrp-first-call-'));

/** What the measured commands find there. */
const BEFORE = [
  ['push', archive, 'app:1', '--create-repo'],
  ['push', platforms, 'app:index'],
  ['policy', 'grant', 'app', '--push', '123456789012'],
];
const COMMANDS = {
  'push, docker-archive': ['push', archive, 'app:1'],
  'push, OCI layout': ['push', layout, 'app:2'],
  'push --transport registry': ['push', layout, 'app:3', '--transport', 'registry'],
  copy: ['copy', 'app:1', 'app:4'],
  'copy --all-tags': ['copy', 'app', 'copied', '--all-tags', '--create-repo'],
  pull: ['pull', 'app:1', join(home, 'pulled')],
  'repo create': ['repo', 'create', 'app', '--if-missing'],
  'repo create --catalog': ['repo', 'create', 'app', '--catalog', join(fixtures, 'catalog.json'), '--update'],
  'repo list': ['repo', 'list'],
  'repo describe': ['repo', 'describe', 'app'],
  'repo delete': ['repo', 'delete', 'nothing', '--yes'],
  'catalog get': ['catalog', 'get', 'app'],
  'catalog set': ['catalog', 'set', 'app', '--description', 'An application'],
  'catalog set --logo': ['catalog', 'set', 'app', '--logo', join(fixtures, 'logo.png')],
  'catalog diff': ['catalog', 'diff', 'app', join(fixtures, 'catalog.json')],
  'image list': ['image', 'list', 'app'],
  'image describe': ['image', 'describe', 'app:1'],
  'image tag': ['image', 'tag', 'app:1', '5'],
  'image untag': ['image', 'untag', 'app:nothing', '--yes'],
  'image delete': ['image', 'delete', 'app:nothing', '--yes'],
  'image prune': ['image', 'prune', 'app', '--untagged', '--dry-run'],
  'index create': ['index', 'create', 'app:made', 'app:1', '--dry-run'],
  'index add': ['index', 'add', 'app:index', archive, '--dry-run'],
  'index remove': ['index', 'remove', 'app:index', 'linux/arm64', '--dry-run'],
  'policy get': ['policy', 'get', 'app'],
  'policy set': ['policy', 'set', 'app', '--policy', join(fixtures, 'policies/read.json')],
  'policy delete': ['policy', 'delete', 'app', '--sid', 'Nothing'],
  'policy grant': ['policy', 'grant', 'app', '--push', '123456789012'],
  'policy revoke': ['policy', 'revoke', 'app', '--push', '210987654321'],
  'resource-tag list': ['resource-tag', 'list', 'app'],
  'resource-tag add': ['resource-tag', 'add', 'app', 'team=web'],
  'resource-tag remove': ['resource-tag', 'remove', 'app', 'stage'],
  'registry describe': ['registry', 'describe'],
  'registry set': ['registry', 'set', '--display-name', 'Example Inc.'],
  login: ['login'],
  token: ['token'],
  doctor: ['doctor', 'app'],
};

const url = new URL(process.env.AWS_ENDPOINT_URL_ECR_PUBLIC);
const front = await startFront(Number(url.port));
const host = `${url.hostname}:${front.port}`;
// The emulator's own, and nothing that changes the start of Node.
const given = Object.entries(process.env).filter(([name]) => /^(AWS|ECRP)_/.test(name));
const environment = {
  ...Object.fromEntries(given),
  PATH: process.env.PATH,
  HOME: home,
  AWS_ENDPOINT_URL_ECR_PUBLIC: `http://${host}`,
  ECRP_REGISTRY_HOST: host,
};
try {
  await measureCommands();
} finally {
  front.close();
  rmSync(home, { recursive: true });
}

async function measureCommands() {
  const [runs = '9', ...chosen] = process.argv.slice(2);
  for (const argv of BEFORE) {
    const { status, stderr } = await run([program, ...argv, '--quiet']);
    if (status !== 0) throw new Error(`ecrp ${argv.join(' ')} ended with status ${status}\n${stderr}`);
  }
  process.stdout.write(
    '| command | node ms | first call, ms over node | min–max |\n| --- | --- | --- | --- |\n',
  );
  for (const [name, argv] of Object.entries(COMMANDS)) {
    if (chosen.length > 0 && !chosen.includes(name)) continue;
    const times = { node: [], over: [] };
    for (let round = -1; round < Number(runs); round += 1) {
      const { endMs: nodeMs } = await run(['-e', '0']);
      const { firstCallMs, stderr } = await run([program, ...argv]);
      if (firstCallMs === undefined) throw new Error(`ecrp ${argv.join(' ')} called nothing\n${stderr}`);
      // The first round fills caches.
      if (round < 0) continue;
      times.node.push(nodeMs);
      times.over.push(firstCallMs - nodeMs);
    }
    const [node, over] = [times.node, times.over].map((ms) => ms.sort((one, other) => one - other));
    const cells = [name, findMedian(node), findMedian(over), `${format(over[0])}–${format(over.at(-1))}`];
    process.stdout.write(`| ${cells.join(' | ')} |\n`);
  }
}

/** Runs Node to its end. What a command does after its first call may fail: the next run finds what this one made. */
async function run(argv) {
  front.firstCallAt = undefined;
  const beganAt = performance.now();
  const child = spawn(process.execPath, argv, { env: environment, stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = once(child, 'exit').then(([status]) => ({ status, endMs: performance.now() - beganAt }));
  const stderr = String(Buffer.concat(await child.stderr.toArray()));
  return { ...(await ended), firstCallMs: front.firstCallAt && front.firstCallAt - beganAt, stderr };
}

/** Starts what notes when the first bytes come, and passes all bytes on to a port of this machine. */
async function startFront(targetPort) {
  const server = createServer((client) => {
    const target = connect(targetPort, url.hostname);
    client.once('data', () => {
      found.firstCallAt ??= performance.now();
    });
    client.pipe(target).pipe(client);
    for (const socket of [client, target]) socket.on('error', () => socket.destroy());
  }).listen(0, url.hostname);
  await once(server, 'listening');
  const found = { port: server.address().port, firstCallAt: undefined, close: () => server.close() };
  return found;
}

function findMedian(sorted) {
  return format(sorted[Math.floor(sorted.length / 2)]);
}

function format(ms) {
  return ms.toFixed(0);
}
