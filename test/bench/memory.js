// Measures peak memory and speed of a push of one large layer, and of the emulator, on Linux. Run `npm run build` first.
//
//   node test/bench/memory.js [MIB=1024]
//
// The layer is uncompressed in a docker-archive: as a file, on standard input, and on standard input with an option that needs a temporary
// file. Then it is gzipped in an OCI layout.

import { createHash, randomFillSync } from 'node:crypto';
import { once } from 'node:events';
import {
  createReadStream,
  createWriteStream,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { pack } from 'tar-stream';
import { runEcrp } from './run-ecrp.js';

const MIB = 1024 * 1024;
const sizeMib = Number(process.argv[2] ?? 1024);
const directory = mkdtempSync(join(tmpdir(), 'ecrp-memory-'));
try {
  const layer = join(directory, 'layer.tar');
  const diffId = await makeLayer(layer, 2);
  const archive = await makeDockerArchive(layer, diffId);
  await measure('docker-archive, uncompressed layer', archive, layer);
  await measure('the same on standard input', '-', layer, { stdin: archive });
  const options = ['--attestations', 'drop'];
  await measure('the same, by a temporary file', '-', layer, { stdin: archive, options });
  const layout = await makeLayout(layer, await makeLayer(layer, 1));
  await measure('OCI layout, gzipped layer', layout.directory, layout.blob);
} finally {
  rmSync(directory, { recursive: true, force: true });
}

/** Writes a tar of one file: one MiB in `every` is noise, the rest repetition. Returns its digest. */
async function makeLayer(file, every) {
  const tar = pack();
  const written = pipeline(tar, createWriteStream(file));
  const entry = tar.entry({ name: 'data', size: sizeMib * MIB });
  const repetition = Buffer.alloc(MIB, 'The same line again and again.\n');
  for (let index = 0; index < sizeMib; index += 1) {
    const chunk = index % every === 0 ? randomFillSync(Buffer.alloc(MIB)) : repetition;
    if (!entry.write(chunk)) await once(entry, 'drain');
  }
  entry.end();
  tar.finalize();
  await written;
  return digestFile(file);
}

async function makeDockerArchive(layer, diffId) {
  const config = JSON.stringify(makeConfig(diffId));
  const configName = `${createHash('sha256').update(config).digest('hex')}.json`;
  const file = join(directory, 'image.tar');
  const tar = pack();
  const written = pipeline(tar, createWriteStream(file));
  tar.entry({ name: configName }, config);
  await pipeline(createReadStream(layer), tar.entry({ name: 'layer.tar', size: statSync(layer).size }));
  const manifest = [{ Config: configName, RepoTags: ['bench:1'], Layers: ['layer.tar'] }];
  tar.entry({ name: 'manifest.json' }, JSON.stringify(manifest));
  tar.finalize();
  await written;
  return file;
}

async function makeLayout(layer, diffId) {
  const layout = join(directory, 'layout');
  const blobs = join(layout, 'blobs', 'sha256');
  mkdirSync(blobs, { recursive: true });
  const packed = join(directory, 'layer.tar.gz');
  await pipeline(createReadStream(layer), createGzip({ level: 1 }), createWriteStream(packed));
  const keep = (bytes) => {
    const hex = createHash('sha256').update(bytes).digest('hex');
    writeFileSync(join(blobs, hex), bytes);
    return { digest: `sha256:${hex}`, size: Buffer.byteLength(bytes) };
  };
  const digest = await digestFile(packed);
  const blob = join(blobs, digest.slice('sha256:'.length));
  await pipeline(createReadStream(packed), createWriteStream(blob));
  rmSync(packed);
  const type = (name) => `application/vnd.oci.image.${name}.v1`;
  const manifest = keep(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: `${type('manifest')}+json`,
      config: { mediaType: `${type('config')}+json`, ...keep(JSON.stringify(makeConfig(diffId))) },
      layers: [{ mediaType: `${type('layer')}.tar+gzip`, digest, size: statSync(blob).size }],
    }),
  );
  writeFileSync(join(layout, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
  const manifests = [{ mediaType: `${type('manifest')}+json`, ...manifest }];
  writeFileSync(join(layout, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests }));
  return { directory: layout, blob };
}

function makeConfig(diffId) {
  return { architecture: 'amd64', os: 'linux', rootfs: { type: 'layers', diff_ids: [diffId] } };
}

async function digestFile(file) {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file, { highWaterMark: MIB })) hash.update(chunk);
  return `sha256:${hash.digest('hex')}`;
}

/** Pushes a source to a new emulator, with an empty digest cache, and prints a line of a Markdown table. */
async function measure(title, source, layer, { stdin, options = [] } = {}) {
  const home = mkdtempSync(join(directory, 'home-'));
  const emulator = runEcrp(['emulator', '--port', '0', '--json', '--quiet'], { home });
  const [line] = await once(createInterface(emulator.child.stdout), 'line');
  const { url, registryHost, accessKeyId, secretAccessKey } = JSON.parse(line);
  const begin = performance.now();
  const argv = ['push', source, 'bench:1', '--create-repo', '--json', '--quiet', ...options];
  const env = {
    AWS_ENDPOINT_URL_ECR_PUBLIC: url,
    ECRP_REGISTRY_HOST: registryHost,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
  };
  const push = runEcrp(argv, { home, env, stdin });
  push.child.stdout.resume();
  await push.succeeded();
  const seconds = (performance.now() - begin) / 1000;
  emulator.child.kill('SIGTERM');
  await emulator.ended;
  const mib = statSync(layer).size / MIB;
  const cells = [
    title,
    `${mib.toFixed(0)} MiB`,
    `${seconds.toFixed(1)} s`,
    `${(mib / seconds).toFixed(0)} MiB/s`,
  ];
  process.stdout.write(`| ${[...cells, push.readPeak(), emulator.readPeak()].join(' | ')} |\n`);
}
