import { createCipheriv, createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';

/** Writes an OCI tar of an image whose layers have about these sizes in bytes. Its bytes are the same each time. */
export async function writeImage(path, sizes) {
  const tar = pack();
  const writing = pipeline(tar, createWriteStream(path));
  const diffIds = [];
  const layers = sizes.map((size, index) => {
    const content = makeNoise(index, Math.round(size));
    diffIds.push(digest(content));
    return addBlob(tar, 'layer.v1.tar+gzip', gzipSync(content, { level: 0 }));
  });
  const config = addJson(tar, 'config.v1', {
    architecture: 'amd64',
    os: 'linux',
    rootfs: { type: 'layers', diff_ids: diffIds },
  });
  const mediaType = 'application/vnd.oci.image.manifest.v1+json';
  const manifest = addJson(tar, 'manifest.v1', { schemaVersion: 2, mediaType, config, layers });
  tar.entry({ name: 'oci-layout' }, '{"imageLayoutVersion":"1.0.0"}');
  tar.entry({ name: 'index.json' }, JSON.stringify({ schemaVersion: 2, manifests: [manifest] }));
  tar.finalize();
  await writing;
}

function addJson(tar, kind, value) {
  return addBlob(tar, `${kind}+json`, Buffer.from(JSON.stringify(value)));
}

/** Returns the descriptor. */
function addBlob(tar, kind, bytes) {
  tar.entry({ name: `blobs/${digest(bytes).replace(':', '/')}` }, bytes);
  return { mediaType: `application/vnd.oci.image.${kind}`, digest: digest(bytes), size: bytes.length };
}

function digest(bytes) {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/** Makes bytes that do not compress, from a seed. */
function makeNoise(seed, length) {
  return createCipheriv('aes-128-ctr', Buffer.alloc(16, seed), Buffer.alloc(16)).update(Buffer.alloc(length));
}
