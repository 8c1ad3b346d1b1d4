// Measures the peak memory and the speed of pulls and copies of an image with one large layer, on Linux. Run `npm run build` first.
//
//   node test/bench/large-layer.js [GIB=9.75] [pull-directory,pull-tar,pull-docker,pull-stdout,copy-api,copy-registry]
//
// The registry that it reads makes the layer while it is read: noise in gzip. Pulls and the emulator write to the temporary directory, which needs
// room for the layer. ECR Public takes layers of up to 10,000 MiB (9.76 GiB).

import { createHash, randomFillSync } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';
import { LARGE_LAYER_RUNS } from './cases.js';
import { describe, digestOf, formatConfig, formatManifest, MIB } from './layers.js';
import { runEcrp } from './run-ecrp.js';

const gib = Number(process.argv[2] ?? 9.75);
const PULLS = {
  'pull-directory': (path) => [join(path, 'image')],
  'pull-tar': (path) => [join(path, 'image.tar')],
  'pull-docker': (path) => [join(path, 'image.tar'), '--format', 'docker-archive'],
  'pull-stdout': () => ['-'],
};
const TRANSPORTS = { 'copy-api': 'api', 'copy-registry': 'registry' };
const names = process.argv[3]?.split(',') ?? Object.keys(LARGE_LAYER_RUNS);

const blocks = gib * 1024;
// Members of gzip, one after the other, are one stream.
const block = randomFillSync(Buffer.alloc(MIB));
const { header, trailer } = await makeTarEnds('data', blocks * MIB);
const packed = [header, block, trailer].map((bytes) => gzipSync(bytes, { level: 0 }));
const layer = {
  diffId: digestRepeated([header, block, trailer]),
  digest: digestRepeated(packed),
  size: packed[0].length + blocks * packed[1].length + packed[2].length,
};
const config = formatConfig([layer], { architecture: 'amd64', labels: {} });
const manifest = formatManifest(config, [layer]);
const root = { ...describe('manifest.v1+json', manifest), bytes: manifest };

const directory = mkdtempSync(join(tmpdir(), 'ecrp-large-'));
const source = createServer(serve).listen(0, '127.0.0.1');
await once(source, 'listening');
const reference = `127.0.0.1:${source.address().port}/bench/large:v1`;
try {
  for (const name of names) await (PULLS[name] ? pull : copy)(name);
} finally {
  source.closeAllConnections();
  source.close();
  rmSync(directory, { recursive: true, force: true });
}

async function pull(name) {
  const home = makeHome();
  const begin = performance.now();
  const run = runEcrp(['pull', reference, ...PULLS[name](home), '--platform', 'linux/amd64', '--quiet'], {
    home,
  });
  run.child.stdout.resume();
  await run.succeeded();
  report(name, begin, run.readPeakMib());
  rmSync(home, { recursive: true });
}

async function copy(name) {
  const home = makeHome();
  const emulator = runEcrp(['emulator', '--port', '0', '--data', join(home, 'data'), '--json', '--quiet'], {
    home,
  });
  const [line] = await once(createInterface(emulator.child.stdout), 'line');
  const { url, registryHost, accessKeyId, secretAccessKey } = JSON.parse(line);
  const begin = performance.now();
  const env = {
    AWS_ENDPOINT_URL_ECR_PUBLIC: url,
    ECRP_REGISTRY_HOST: registryHost,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
  };
  const options = ['--create-repo', '--quiet', '--transport', TRANSPORTS[name]];
  const run = runEcrp(['copy', reference, 'large:v1', ...options], { home, env });
  run.child.stdout.resume();
  await run.succeeded();
  report(name, begin, run.readPeakMib());
  emulator.child.kill('SIGTERM');
  await emulator.ended;
  rmSync(home, { recursive: true });
}

function makeHome() {
  const home = join(directory, 'home');
  mkdirSync(home);
  return home;
}

/** Prints a line of a Markdown table, and tells run.js. */
function report(name, begin, peakMib) {
  const seconds = (performance.now() - begin) / 1000;
  const speed = (layer.size / MIB / seconds).toFixed(0);
  const cells = [LARGE_LAYER_RUNS[name], `${gib} GiB`, `${seconds.toFixed(1)} s`, `${speed} MiB/s`];
  process.stdout.write(`| ${[...cells, `${peakMib.toFixed(0)} MiB`].join(' | ')} |\n`);
  process.send?.({ name, seconds, peakMib });
}

async function serve({ method, url, headers }, answer) {
  const name = url.split('/').at(-1);
  if (/\/manifests\//.test(url)) {
    const isThere = name === 'v1' || name === root.digest;
    if (!isThere) return answer.writeHead(404).end();
    answer.writeHead(200, {
      'content-type': root.mediaType,
      'content-length': root.size,
      'docker-content-digest': root.digest,
    });
    return answer.end(method === 'HEAD' ? undefined : root.bytes);
  }
  if (name === digestOf(config)) return answer.end(method === 'HEAD' ? undefined : config);
  if (name !== layer.digest) return answer.writeHead(url === '/v2/' ? 200 : 404).end();
  const start = Number(/^bytes=(\d+)-/.exec(headers.range ?? '')?.[1] ?? 0);
  answer.writeHead(headers.range === undefined ? 200 : 206, {
    'content-length': layer.size - start,
    ...(headers.range && { 'content-range': `bytes ${start}-${layer.size - 1}/${layer.size}` }),
  });
  if (method === 'HEAD') return answer.end();
  return pipeline(Readable.from(readFrom(start)), answer).catch(() => undefined);
}

function* readFrom(start) {
  let at = 0;
  for (const piece of listPieces(packed)) {
    if (at + piece.length > start) yield piece.subarray(Math.max(0, start - at));
    at += piece.length;
  }
}

function* listPieces([first, middle, last]) {
  yield first;
  for (let index = 0; index < blocks; index += 1) yield middle;
  yield last;
}

function digestRepeated(pieces) {
  const hash = createHash('sha256');
  for (const piece of listPieces(pieces)) hash.update(piece);
  return `sha256:${hash.digest('hex')}`;
}

/** What a tar of one file of `size` bytes has before and after the content. */
async function makeTarEnds(name, size) {
  const tar = pack();
  const start = [];
  tar.on('data', (chunk) => start.push(chunk));
  tar.entry({ name, size, mtime: new Date(0) }, () => undefined);
  await sleep(10);
  tar.destroy();
  return { header: Buffer.concat(start), trailer: Buffer.alloc(1024) };
}
