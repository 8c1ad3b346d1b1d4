import { MAX_CONFIG_BYTES, parseConfig } from '../oci/config.ts';
import { type Digest, digestOf } from '../oci/digest.ts';
import {
  expectArray,
  expectObject,
  expectString,
  expectStrings,
  invalidInput,
  parseJson,
} from '../oci/json.ts';
import { isPresent, MAX_ITEMS } from '../oci/parse-descriptor.ts';
import { collectBytes, describeEntry, type FileStore, readStoredFile } from './file-store.ts';
import type { ArchiveImage, ArchiveLayer, Packing } from './image-source.ts';
import { detectPacking, MAGIC_BYTES } from './packing.ts';

export const ARCHIVE_FILE = 'manifest.json';

/** Longest `manifest.json` in bytes; it may list many images. */
const MAX_ARCHIVE_BYTES = 16 * 1024 * 1024;

/** One image of `manifest.json`, its entries not looked up yet. */
export interface ArchiveItem {
  readonly config: string;
  readonly repoTags: readonly string[];
  readonly layers: readonly string[];
}

/** Reads the list of images of a docker-archive. Throws INVALID_INPUT when it is empty or malformed. */
export async function readArchiveItems(store: FileStore): Promise<readonly ArchiveItem[]> {
  const subject = `${store.path}: ${ARCHIVE_FILE}`;
  const document = parseJson(
    await readStoredFile(store, ARCHIVE_FILE, MAX_ARCHIVE_BYTES),
    subject,
    MAX_ARCHIVE_BYTES,
  );
  const items = expectArray(document, subject, 'the document', MAX_ITEMS);
  if (items.length === 0) throw invalidInput(subject, 'it lists no image');
  return items.map((item, position) => parseArchiveItem(item, subject, `[${position}]`));
}

/**
 * Reads the images of a docker-archive. Of a layer only the first bytes are read, to tell its packing. Throws INVALID_INPUT
 * when a config or a layer is missing, damaged, or does not fit the other.
 */
export async function readArchiveImages(
  store: FileStore,
  items: readonly ArchiveItem[],
): Promise<readonly ArchiveImage[]> {
  const packings = new Map<string, Packing>();
  const images: ArchiveImage[] = [];
  for (const item of items) images.push(await readArchiveImage(store, item, packings));
  return images;
}

/** The digest that a config's name tells, as docker, podman, skopeo and crane write it; undefined for other names. */
export function parseConfigName(name: string): Digest | undefined {
  const hex = /^(?:blobs\/sha256\/|sha256:)?([a-f0-9]{64})(?:\.json)?$/.exec(name)?.[1];
  return hex === undefined ? undefined : `sha256:${hex}`;
}

function parseArchiveItem(value: unknown, subject: string, path: string): ArchiveItem {
  const item = expectObject(value, subject, path);
  const list = (member: string): readonly string[] =>
    isPresent(item[member]) ? expectStrings(item[member], subject, `${path}.${member}`, MAX_ITEMS) : [];
  return {
    config: expectString(item.Config, subject, `${path}.Config`),
    repoTags: list('RepoTags'),
    layers: list('Layers'),
  };
}

async function readArchiveImage(
  store: FileStore,
  item: ArchiveItem,
  packings: Map<string, Packing>,
): Promise<ArchiveImage> {
  const subject = describeEntry(store, item.config);
  const config = await readStoredFile(store, item.config, MAX_CONFIG_BYTES);
  const named = parseConfigName(item.config);
  const found = digestOf(config);
  if (named !== undefined && named !== found) {
    throw invalidInput(subject, `it is named by its digest, but its bytes have another, ${found}`);
  }
  const { diffIds } = parseConfig(config, subject);
  if (diffIds.length !== item.layers.length) {
    const problem = `its config lists ${diffIds.length} layers, ${ARCHIVE_FILE} ${item.layers.length}`;
    throw invalidInput(subject, problem);
  }
  const layers: ArchiveLayer[] = [];
  for (const [position, diffId] of diffIds.entries()) {
    layers.push(await readArchiveLayer(store, item.layers[position] ?? '', diffId, packings));
  }
  return { kind: 'archive', names: [...new Set(item.repoTags)], config, layers };
}

async function readArchiveLayer(
  store: FileStore,
  name: string,
  diffId: Digest,
  packings: Map<string, Packing>,
): Promise<ArchiveLayer> {
  const subject = describeEntry(store, name);
  const file = store.find(name);
  if (file === undefined)
    throw invalidInput(subject, `${ARCHIVE_FILE} lists it as a layer, but it is missing`);
  const readStart = () => collectBytes(store.open(file, 0, Math.min(MAGIC_BYTES, file.size)));
  const packing = packings.get(file.name) ?? detectPacking(await readStart(), subject);
  packings.set(file.name, packing);
  return { diffId, ref: { kind: 'entry', ...file }, packing };
}
