// Makes the images, once per work directory, each as an OCI layout, an OCI tar and a docker-archive.

import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createReadStream, createWriteStream, existsSync, readFileSync, statSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { pack } from 'tar-stream';
import { makeFiles, makeLongFile, readSystemFiles } from './content.js';

const KIB = 1024;
const MIB = 1024 * KIB;

/** Content bytes of each layer, and the function that makes its files from name, bytes, index and number of layers. */
export const IMAGES = {
  big: { layers: [600 * MIB], fill: makeFiles },
  many: { layers: Array(12).fill(20 * MIB), fill: makeFiles },
  small: { layers: [4 * KIB, 16 * KIB, 64 * KIB], fill: makeFiles },
  tiny: { layers: Array(60).fill(2 * KIB), fill: makeFiles },
  system: { layers: [600 * MIB], fill: readSystemFiles },
  'system-many': { layers: Array(12).fill(20 * MIB), fill: readSystemFiles },
  huge: { layers: Array(10).fill(1000 * MIB), fill: makeLongFile },
};

export const FORMS = { layout: 'OCI layout', 'oci-tar': 'OCI tar', docker: 'docker-archive' };

const FILES = { layout: 'layout', 'oci-tar': 'oci.tar', docker: 'docker.tar' };
const TYPE = 'application/vnd.oci.image';
const LAYOUT_FILE = Buffer.from('{"imageLayoutVersion":"1.0.0"}');

/**
 * Makes an image unless the directory has it. Returns the paths of its forms, the digest of its config, and for each layer the digests and
 * sizes of its tar and of that tar after `gzip -6`.
 */
export async function provideImage(directory, name) {
  const place = join(directory, name);
  const facts = join(place, 'image.json');
  if (!existsSync(facts)) {
    await rm(place, { recursive: true, force: true });
    await makeImage(place, name, facts);
  }
  const locate = (form) => join(place, FILES[form]);
  return { name, localName: `bench/${name}:v1`, locate, ...JSON.parse(readFileSync(facts, 'utf8')) };
}

async function makeImage(place, name, facts) {
  await mkdir(join(place, 'layout/blobs/sha256'), { recursive: true });
  const { layers: sizes, fill } = IMAGES[name];
  const layers = [];
  const remaining = sizes.entries();
  const work = async () => {
    for (const [index, bytes] of remaining)
      layers[index] = await makeLayer(place, index, fill(`${name}/${index}`, bytes, index, sizes.length));
  };
  // Two at a time: gzip is most of the work.
  await Promise.all([work(), work()]);
  const config = toBytes({
    created: '2026-01-01T00:00:00Z',
    architecture: 'amd64',
    os: 'linux',
    config: { Env: ['PATH=/bin'], Labels: { bench: name } },
    rootfs: { type: 'layers', diff_ids: layers.map(({ diffId }) => diffId) },
    history: layers.map((_, index) => ({ created: '2026-01-01T00:00:00Z', created_by: `layer ${index}` })),
  });
  await writeLayout(place, config, layers);
  await writeDockerArchive(place, name, config, layers);
  await Promise.all(layers.map(({ tar }) => rm(tar)));
  const kept = layers.map(({ diffId, tarBytes, digest, size }) => ({ diffId, tarBytes, digest, size }));
  await writeFile(facts, JSON.stringify({ configDigest: digestOf(config), layers: kept }));
}

async function makeLayer(place, index, files) {
  const tar = join(place, `${index}.tar`);
  const archive = pack();
  const written = pipeline(archive, createWriteStream(tar));
  for (const { name, content } of files) {
    const entry = archive.entry({ name, mtime: new Date(0), size: content.length });
    entry.end(content);
    await once(entry, 'finish');
  }
  archive.finalize();
  await written;
  const packed = `${tar}.gz`;
  await pipeline(
    createReadStream(tar, { highWaterMark: MIB }),
    createGzip({ level: 6 }),
    createWriteStream(packed),
  );
  const [diffId, digest] = await Promise.all([digestFile(tar), digestFile(packed)]);
  await rename(packed, join(place, 'layout', toPath(digest)));
  return {
    tar,
    diffId,
    digest,
    tarBytes: statSync(tar).size,
    size: statSync(join(place, 'layout', toPath(digest))).size,
  };
}

async function writeLayout(place, config, layers) {
  const manifest = toBytes({
    schemaVersion: 2,
    mediaType: `${TYPE}.manifest.v1+json`,
    config: describe('config.v1+json', config),
    layers: layers.map(({ digest, size }) => ({ mediaType: `${TYPE}.layer.v1.tar+gzip`, digest, size })),
  });
  const annotations = { 'org.opencontainers.image.ref.name': 'v1' };
  const index = toBytes({
    schemaVersion: 2,
    manifests: [{ ...describe('manifest.v1+json', manifest), annotations }],
  });
  const small = [
    [toPath(digestOf(config)), config],
    [toPath(digestOf(manifest)), manifest],
    ['index.json', index],
    ['oci-layout', LAYOUT_FILE],
  ];
  for (const [path, bytes] of small) await writeFile(join(place, 'layout', path), bytes);
  const blobs = layers.map(({ digest }) => [toPath(digest), join(place, 'layout', toPath(digest))]);
  await writeTar(join(place, FILES['oci-tar']), [...blobs, ...small]);
}

/** Writes the form of `docker save` since version 25: an OCI layout of uncompressed layers, with a manifest.json. */
async function writeDockerArchive(place, name, config, layers) {
  const manifest = toBytes({
    schemaVersion: 2,
    mediaType: `${TYPE}.manifest.v1+json`,
    config: describe('config.v1+json', config),
    layers: layers.map(({ diffId, tarBytes }) => ({
      mediaType: `${TYPE}.layer.v1.tar`,
      digest: diffId,
      size: tarBytes,
    })),
  });
  const annotations = {
    'io.containerd.image.name': `docker.io/bench/${name}:v1`,
    'org.opencontainers.image.ref.name': 'v1',
  };
  const index = { schemaVersion: 2, manifests: [{ ...describe('manifest.v1+json', manifest), annotations }] };
  const archive = [
    {
      Config: toPath(digestOf(config)),
      RepoTags: [`bench/${name}:v1`],
      Layers: layers.map(({ diffId }) => toPath(diffId)),
    },
  ];
  await writeTar(join(place, FILES.docker), [
    ...layers.map(({ diffId, tar }) => [toPath(diffId), tar]),
    [toPath(digestOf(config)), config],
    [toPath(digestOf(manifest)), manifest],
    ['index.json', toBytes(index)],
    ['manifest.json', toBytes(archive)],
    ['oci-layout', LAYOUT_FILE],
  ]);
}

/** An item is a name with bytes or with the path of a file. */
async function writeTar(file, items) {
  const tar = pack();
  const written = pipeline(tar, createWriteStream(file));
  for (const [name, content] of items) {
    const mtime = new Date(0);
    if (Buffer.isBuffer(content)) tar.entry({ name, mtime }, content);
    else {
      const entry = tar.entry({ name, mtime, size: statSync(content).size });
      await pipeline(createReadStream(content, { highWaterMark: MIB }), entry);
    }
  }
  tar.finalize();
  await written;
}

function describe(kind, bytes) {
  return { mediaType: `${TYPE}.${kind}`, digest: digestOf(bytes), size: bytes.length };
}

function toPath(digest) {
  return `blobs/${digest.replace(':', '/')}`;
}

function toBytes(value) {
  return Buffer.from(JSON.stringify(value));
}

function digestOf(bytes) {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

async function digestFile(file) {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file, { highWaterMark: MIB })) hash.update(chunk);
  return `sha256:${hash.digest('hex')}`;
}
