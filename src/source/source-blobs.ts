import type { BlobRef, ImageSource } from '../ends/image-source.ts';
import { MAX_CONFIG_BYTES } from '../oci/config.ts';
import { type Descriptor, verifyContent } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import { invalidInput } from '../oci/json.ts';
import { MAX_MANIFEST_BYTES } from '../oci/manifest.ts';
import { isIndex, isManifest } from '../oci/media-types.ts';
import { collectBytes } from './source-store.ts';

/**
 * Reads a manifest, index or config into memory. Throws INVALID_INPUT if it is missing, too long (4 MiB, a config 8 MiB), or
 * does not match its descriptor; the message names both digests.
 */
export async function readBlob(
  source: Pick<ImageSource, 'path' | 'open'>,
  descriptor: Descriptor,
): Promise<Buffer> {
  const { mediaType, digest, size } = descriptor;
  const maxBytes = isIndex(mediaType) || isManifest(mediaType) ? MAX_MANIFEST_BYTES : MAX_CONFIG_BYTES;
  if (size > maxBytes) {
    const problem = `its descriptor says ${size} bytes, more than the ${maxBytes} bytes allowed`;
    throw invalidInput(`${source.path}: blob ${digest} (${mediaType})`, problem);
  }
  const bytes = await collectBytes(source.open({ kind: 'digest', digest, size }, 0));
  verifyContent(bytes, descriptor, source.path);
  return bytes;
}

/** Adds blobs in memory to a source. Closing the result closes `source`. */
export function addBlobs(source: ImageSource, added: ReadonlyMap<Digest, Buffer>): ImageSource {
  if (added.size === 0) return source;
  const find = (ref: BlobRef): Buffer | undefined =>
    ref.kind === 'digest' ? added.get(ref.digest) : undefined;
  return {
    ...source,
    has: (ref) => find(ref) !== undefined || source.has(ref),
    open: (ref, start, reading) => {
      const bytes = find(ref);
      return bytes === undefined ? source.open(ref, start, reading) : yieldOnce(bytes.subarray(start));
    },
  };
}

async function* yieldOnce(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}
