import type { Digest } from '../oci/digest.ts';
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
import { type FileStore, readStoredFile } from './file-store.ts';

export const ARCHIVE_FILE = 'manifest.json';

/** Longest `manifest.json` in bytes: room for hundreds of images. */
const MAX_ARCHIVE_BYTES = 4 * 1024 * 1024;

/** One image of a docker-archive's `manifest.json`, its entries not looked up yet. */
export interface ArchiveItem {
  readonly config: string;
  readonly repoTags: readonly string[];
  readonly layers: readonly string[];
}

/** Reads the list of images of a docker-archive. Throws INVALID_INPUT when it is empty or malformed. */
export async function readArchiveItems(store: FileStore): Promise<readonly ArchiveItem[]> {
  const subject = `${store.path}: ${ARCHIVE_FILE}`;
  const bytes = await readStoredFile(store, ARCHIVE_FILE, MAX_ARCHIVE_BYTES);
  const document = parseJson(bytes, subject, MAX_ARCHIVE_BYTES);
  const items = expectArray(document, subject, 'the document', MAX_ITEMS);
  if (items.length === 0) throw invalidInput(subject, 'it lists no image');
  return items.map((item, position) => parseArchiveItem(item, subject, `[${position}]`));
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
