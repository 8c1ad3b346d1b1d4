// Measures peak memory and speed of pulls of one large layer, on Linux. Run `npm run build` first.
//
//   node test/bench/pull-memory.js [MIB=1024] [DIRECTORY]
//
// A registry in this process makes the layer while it sends it, gzipped: one MiB of noise and text again and again, each a gzip member of its own.

import { spawn } from 'node:child_process';
import { createHash, randomFillSync } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';

const MIB = 1024 * 1024;
const sizeMib = Number(process.argv[2] ?? 1024);
const program = join(import.meta.dirname, '../../bin/ecrp.js');
// When a process exits, it writes the high-water mark of its memory to the file ECRP_BENCH_PEAK.
const hook = `data:text/javascript,${encodeURIComponent(`
  import { readFileSync, writeFileSync } from 'node:fs';
  process.on('exit', () => writeFileSync(process.env.ECRP_BENCH_PEAK, readFileSync('/proc/self/status')));
`)}`;

const noise = Buffer.concat([
  randomFillSync(Buffer.alloc(MIB / 2)),
  Buffer.alloc(MIB / 2, 'The same line again.\n'),
]);
const [header] = await Readable.from(startTar()).take(1).toArray();
const pieces = [
  { plain: header, packed: gzipSync(header), times: 1 },
  { plain: noise, packed: gzipSync(noise), times: sizeMib },
  { plain: Buffer.alloc(1024), packed: gzipSync(Buffer.alloc(1024)), times: 1 },
];
const layer = describe('packed');
const config = Buffer.from(
  JSON.stringify({
    architecture: 'amd64',
    os: 'linux',
    rootfs: { type: 'layers', diff_ids: [describe('plain').digest] },
  }),
);
const manifest = Buffer.from(
  JSON.stringify({
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config: { mediaType: 'application/vnd.oci.image.config.v1+json', ...describeBytes(config) },
    layers: [{ mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', ...layer }],
  }),
);

const directory = mkdtempSync(join(process.argv[3] ?? tmpdir(), 'ecrp-memory-'));
const server = createServer(answer).listen(0, '127.0.0.1');
await once(server, 'listening');
const reference = `127.0.0.1:${server.address().port}/large:1.0`;
try {
  await measure('OCI layout', ['layout']);
  await measure('docker-archive', ['image.tar', '--format', 'docker-archive']);
  await measure('docker-archive on standard output', ['-']);
} finally {
  server.close();
  server.closeAllConnections();
  rmSync(directory, { recursive: true, force: true });
}

async function* startTar() {
  const tar = pack();
  tar.entry({ name: 'data', size: sizeMib * MIB }).on('error', () => undefined);
  yield* tar;
}

function* listPieces(kind) {
  for (const piece of pieces) for (let count = 0; count < piece.times; count += 1) yield piece[kind];
}

function describe(kind) {
  const hash = createHash('sha256');
  let size = 0;
  for (const piece of listPieces(kind)) {
    hash.update(piece);
    size += piece.length;
  }
  return { digest: `sha256:${hash.digest('hex')}`, size };
}

function describeBytes(bytes) {
  return { digest: `sha256:${createHash('sha256').update(bytes).digest('hex')}`, size: bytes.length };
}

function answer(request, response) {
  const { url } = request;
  if (url.includes('/manifests/')) {
    response.setHeader('content-type', 'application/vnd.oci.image.manifest.v1+json');
    response.end(manifest);
  } else if (url.endsWith(layer.digest)) {
    response.setHeader('content-length', layer.size);
    Readable.from(listPieces('packed')).pipe(response);
  } else response.end(url.includes('/blobs/') ? config : undefined);
}

async function measure(what, options) {
  mkdirSync(join(directory, 'work'));
  const peak = join(directory, 'peak');
  const startedMs = performance.now();
  const child = spawn(process.execPath, ['--import', hook, program, 'pull', reference, ...options, '-q'], {
    cwd: join(directory, 'work'),
    env: { ...process.env, TMPDIR: directory, ECRP_BENCH_PEAK: peak },
    stdio: ['ignore', openSync('/dev/null', 'w'), 'inherit'],
  });
  const [status] = await once(child, 'exit');
  if (status !== 0) throw new Error(`${what}: status ${status}`);
  const seconds = (performance.now() - startedMs) / 1000;
  const [, kib] = /VmHWM:\s+(\d+) kB/.exec(readFileSync(peak, 'latin1')) ?? [];
  const fetched = Math.round(layer.size / MIB / seconds);
  const peakMib = Math.round(kib / 1024);
  process.stdout.write(`${what}: ${seconds.toFixed(1)} s, ${fetched} MiB/s fetched, peak ${peakMib} MiB\n`);
  rmSync(join(directory, 'work'), { recursive: true });
}
