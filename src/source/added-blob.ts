import type { Digest } from '../oci/digest.ts';
import type { BlobRef, ImageSource } from './image-source.ts';

/** The same source with one blob more, which is in memory; it is closed with the one that was given. */
export function addBlob(source: ImageSource, digest: Digest, bytes: Buffer): ImageSource {
  const isAdded = (ref: BlobRef): boolean => ref.kind === 'digest' && ref.digest === digest;
  return {
    ...source,
    has: (ref) => isAdded(ref) || source.has(ref),
    open: (ref, start, reading) =>
      isAdded(ref) ? yieldOnce(bytes.subarray(start)) : source.open(ref, start, reading),
  };
}

async function* yieldOnce(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}
