import type { Digest } from '../oci/digest.ts';
import type { BlobRef, ImageSource } from './image-source.ts';

/** The same source with further blobs, which are in memory; it is closed with the one that was given. */
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
