import { mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { type Digest, digestOf, isDigest } from '../oci/digest.ts';
import type { CompressedLayer, DigestCache } from './compressor.ts';

/** What a file of the cache holds. `check` is over all else, so that a damaged file is not believed. */
interface CacheEntry {
  readonly diffId: Digest;
  readonly compressorId: string;
  readonly digest: Digest;
  readonly size: number;
  readonly check: Digest;
}

/**
 * Opens the cache in a directory, which is made when something is recorded: one small JSON file per diff ID and
 * compressor. Neither method throws: a directory that cannot be read or written only costs time.
 */
export function openDigestCache(directory: string): DigestCache {
  return {
    async find(diffId, compressorId) {
      try {
        return parseEntry(
          await readFile(pathOf(directory, diffId, compressorId), 'utf8'),
          diffId,
          compressorId,
        );
      } catch {
        return undefined;
      }
    },
    async record(diffId, compressorId, layer) {
      try {
        const path = pathOf(directory, diffId, compressorId);
        await mkdir(dirname(path), { recursive: true });
        // Without fsync: what a power failure leaves is either whole or found to be damaged.
        await writeFileAtomic(path, formatEntry(diffId, compressorId, layer), { fsync: false });
      } catch {
        // Nothing is lost but the time to compress the layer again.
      }
    },
  };
}

/** `<aa>/<aabb…>`, by a hash of both keys: no compressor ID can lead out of the directory. */
function pathOf(directory: string, diffId: Digest, compressorId: string): string {
  const key = digestOf(`${diffId} ${compressorId}`).slice('sha256:'.length);
  return join(directory, key.slice(0, 2), `${key}.json`);
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
