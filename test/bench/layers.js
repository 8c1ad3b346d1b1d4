// What images are made of: layers, descriptors and tars.

import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createReadStream, createWriteStream, statSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { pack } from 'tar-stream';

export const KIB = 1024;
export const MIB = 1024 * KIB;

export const TYPE = 'application/vnd.oci.image';
export const LAYOUT_FILE = Buffer.from('{"imageLayoutVersion":"1.0.0"}');

/**
 * Makes the tars of layers in `place`, and what `gzip -6` makes of them in the layout there. `fill` yields the files of the layer with an index.
 * Returns the paths of the tars, and the digests and sizes of both.
 */
export async function makeLayers(place, sizes, fill) {
  const layers = [];
  const remaining = sizes.keys();
  const work = async () => {
    for (const index of remaining) layers[index] = await makeLayer(place, index, fill(index));
  };
  // Two at a time: gzip is most of the work.
  await Promise.all([work(), work()]);
  return layers;
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

/** Writes a tar. An item is a name with bytes or with the path of a file. */
export async function writeTar(file, items) {
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

/** Makes the config of an image of these layers. */
export function formatConfig(layers, { architecture, labels }) {
  return toBytes({
    created: '2026-01-01T00:00:00Z',
    architecture,
    os: 'linux',
    config: { Env: ['PATH=/bin'], Labels: labels },
    rootfs: { type: 'layers', diff_ids: layers.map(({ diffId }) => diffId) },
    history: layers.map((_, index) => ({ created: '2026-01-01T00:00:00Z', created_by: `layer ${index}` })),
  });
}

export function formatManifest(config, layers) {
  return toBytes({
    schemaVersion: 2,
    mediaType: `${TYPE}.manifest.v1+json`,
    config: describe('config.v1+json', config),
    layers: layers.map(({ digest, size }) => ({ mediaType: `${TYPE}.layer.v1.tar+gzip`, digest, size })),
  });
}

/** Lists the small files of a layout: `documents`, and the index of `roots`, which are descriptors, each with its `tag`. */
export function listMembers(documents, roots) {
  const manifests = roots.map(({ tag, ...descriptor }) => ({
    ...descriptor,
    annotations: { 'org.opencontainers.image.ref.name': tag },
  }));
  return [
    ...documents.map((bytes) => [toPath(digestOf(bytes)), bytes]),
    ['index.json', toBytes({ schemaVersion: 2, manifests })],
    ['oci-layout', LAYOUT_FILE],
  ];
}

/** Makes the descriptor of a document of the OCI image specification. */
export function describe(kind, bytes) {
  return { mediaType: `${TYPE}.${kind}`, digest: digestOf(bytes), size: bytes.length };
}

/** The path of a blob in a layout. */
export function toPath(digest) {
  return `blobs/${digest.replace(':', '/')}`;
}

export function toBytes(value) {
  return Buffer.from(JSON.stringify(value));
}

export function digestOf(bytes) {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

async function digestFile(file) {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file, { highWaterMark: MIB })) hash.update(chunk);
  return `sha256:${hash.digest('hex')}`;
}
