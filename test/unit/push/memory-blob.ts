import { digestOf } from '../../../src/oci/digest.ts';
import type { PlannedBlob } from '../../../src/push/push-plan.ts';

/** A planned layer of the bytes, read in chunks of `chunkBytes`; `opened` tells where each reading began. */
export function makeBlob(bytes: Buffer, chunkBytes = 3): PlannedBlob & { readonly opened: number[] } {
  const content = { digest: digestOf(bytes), size: bytes.length };
  const opened: number[] = [];
  return {
    id: content.digest,
    role: 'layer',
    content,
    expected: content,
    sourceBytes: bytes.length,
    present: true,
    opened,
    open: (start) => {
      opened.push(start);
      return { bytes: readChunks(bytes.subarray(start), chunkBytes), finish: () => content };
    },
    record: async () => {},
  };
}

export async function* readChunks(bytes: Buffer, chunkBytes: number): AsyncGenerator<Buffer> {
  for (let start = 0; start < bytes.length; start += chunkBytes) {
    await Promise.resolve();
    yield Buffer.from(bytes.subarray(start, start + chunkBytes));
  }
}
