import type { JsonObject } from '../json.ts';
import type { BuiltManifest, ManifestFormat } from './build-manifest.ts';
import type { Descriptor } from './descriptor.ts';
import { digestOf } from './digest.ts';
import { expectArray, expectObject, invalidInput, MAX_ITEMS, nameSubject, parseJson } from './json.ts';
import { MAX_MANIFEST_BYTES, parseManifest } from './manifest.ts';
import { DOCKER_MANIFEST, DOCKER_MANIFEST_LIST, OCI_INDEX } from './media-types.ts';
import type { Platform } from './platform.ts';

/** An entry of an index. */
export interface IndexEntry {
  readonly descriptor: Descriptor;
  /** The entry as an index has it, with unknown members; undefined for a new one. */
  readonly json?: JsonObject;
}

/** An index as it was read. */
export interface IndexDocument {
  readonly mediaType: string;
  /** Exactly as read. */
  readonly bytes: Buffer;
  /** With unknown members. */
  readonly json: JsonObject;
  readonly entries: readonly ReadEntry[];
}

/** An entry that an index has. */
export type ReadEntry = Required<IndexEntry>;

/**
 * Parses an index without its nested indexes. Throws INVALID_INPUT if it is malformed or no index.
 * @param origin Named in the message, e.g. the path of the archive.
 */
export function parseIndexDocument(bytes: Buffer, mediaType: string, origin?: string): IndexDocument {
  const digest = digestOf(bytes);
  const subject = nameSubject(`index ${digest}`, origin);
  const parsed = parseManifest(bytes, mediaType, origin);
  if (parsed.kind !== 'index')
    throw invalidInput(subject, 'it is a single image', { hint: 'Give an index.' });
  const json = expectObject(parseJson(bytes, subject, MAX_MANIFEST_BYTES), subject, 'the document');
  const documents = expectArray(json.manifests ?? [], subject, 'manifests', MAX_ITEMS);
  const entries = parsed.manifests.map((descriptor, position) => ({
    descriptor,
    json: expectObject(documents[position], subject, `manifests[${position}]`),
  }));
  return { mediaType, bytes, json, entries };
}

/**
 * Builds an index with other entries and further annotations out of one that is there. Unknown members stay, and so does the indentation.
 * If nothing changes, neither do the bytes. A manifest list of docker becomes an OCI index if it gets annotations or an entry that is no
 * image of docker.
 */
export function rebuildIndex(
  { json, bytes, mediaType, entries: before }: IndexDocument,
  entries: readonly IndexEntry[],
  annotations: Readonly<Record<string, string>> = {},
): BuiltManifest {
  const hasAnnotations = Object.keys(annotations).length > 0;
  const isDocker =
    mediaType === DOCKER_MANIFEST_LIST &&
    !hasAnnotations &&
    entries.every((entry) => before.some(({ json: old }) => old === entry.json) || isOfDocker(entry));
  const format = isDocker ? 'docker' : 'oci';
  const isConverted = mediaType === DOCKER_MANIFEST_LIST && !isDocker;
  const old = typeof json.annotations === 'object' ? json.annotations : {};
  const document = {
    ...json,
    ...(isConverted && { mediaType: OCI_INDEX }),
    manifests: entries.map((entry) => formatEntry(entry, format)),
    ...(hasAnnotations && { annotations: { ...old, ...annotations } }),
  };
  if (JSON.stringify(document) === JSON.stringify({ ...json, manifests: json.manifests ?? [] })) {
    return { bytes, mediaType, digest: digestOf(bytes) };
  }
  const indent = isConverted ? undefined : findIndent(bytes);
  return finishIndex(JSON.stringify(document, undefined, indent), isConverted ? OCI_INDEX : mediaType);
}

export function finishIndex(text: string, mediaType: string): BuiltManifest {
  const bytes = Buffer.from(text);
  return { bytes, mediaType, digest: digestOf(bytes) };
}

/** The white space before the first member, if it stands on a line of its own. */
function findIndent(bytes: Buffer): string | undefined {
  return /^\{\r?\n([ \t]{1,10})"/.exec(bytes.toString('utf8', 0, 20))?.[1];
}

/** A descriptor with annotations is OCI's alone. */
export function isOfDocker({ descriptor: { mediaType, annotations } }: IndexEntry): boolean {
  return mediaType === DOCKER_MANIFEST && annotations === undefined;
}

/** Docker writes the size before the digest. */
export function formatEntry({ descriptor, json }: IndexEntry, format: ManifestFormat): JsonObject {
  if (json !== undefined) return json;
  const { mediaType, digest, size, platform, annotations } = descriptor;
  return {
    mediaType,
    ...(format === 'docker' ? { size, digest } : { digest, size }),
    ...(annotations !== undefined && { annotations }),
    ...(platform !== undefined && { platform: orderPlatform(platform) }),
  };
}

/** The order of Go's structures, which docker, podman and the others write. */
export function orderPlatform(platform: Platform): Platform {
  const { architecture, os, variant } = platform;
  const { 'os.version': version, 'os.features': features } = platform;
  return {
    architecture,
    os,
    ...(version !== undefined && { 'os.version': version }),
    ...(features !== undefined && { 'os.features': features }),
    ...(variant !== undefined && { variant }),
  };
}
