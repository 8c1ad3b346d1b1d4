import type { Content } from '../oci/archive-manifest.ts';
import type { BlobRef, ImageSource } from '../source/image-source.ts';
import type { PlannedBlob } from './push-plan.ts';

/** A blob of the source that goes up as it is, under a digest that is known. */
export function planKnownBlob(
  source: ImageSource,
  role: PlannedBlob['role'],
  content: Content,
  ref: BlobRef = { kind: 'digest', ...content },
): PlannedBlob {
  return {
    id: content.digest,
    role,
    content,
    expected: content,
    sourceBytes: content.size,
    present: source.has(ref),
    open: (start) => ({ bytes: source.open(ref, start), finish: () => content }),
    record: async () => {},
  };
}

/** A blob that is in memory: the config of a docker-archive. */
export function planMemoryBlob(role: PlannedBlob['role'], content: Content, bytes: Buffer): PlannedBlob {
  return {
    id: content.digest,
    role,
    content,
    expected: content,
    sourceBytes: bytes.length,
    present: true,
    open: (start) => ({ bytes: yieldOnce(bytes.subarray(start)), finish: () => content }),
    record: async () => {},
  };
}

async function* yieldOnce(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}
