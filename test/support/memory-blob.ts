import type { ArrivingBlob, DerivedBlob, KnownBlob } from '../../src/ends/blob.ts';
import { digestOf } from '../../src/oci/digest.ts';

/** Makes a layer of the bytes, read in chunks of `chunkBytes`. `opened` lists the start of each reading. */
export function makeBlob(bytes: Buffer, chunkBytes = 3): KnownBlob & { readonly opened: number[] } {
  const content = { digest: digestOf(bytes), size: bytes.length };
  const opened: number[] = [];
  return {
    kind: 'known',
    id: content.digest,
    role: 'layer',
    content,
    opened,
    open: (start) => {
      opened.push(start);
      return { bytes: readChunks(bytes.subarray(start), chunkBytes), finish: () => content };
    },
  };
}

/** Makes a layer with a diff ID. Its digest is known after the last byte. */
export function deriveBlob({ content, open, role: _, ...blob }: KnownBlob): DerivedBlob {
  const id = digestOf('diff ID');
  const compressorId = 'gzip-5';
  const rest = { expected: undefined, sourceBytes: content.size, open, record: async () => {} };
  return { ...blob, kind: 'derived', role: 'layer', id, compressorId, ...rest };
}

/** Makes an arriving blob whose name states its digest. */
export function arriveBlob({ content, open, ...blob }: KnownBlob): ArrivingBlob {
  const rest = { compressorId: undefined, expected: content, isNamed: true, sourceBytes: content.size, open };
  return { ...blob, kind: 'arriving', role: 'layer', ...rest, record: async () => {} };
}

export async function* readChunks(bytes: Buffer, chunkBytes: number): AsyncGenerator<Buffer> {
  for (let start = 0; start < bytes.length; start += chunkBytes) {
    await Promise.resolve();
    yield Buffer.from(bytes.subarray(start, start + chunkBytes));
  }
}
