import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { requireClient } from './clients.ts';
import type { Sandbox } from './sandbox.ts';

// Reads images without code of ecrp: `tar` unpacks, JSON.parse reads, node:crypto hashes.

/** Facts of one image for one platform. */
export interface ImageFacts {
  /** Absent for a docker-archive, which has no manifest. */
  readonly manifestDigest?: string;
  readonly configDigest: string;
  readonly diffIds: readonly string[];
  /** Digests of the stored bytes, lowest layer first. Absent for a docker-archive. */
  readonly layerDigests?: readonly string[];
  /** Digests of the decompressed bytes. Absent if Node cannot decompress them. */
  readonly unpackedDigests?: readonly string[];
  readonly architecture: string;
}

/** Target of a name in a source or of a reference: one image, or an index of several. */
export interface Facts {
  /** Digest of the index, or of the only manifest. */
  readonly rootDigest?: string;
  readonly images: readonly ImageFacts[];
}

// The documents below come from the compared tools. The comparisons check their content.
interface Descriptor {
  digest: string;
  mediaType: string;
  annotations?: Record<string, string>;
}
interface Manifest {
  manifests?: Descriptor[];
  config: Descriptor;
  layers: Descriptor[];
}
interface Config {
  architecture: string;
  rootfs: { diff_ids: string[] };
}

/** Lists the names in an archive or layout, in its order. Undefined for an image without a name. */
export async function listImages(sandbox: Sandbox, source: string): Promise<(string | undefined)[]> {
  const directory = await unpack(sandbox, source);
  if (isLayout(directory)) return readLayoutIndex(directory).map((root) => nameOf(root));
  return readArchiveManifest(directory).map((image) => image.RepoTags?.[0]);
}

/** Reads an image of an OCI layout or a docker-archive. Without a name, it reads the first one. */
export async function readSource(sandbox: Sandbox, source: string, name?: string): Promise<Facts> {
  const directory = await unpack(sandbox, source);
  if (isLayout(directory)) {
    const root = readLayoutIndex(directory).find((entry) => name === undefined || nameOf(entry) === name);
    const read = (digest: string) => readFileSync(join(directory, 'blobs', digest.replace(':', '/')));
    return readFacts(read, root?.digest ?? '');
  }
  const image = readArchiveManifest(directory).find(
    ({ RepoTags }) => name === undefined || RepoTags?.includes(name),
  );
  const config = readFileSync(join(directory, image?.Config ?? ''));
  const layers = image?.Layers.map((layer) => digestOf(readFileSync(join(directory, layer))));
  return {
    images: [{ configDigest: digestOf(config), ...readConfig(config), unpackedDigests: layers ?? [] }],
  };
}

/**
 * Lists the digests of everything that the index of a layout reaches: manifests, configs and layers. Each is computed from the
 * bytes of a blob. Throws if one is not that of its descriptor.
 */
export async function listContents(sandbox: Sandbox, source: string): Promise<readonly string[]> {
  const directory = await unpack(sandbox, source);
  const found = new Set<string>();
  const read = ({ digest }: Descriptor): Buffer => {
    const bytes = readFileSync(join(directory, 'blobs', digest.replace(':', '/')));
    if (digestOf(bytes) !== digest) throw new Error(`${source} has other bytes as ${digest}`);
    found.add(digest);
    return bytes;
  };
  const visit = (manifestDescriptor: Descriptor): void => {
    const manifest = JSON.parse(read(manifestDescriptor).toString()) as Partial<Manifest>;
    for (const child of manifest.manifests ?? []) visit(child);
    for (const blob of [manifest.config, ...(manifest.layers ?? [])]) if (blob !== undefined) read(blob);
  };
  for (const root of readLayoutIndex(directory)) visit(root);
  return [...found].sort();
}

/** Reads an image that skopeo copied into a `dir:`. Hashes every blob. */
export function readFetched(directory: string): Facts {
  const read = (digest: string): Buffer => {
    const hex = digest.slice('sha256:'.length);
    const file = [hex, `${hex}.manifest.json`].find((candidate) => existsSync(join(directory, candidate)));
    return readFileSync(join(directory, file ?? 'manifest.json'));
  };
  return readFacts(read, digestOf(readFileSync(join(directory, 'manifest.json'))));
}

export function digestOf(bytes: Buffer): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

function readFacts(read: (digest: string) => Buffer, rootDigest: string): Facts {
  const root = JSON.parse(read(rootDigest).toString()) as Manifest;
  const digests = root.manifests?.map(({ digest }) => digest) ?? [rootDigest];
  return { rootDigest: digestOf(read(rootDigest)), images: digests.map((digest) => readImage(read, digest)) };
}

/** Reads an image. Computes every digest from bytes, and copies none from a descriptor. */
function readImage(read: (digest: string) => Buffer, digest: string): ImageFacts {
  const bytes = read(digest);
  const manifest = JSON.parse(bytes.toString()) as Manifest;
  const config = read(manifest.config.digest);
  const layers = manifest.layers.map((layer) => read(layer.digest));
  const isZstd = manifest.layers.some(({ mediaType }) => mediaType.endsWith('zstd'));
  return {
    manifestDigest: digestOf(bytes),
    configDigest: digestOf(config),
    ...readConfig(config),
    layerDigests: layers.map(digestOf),
    ...(isZstd ? {} : { unpackedDigests: layers.map((layer) => digestOf(unpackLayer(layer))) }),
  };
}

function readConfig(bytes: Buffer): { architecture: string; diffIds: string[] } {
  const config = JSON.parse(bytes.toString()) as Config;
  return { architecture: config.architecture, diffIds: config.rootfs.diff_ids };
}

function unpackLayer(bytes: Buffer): Buffer {
  return bytes.readUInt16BE(0) === 0x1f8b ? gunzipSync(bytes) : bytes;
}

/** Unpacks a tar, gzipped or not, below the sandbox. Returns a directory unchanged. */
async function unpack(sandbox: Sandbox, source: string): Promise<string> {
  if (statSync(source).isDirectory()) return source;
  const directory = join(sandbox.directory, 'unpacked', digestOf(readFileSync(source)).slice(-16));
  if (existsSync(directory) && readdirSync(directory).length > 0) return directory;
  mkdirSync(directory, { recursive: true });
  await sandbox.run(requireClient('tar'), '--extract', '--file', source, '--directory', directory);
  return directory;
}

function isLayout(directory: string): boolean {
  return existsSync(join(directory, 'oci-layout'));
}

function readLayoutIndex(directory: string): Descriptor[] {
  return (JSON.parse(readFileSync(join(directory, 'index.json'), 'utf8')) as { manifests: Descriptor[] })
    .manifests;
}

function nameOf(descriptor: Descriptor): string | undefined {
  return descriptor.annotations?.['org.opencontainers.image.ref.name'];
}

function readArchiveManifest(directory: string) {
  return JSON.parse(readFileSync(join(directory, 'manifest.json'), 'utf8')) as {
    Config: string;
    RepoTags: string[] | null;
    Layers: string[];
  }[];
}
