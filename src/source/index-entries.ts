import type { Descriptor } from '../oci/descriptor.ts';
import { type IndexDocument, parseIndexDocument, type ReadEntry } from '../oci/index-document.ts';
import { invalidInput, MAX_ITEMS } from '../oci/json.ts';
import { MAX_INDEX_DEPTH } from '../oci/manifest.ts';
import { isIndex } from '../oci/media-types.ts';

/** Where nested indexes are. */
export interface NestedIndexes {
  /** Named in messages, e.g. the path of the archive. */
  readonly path: string;
  /** Reads one, and checks its digest. Throws INVALID_INPUT if it is missing. */
  readIndex(descriptor: Descriptor): Promise<Buffer>;
}

/**
 * Lists the images and attestations of an index and of the indexes in it, in their order. Throws INVALID_INPUT if an index in
 * it is missing or malformed.
 */
export async function listIndexEntries(
  { entries: own }: IndexDocument,
  nested: NestedIndexes,
  depth = 0,
): Promise<readonly ReadEntry[]> {
  const subject = `${nested.path}: the index`;
  if (depth > MAX_INDEX_DEPTH) throw invalidInput(subject, `it is nested deeper than ${MAX_INDEX_DEPTH}`);
  const entries: ReadEntry[] = [];
  for (const entry of own) {
    const { descriptor } = entry;
    if (isIndex(descriptor.mediaType)) {
      const bytes = await nested.readIndex(descriptor);
      const inner = parseIndexDocument(bytes, descriptor.mediaType, nested.path);
      entries.push(...(await listIndexEntries(inner, nested, depth + 1)));
    } else {
      entries.push(entry);
    }
    if (entries.length > MAX_ITEMS) throw invalidInput(subject, `it lists more than ${MAX_ITEMS} images`);
  }
  return entries;
}
