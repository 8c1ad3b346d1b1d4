import { createCipheriv, createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';
import type { Descriptor } from '../../src/oci/descriptor.ts';
import { type Digest, digestOf } from '../../src/oci/digest.ts';
import {
  OCI_CONFIG,
  OCI_INDEX,
  OCI_LAYER,
  OCI_LAYER_GZIP,
  OCI_LAYER_ZSTD,
  OCI_MANIFEST,
} from '../../src/oci/media-types.ts';
import type { Platform } from '../../src/oci/platform.ts';

// Makes images from a seed: the same arguments give the same bytes. image-writers.ts writes them as real tools do.

export interface LayerSpec {
  /** Bytes of random content of the layer's one file. The tar adds 2 to 3 blocks of 512. Default: 1000. */
  readonly size?: number;
  /** Content of the file instead of random bytes. */
  readonly content?: Buffer;
  /** Compression of the layer in an OCI layout. Default: gzip. `writeDockerArchive` decides for docker-archives. */
  readonly compression?: 'none' | 'gzip' | 'zstd';
  /** Position of an earlier layer that this one repeats. */
  readonly duplicateOf?: number;
}

export interface ImageSpec {
  readonly seed: number;
  readonly layers: readonly LayerSpec[];
  /** Full image names, e.g. `public.ecr.aws/a1b2c3d4/app:1.0`. Default: none. */
  readonly names?: readonly string[];
  /** Default: linux/amd64. */
  readonly platform?: Platform;
}

export interface GeneratedLayer {
  /** Uncompressed tar and its digest. */
  readonly tar: Buffer;
  readonly diffId: Digest;
  /** Bytes of the layer in an OCI layout, and its descriptor in the manifest. */
  readonly bytes: Buffer;
  readonly descriptor: Descriptor;
}

export interface GeneratedImage {
  readonly names: readonly string[];
  readonly platform: Platform;
  readonly config: Buffer;
  readonly layers: readonly GeneratedLayer[];
  /** Bytes of the manifest, and its descriptor for an index. */
  readonly manifest: Buffer;
  readonly descriptor: Descriptor;
}

export interface GeneratedIndex {
  readonly names: readonly string[];
  readonly children: readonly (GeneratedImage | GeneratedIndex)[];
  readonly manifest: Buffer;
  readonly descriptor: Descriptor;
}

/** Makes an image with random, incompressible layers. */
export async function makeImage(spec: ImageSpec): Promise<GeneratedImage> {
  const platform = spec.platform ?? { architecture: 'amd64', os: 'linux' };
  const layers: GeneratedLayer[] = [];
  for (const [position, layer] of spec.layers.entries()) {
    const repeated = layer.duplicateOf === undefined ? undefined : layers[layer.duplicateOf];
    layers.push(repeated ?? (await makeLayer(`${spec.seed}/${position}`, layer)));
  }
  const config = Buffer.from(
    JSON.stringify({
      created: '2026-01-01T00:00:00Z',
      ...platform,
      config: { Env: ['PATH=/bin'], Labels: { seed: String(spec.seed) } },
      rootfs: { type: 'layers', diff_ids: layers.map((layer) => layer.diffId) },
      history: layers.map((_, position) => ({
        created: '2026-01-01T00:00:00Z',
        created_by: `layer ${position}`,
      })),
    }),
  );
  const manifest = makeManifest(
    config,
    layers.map((layer) => layer.descriptor),
  );
  const descriptor = { ...describeBytes(OCI_MANIFEST, manifest), platform };
  return { names: spec.names ?? [], platform, config, layers, manifest, descriptor };
}

/** Makes the bytes of an OCI manifest. */
export function makeManifest(config: Buffer, layers: readonly Descriptor[]): Buffer {
  const document = {
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    config: describeBytes(OCI_CONFIG, config),
    layers,
  };
  return Buffer.from(JSON.stringify(document));
}

/** Makes an index of images or of further indexes. */
export function makeIndex(
  children: readonly (GeneratedImage | GeneratedIndex)[],
  names: readonly string[] = [],
): GeneratedIndex {
  const manifests = children.map((child) => child.descriptor);
  const manifest = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: OCI_INDEX, manifests }));
  return { names, children, manifest, descriptor: describeBytes(OCI_INDEX, manifest) };
}

export function describeBytes(mediaType: string, bytes: Buffer): Descriptor {
  return { mediaType, digest: digestOf(bytes), size: bytes.length };
}

/** Makes random bytes from a seed. Fast enough for hundreds of MiB. */
export function makeRandomBytes(seed: string | number, size: number): Buffer {
  const key = createHash('sha256').update(String(seed)).digest();
  return createCipheriv('aes-256-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(size));
}

/** Makes random numbers in [0, 1) from a seed (mulberry32). */
export function makeRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Makes a valid zstd frame of raw blocks (RFC 8878, 3.1.1): Node 20 has no encoder. */
export function storeAsZstd(content: Buffer): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32LE(0xfd2fb528, 0);
  // Single segment, content size in 8 bytes, no checksum, no dictionary.
  header.writeUInt8(0b1110_0000, 4);
  header.writeBigUInt64LE(BigInt(content.length), 5);
  const pieces: Buffer[] = [header];
  const blockBytes = 128 * 1024;
  for (let at = 0; at === 0 || at < content.length; at += blockBytes) {
    const block = content.subarray(at, at + blockBytes);
    const isLast = at + blockBytes >= content.length ? 1 : 0;
    const blockHeader = Buffer.alloc(3);
    blockHeader.writeUIntLE((block.length << 3) | isLast, 0, 3);
    pieces.push(blockHeader, block);
  }
  return Buffer.concat(pieces);
}

async function makeLayer(seed: string, spec: LayerSpec): Promise<GeneratedLayer> {
  const content = spec.content ?? makeRandomBytes(seed, spec.size ?? 1000);
  const tar = await packTar([{ name: `data-${digestOf(seed).slice(7, 15)}`, content }]);
  const isRandom = spec.content === undefined && content.length >= 1024 * 1024;
  const { mediaType, bytes } = packLayer(tar, spec.compression ?? 'gzip', isRandom ? 0 : 1);
  return { tar, diffId: digestOf(tar), bytes, descriptor: describeBytes(mediaType, bytes) };
}

/** `level` of gzip: 0 for long random bytes, because the search for repetitions takes the most time. */
function packLayer(
  tar: Buffer,
  compression: 'none' | 'gzip' | 'zstd',
  level: 0 | 1,
): { mediaType: string; bytes: Buffer } {
  if (compression === 'none') return { mediaType: OCI_LAYER, bytes: tar };
  if (compression === 'zstd') return { mediaType: OCI_LAYER_ZSTD, bytes: storeAsZstd(tar) };
  return { mediaType: OCI_LAYER_GZIP, bytes: gzipSync(tar, { level }) };
}

export interface TarItem {
  readonly name: string;
  readonly content?: Buffer;
  /** Makes the entry a symbolic or hard link instead of a file. */
  readonly symlink?: string;
  readonly hardlink?: string;
  readonly directory?: boolean;
}

/** Makes a tar of the items in order, with tar-stream. */
export async function packTar(items: readonly TarItem[]): Promise<Buffer> {
  const tar = pack();
  for (const { name, content, symlink, hardlink, directory } of items) {
    const mtime = new Date(0);
    if (directory) tar.entry({ name, type: 'directory', mtime });
    else if (symlink !== undefined) tar.entry({ name, type: 'symlink', linkname: symlink, mtime });
    else if (hardlink !== undefined) tar.entry({ name, type: 'link', linkname: hardlink, mtime });
    else tar.entry({ name, mtime }, content ?? Buffer.alloc(0));
  }
  tar.finalize();
  const pieces: Buffer[] = [];
  // A tar-stream pack yields Buffers, but its types do not say so.
  for await (const piece of tar) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}
