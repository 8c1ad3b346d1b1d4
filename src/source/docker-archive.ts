import { detectLayerCompression, MAGIC_BYTES } from '../compress/decoder.ts';
import type { ArchiveImage, ArchiveLayer, Compression, DamagedImage } from '../ends/image-source.ts';
import { EcrpError } from '../errors.ts';
import { isObject } from '../json.ts';
import type { ForeignLayer } from '../oci/build-manifest.ts';
import { MAX_CONFIG_BYTES, parseConfig } from '../oci/config.ts';
import { parseDescriptor } from '../oci/descriptor.ts';
import { type Digest, digestOf } from '../oci/digest.ts';
import {
  expectArray,
  expectObject,
  expectString,
  expectStrings,
  invalidInput,
  isPresent,
  MAX_ITEMS,
  parseJson,
} from '../oci/json.ts';
import { isNondistributable } from '../oci/media-types.ts';
import { readLayerName } from './layer-names.ts';
import { collectBytes, describeEntry, readStoredFile, type SourceStore } from './source-store.ts';

export const ARCHIVE_FILE = 'manifest.json';

/** Longest `manifest.json`, in bytes: enough for hundreds of images. */
const MAX_ARCHIVE_BYTES = 4 * 1024 * 1024;

/** One image of `manifest.json`, before its entries are looked up. */
export interface ArchiveItem {
  readonly config: string;
  readonly repoTags: readonly string[];
  readonly layers: readonly string[];
  /** Layers that their publisher serves, by diff ID. Docker saves their bytes all the same. Source: moby, image/tarexport/save.go. */
  readonly foreign: ReadonlyMap<string, ForeignLayer>;
}

/** Reads the list of images of a docker-archive. Throws INVALID_INPUT if it is empty or malformed. */
export async function readArchiveItems(store: SourceStore): Promise<readonly ArchiveItem[]> {
  const subject = `${store.path}: ${ARCHIVE_FILE}`;
  const bytes = await readStoredFile(store, ARCHIVE_FILE, MAX_ARCHIVE_BYTES);
  const document = parseJson(bytes, subject, MAX_ARCHIVE_BYTES);
  if (isObject(document) && isPresent(document.schemaVersion)) {
    throw invalidInput(store.path, 'an image in the form of skopeo, `dir:`', {
      hint: 'Unpack it into a directory, and copy that into a layout: skopeo copy --all dir:DIRECTORY oci:layout:TAG',
    });
  }
  const items = expectArray(document, subject, 'the document', MAX_ITEMS);
  if (items.length === 0) throw invalidInput(subject, 'it lists no image');
  return items.map((item, position) => parseArchiveItem(item, subject, `[${position}]`));
}

/** The digest in a config's name, as docker, podman, skopeo and crane write it. Undefined for other names. */
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
    foreign: new Map(parseLayerSources(item.LayerSources, subject, `${path}.LayerSources`)),
  };
}

/** Docker 25 lists ordinary layers as well, with the type of an uncompressed one. */
function parseLayerSources(value: unknown, subject: string, path: string): [string, ForeignLayer][] {
  if (!isPresent(value)) return [];
  const entries = Object.entries(expectObject(value, subject, path));
  if (entries.length > MAX_ITEMS) {
    throw invalidInput(subject, `${path} has ${entries.length} members, more than the ${MAX_ITEMS} allowed`);
  }
  return entries.flatMap(([diffId, source]): [string, ForeignLayer][] => {
    if (!isObject(source) || !isPresent(source.urls)) return [];
    const {
      mediaType,
      digest,
      size,
      urls = [],
    } = parseDescriptor(source, subject, `${path}[${JSON.stringify(diffId)}]`);
    const isForeign = urls.length > 0 && isNondistributable(mediaType) && mediaType.endsWith('gzip');
    return isForeign ? [[diffId, { digest, size, urls }]] : [];
  });
}

/** Most bytes of all configs of an archive. They are held in memory. */
const MAX_TOTAL_CONFIG_BYTES = 64 * 1024 * 1024;

interface ReadConfig {
  readonly bytes: Buffer;
  readonly diffIds: readonly Digest[];
}

/** What was read from an archive's entries, by name. Images share it. */
interface ReadEntries {
  readonly store: SourceStore;
  readonly configs: Map<string, ReadConfig>;
  readonly compressions: Map<string, Compression>;
  configBytes: number;
}

/** Layers of images by the digest of their config, from other files than `manifest.json`. An image may have several lists. */
export type OtherLayers = ReadonlyMap<Digest, readonly (readonly string[])[]>;

/**
 * Reads the images of a docker-archive. If `manifest.json` lists missing layers of an image, or too many or few, a list of
 * `others` is used. It reads only the first bytes of a layer, for its compression. An image is damaged if its config or a
 * layer is missing or damaged, or if they do not match. Throws INVALID_INPUT if the configs are too long together.
 */
export async function readArchiveImages(
  store: SourceStore,
  items: readonly ArchiveItem[],
  others: OtherLayers = new Map(),
): Promise<readonly (ArchiveImage | DamagedImage)[]> {
  const reading: ReadEntries = { store, configs: new Map(), compressions: new Map(), configBytes: 0 };
  const images: (ArchiveImage | DamagedImage)[] = [];
  for (const item of items) {
    try {
      images.push(await readArchiveImage(reading, item, others));
    } catch (error) {
      if (!(error instanceof EcrpError) || error.code !== 'INVALID_INPUT') throw error;
      images.push({ kind: 'damaged', names: listNames(item), id: parseConfigName(item.config), error });
    }
    assertFewBytes(reading);
  }
  return images;
}

async function readArchiveImage(
  reading: ReadEntries,
  item: ArchiveItem,
  others: OtherLayers,
): Promise<ArchiveImage> {
  const { bytes, diffIds } = reading.configs.get(item.config) ?? (await readConfig(reading, item.config));
  const isWhole = (names: readonly string[]) =>
    names.length === diffIds.length && names.every((name) => reading.store.find(name) !== undefined);
  const named = parseConfigName(item.config);
  const choices = [item.layers, ...((named && others.get(named)) ?? [])];
  const names = choices.find(isWhole) ?? item.layers;
  if (diffIds.length !== names.length) {
    const problem = `it lists ${diffIds.length} layers, but ${ARCHIVE_FILE} lists ${names.length}`;
    throw invalidInput(describeEntry(reading.store, item.config), problem);
  }
  const layers: ArchiveLayer[] = [];
  for (const [position, diffId] of diffIds.entries()) {
    const foreign = item.foreign.get(diffId);
    const layer = await readArchiveLayer(reading, names[position] ?? '', diffId);
    layers.push(foreign === undefined ? layer : { ...layer, foreign });
  }
  return { kind: 'archive', names: listNames(item), config: bytes, layers };
}

function listNames({ repoTags }: ArchiveItem): readonly string[] {
  return [...new Set(repoTags)];
}

function assertFewBytes({ store, configBytes }: ReadEntries): void {
  if (configBytes <= MAX_TOTAL_CONFIG_BYTES) return;
  const problem = `its image configs together are longer than ${MAX_TOTAL_CONFIG_BYTES} bytes`;
  throw invalidInput(store.path, problem);
}

async function readConfig(reading: ReadEntries, name: string): Promise<ReadConfig> {
  const { store, configs } = reading;
  const subject = describeEntry(store, name);
  const bytes = await readStoredFile(store, name, MAX_CONFIG_BYTES);
  reading.configBytes += bytes.length;
  const named = parseConfigName(name);
  const found = digestOf(bytes);
  if (named !== undefined && named !== found) {
    throw invalidInput(subject, `it is named by its digest, but its bytes have another, ${found}`);
  }
  const config = { bytes, diffIds: parseConfig(bytes, subject).diffIds };
  configs.set(name, config);
  return config;
}

async function readArchiveLayer(
  { store, compressions }: ReadEntries,
  name: string,
  diffId: Digest,
): Promise<ArchiveLayer> {
  const subject = describeEntry(store, name);
  const file = store.find(name);
  if (file === undefined) {
    throw invalidInput(subject, `${ARCHIVE_FILE} lists it as a layer, but it is missing`);
  }
  const readStart = () => collectBytes(store.open(file, 0, Math.min(MAGIC_BYTES, file.size)));
  const compression = compressions.get(file.name) ?? detectLayerCompression(await readStart(), subject);
  compressions.set(file.name, compression);
  const named = compression === 'none' ? undefined : readLayerName(file.name, true)?.named;
  return { diffId, ref: { kind: 'entry', ...file }, compression, named };
}
