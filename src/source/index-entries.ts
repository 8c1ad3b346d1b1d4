import type { ImageSource } from '../ends/image-source.ts';
import type { JsonObject } from '../json.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { expectArray, expectObject, invalidInput, MAX_ITEMS, parseJson } from '../oci/json.ts';
import { MAX_INDEX_DEPTH, MAX_MANIFEST_BYTES, parseManifest } from '../oci/manifest.ts';
import { isIndex } from '../oci/media-types.ts';
import { readBlob } from './source-blobs.ts';

/** An entry of an index. `json` is the entry as the index has it, with unknown members. */
export interface IndexEntry {
  readonly descriptor: Descriptor;
  readonly json: JsonObject;
}

/**
 * Lists the images and attestations of an index and of the indexes in it, in their order. Throws INVALID_INPUT if one of the
 * indexes is missing or malformed.
 */
export async function listIndexEntries(
  source: Pick<ImageSource, 'path' | 'open'>,
  index: Descriptor,
  bytes: Buffer,
  depth = 0,
): Promise<readonly IndexEntry[]> {
  const subject = `${source.path}: index ${index.digest}`;
  if (depth > MAX_INDEX_DEPTH) throw invalidInput(subject, `it is nested deeper than ${MAX_INDEX_DEPTH}`);
  const parsed = parseManifest(bytes, index.mediaType, source.path);
  const descriptors = parsed.kind === 'index' ? parsed.manifests : [];
  const documents = expectArray(
    parseIndexDocument(source.path, index, bytes).manifests ?? [],
    subject,
    'manifests',
    MAX_ITEMS,
  );
  const entries: IndexEntry[] = [];
  for (const [position, descriptor] of descriptors.entries()) {
    if (isIndex(descriptor.mediaType)) {
      const inner = await readBlob(source, descriptor);
      entries.push(...(await listIndexEntries(source, descriptor, inner, depth + 1)));
    } else {
      const json = expectObject(documents[position], subject, `manifests[${position}]`);
      entries.push({ descriptor, json });
    }
    if (entries.length > MAX_ITEMS) throw invalidInput(subject, `it lists more than ${MAX_ITEMS} images`);
  }
  return entries;
}

/** The document of an index, with unknown members. `origin` is named in the error. */
export function parseIndexDocument(
  origin: string,
  { digest }: Pick<Descriptor, 'digest'>,
  bytes: Buffer,
): JsonObject {
  const subject = `${origin}: index ${digest}`;
  return expectObject(parseJson(bytes, subject, MAX_MANIFEST_BYTES), subject, 'the document');
}
