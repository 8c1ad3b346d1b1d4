import { join } from 'node:path';
import type { CompressedLayer, DigestCache } from '../ends/compressor.ts';
import { pruneDirectory } from '../files/private-directory.ts';
import { readPrivateFile, writePrivateFile } from '../files/private-file.ts';
import { type Digest, digestOf, isDigest } from '../oci/digest.ts';

/** A file of the cache. `check` covers all other members, so a damaged file is ignored. */
interface CacheEntry {
  readonly diffId: Digest;
  readonly compressorId: string;
  readonly digest: Digest;
  readonly size: number;
  readonly check: Digest;
}

/** Includes temporary files that a killed process leaves. */
const FILE_NAME = /^[0-9a-f]{64}\.json(?:\.\d+)?$/;

/**
 * Opens a cache of one small JSON file per diff ID and compressor, and discards its old entries. `record` makes the directory.
 *
 * Neither method throws: without a usable directory, layers are compressed again. That only costs time.
 */
export function openDigestCache(directory: string | undefined): DigestCache {
  if (directory === undefined) return { find: async () => undefined, record: async () => undefined };
  pruneDirectory(directory, { isOurs: (name) => FILE_NAME.test(name) });
  return {
    async find(diffId, compressorId) {
      const text = readPrivateFile(directory, nameEntry(diffId, compressorId));
      try {
        return text === undefined ? undefined : parseEntry(text, diffId, compressorId);
      } catch {
        return undefined;
      }
    },
    async record(diffId, compressorId, layer) {
      try {
        writePrivateFile(
          directory,
          nameEntry(diffId, compressorId),
          formatEntry(diffId, compressorId, layer),
        );
      } catch {
        // The next push compresses the layer again.
      }
    },
  };
}

/** Names the file `<aa>/<aabb…>` by a hash of both keys, so no compressor ID can lead out of the directory. */
function nameEntry(diffId: Digest, compressorId: string): string {
  const key = digestOf(`${diffId} ${compressorId}`).slice('sha256:'.length);
  return join(key.slice(0, 2), `${key}.json`);
}

function formatEntry(diffId: Digest, compressorId: string, { digest, size }: CompressedLayer): string {
  const entry: CacheEntry = {
    diffId,
    compressorId,
    digest,
    size,
    check: checkOf(diffId, compressorId, digest, size),
  };
  return `${JSON.stringify(entry)}\n`;
}

function parseEntry(text: string, diffId: Digest, compressorId: string): CompressedLayer | undefined {
  const { digest, size, check }: Partial<Record<keyof CacheEntry, unknown>> = JSON.parse(text);
  if (!isDigest(digest) || typeof size !== 'number') return undefined;
  return check === checkOf(diffId, compressorId, digest, size) ? { digest, size } : undefined;
}

function checkOf(diffId: Digest, compressorId: string, digest: Digest, size: number): Digest {
  return digestOf(JSON.stringify([diffId, compressorId, digest, size]));
}
