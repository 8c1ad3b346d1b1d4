import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { digestOf } from '../../src/oci/digest.ts';
import { type GeneratedImage, type GeneratedIndex, makeManifest, packTar, type TarItem } from './images.ts';

type Root = GeneratedImage | GeneratedIndex;

/**
 * `legacy-symlink`: `docker save` up to 24, with repeated layers as symlinks. `legacy-hardlink`: the same with hard links.
 * `skopeo`: skopeo and podman, with layers at the root of the archive. `crane`: layers are `.tar.gz`, the config is named `sha256:…`.
 * `hybrid`: `docker save` since 25, with an OCI layout of uncompressed layers inside. `hybrid-packed`: the same from the containerd image
 * store, whose OCI layout has the layers as they were pulled.
 */
export type ArchiveStyle =
  | 'legacy-symlink'
  | 'legacy-hardlink'
  | 'skopeo'
  | 'crane'
  | 'hybrid'
  | 'hybrid-packed';

/** Writes an OCI image layout below `directory`, which it makes. */
export async function writeOciLayout(directory: string, roots: readonly Root[]): Promise<void> {
  await mkdir(join(directory, 'blobs', 'sha256'), { recursive: true });
  for (const { name, content } of listLayoutItems(roots, 'org.opencontainers.image.ref.name')) {
    await writeFile(join(directory, name), content ?? Buffer.alloc(0));
  }
}

/** Writes an OCI layout tar; `gzip` compresses it like `docker save | gzip`. */
export async function writeOciTar(file: string, roots: readonly Root[], gzip = false): Promise<void> {
  await writeTar(file, listLayoutItems(roots, 'org.opencontainers.image.ref.name'), gzip);
}

/** Writes a docker-archive of the images in a style. */
export async function writeDockerArchive(
  file: string,
  images: readonly GeneratedImage[],
  { style, gzip = false }: { readonly style: ArchiveStyle; readonly gzip?: boolean },
): Promise<void> {
  await writeTar(file, listArchiveItems(images, style), gzip);
}

/** Makes the entries that `writeDockerArchive` writes, for tests that damage some of them. */
export function listArchiveItems(images: readonly GeneratedImage[], style: ArchiveStyle): TarItem[] {
  if (style === 'hybrid' || style === 'hybrid-packed') return listHybridItems(images, style);
  if (style === 'skopeo' || style === 'crane') return listFlatItems(images, style);
  return listLegacyItems(images, style === 'legacy-symlink' ? 'symlink' : 'hardlink');
}

/** Makes the files of an OCI layout. `nameAnnotation` is the annotation of an image's name in index.json. */
export function listLayoutItems(roots: readonly Root[], nameAnnotation: string): TarItem[] {
  const manifests = roots.flatMap(({ descriptor, names }) =>
    names.length === 0
      ? [descriptor]
      : names.map((name) => ({ ...descriptor, annotations: { [nameAnnotation]: name } })),
  );
  return [
    ...listBlobs(roots),
    { name: 'index.json', content: toJson({ schemaVersion: 2, manifests }) },
    { name: 'oci-layout', content: toJson({ imageLayoutVersion: '1.0.0' }) },
  ];
}

function listBlobs(roots: readonly Root[]): TarItem[] {
  const blobs = new Map<string, Buffer>();
  const visit = (root: Root): void => {
    if (blobs.has(root.descriptor.digest)) return;
    blobs.set(root.descriptor.digest, root.manifest);
    if ('children' in root) root.children.forEach(visit);
    else {
      blobs.set(digestOf(root.config), root.config);
      for (const layer of root.layers) blobs.set(layer.descriptor.digest, layer.bytes);
    }
  };
  roots.forEach(visit);
  return [...blobs].map(([digest, content]) => ({ name: `blobs/sha256/${digest.slice(7)}`, content }));
}

function listHybridItems(images: readonly GeneratedImage[], style: 'hybrid' | 'hybrid-packed'): TarItem[] {
  const stored = style === 'hybrid' ? images.map(unpackLayers) : images;
  return [
    ...listLayoutItems(stored, 'io.containerd.image.name'),
    {
      name: 'manifest.json',
      content: toJson(
        stored.map((image) => ({
          Config: `blobs/sha256/${digestOf(image.config).slice(7)}`,
          RepoTags: image.names.length === 0 ? null : image.names,
          Layers: image.layers.map((layer) => `blobs/sha256/${layer.descriptor.digest.slice(7)}`),
        })),
      ),
    },
  ];
}

/** Returns the image with a manifest of uncompressed layers, as Docker 25 writes it. */
function unpackLayers(image: GeneratedImage): GeneratedImage {
  const layers = image.layers.map((layer) => ({
    ...layer,
    bytes: layer.tar,
    descriptor: {
      mediaType: 'application/vnd.oci.image.layer.v1.tar',
      digest: layer.diffId,
      size: layer.tar.length,
    },
  }));
  const manifest = makeManifest(
    image.config,
    layers.map((layer) => layer.descriptor),
  );
  const descriptor = { ...image.descriptor, digest: digestOf(manifest), size: manifest.length };
  return { ...image, layers, manifest, descriptor };
}

function listFlatItems(images: readonly GeneratedImage[], style: 'skopeo' | 'crane'): TarItem[] {
  const items = new Map<string, TarItem>();
  const add = (item: TarItem): string => {
    items.set(item.name, item);
    return item.name;
  };
  const manifest = images.map((image) => {
    const hex = digestOf(image.config).slice(7);
    return {
      Config: add({ name: style === 'crane' ? `sha256:${hex}` : `${hex}.json`, content: image.config }),
      RepoTags: image.names.length === 0 ? null : image.names,
      Layers: image.layers.map((layer) =>
        style === 'crane'
          ? add({ name: `${layer.descriptor.digest.slice(7)}.tar.gz`, content: layer.bytes })
          : add({ name: `${layer.diffId.slice(7)}.tar`, content: layer.tar }),
      ),
    };
  });
  return [...items.values(), { name: 'manifest.json', content: toJson(manifest) }];
}

function listLegacyItems(images: readonly GeneratedImage[], link: 'symlink' | 'hardlink'): TarItem[] {
  const items: TarItem[] = [];
  const written = new Map<string, string>();
  const manifest = images.map((image, position) => {
    const config = `${digestOf(image.config).slice(7)}.json`;
    items.push({ name: config, content: image.config });
    const layers = image.layers.map((layer, layerPosition) => {
      const id = createHash('sha256').update(`${position}/${layerPosition}/${layer.diffId}`).digest('hex');
      const name = `${id}/layer.tar`;
      const first = written.get(layer.diffId);
      items.push({ name: `${id}/`, directory: true });
      items.push({ name: `${id}/VERSION`, content: Buffer.from('1.0') });
      if (first === undefined) items.push({ name, content: layer.tar });
      else items.push(link === 'symlink' ? { name, symlink: `../${first}` } : { name, hardlink: first });
      if (first === undefined) written.set(layer.diffId, name);
      return name;
    });
    return { Config: config, RepoTags: image.names.length === 0 ? null : image.names, Layers: layers };
  });
  return [...items, { name: 'manifest.json', content: toJson(manifest) }];
}

/** Writes the items as a tar, gzipped on request. */
export async function writeTar(file: string, items: readonly TarItem[], gzip = false): Promise<void> {
  const tar = await packTar(items);
  await writeFile(file, gzip ? gzipSync(tar, { level: 1 }) : tar);
}

function toJson(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}
