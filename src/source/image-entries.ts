import { refuseTar } from './refusals.ts';
import { readTarEntries, type TarEntry } from './tar-entries.ts';
import type { TarInput } from './tar-input.ts';

/** How many entries are read before a tar without anything of an image is given up. */
export const MAX_FOREIGN_ENTRIES = 1000;

/**
 * Names that image archives have, whatever tool wrote them: the files that list images, blobs of an OCI layout, configs and layers
 * named by a digest, `layer.tar` in folders.
 */
const MARKERS = [
  /^(manifest\.json|index\.json|oci-layout|repositories)$/,
  /^blobs\/sha256(\/|$)/,
  /^(sha256:)?[a-f0-9]{64}(\.json|\.tar(\.gz|\.zst)?|\/.*)?$/,
  /(^|\/)layer\.tar$/,
];

/**
 * Reads the entries of a tar as `readTarEntries` does, and gives up when the first thousand have no name that an image archive
 * has: a file system saved by mistake has many more. Once there is such a name, foreign files may follow without end, as
 * `manifest.json` can be the last entry.
 */
export async function* readImageEntries(input: TarInput, signal?: AbortSignal): AsyncGenerator<TarEntry> {
  const foreign: string[] = [];
  let isImage = false;
  for await (const entry of readTarEntries(input, signal)) {
    isImage ||= MARKERS.some((marker) => marker.test(entry.name));
    if (!isImage) {
      foreign.push(entry.name);
      if (foreign.length >= MAX_FOREIGN_ENTRIES) throw refuseTar({ path: input.path, names: foreign });
    }
    yield entry;
  }
}
