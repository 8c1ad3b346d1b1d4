import type { Descriptor } from './descriptor.ts';
import { digestOf } from './digest.ts';
import { invalidInput } from './json.ts';

/** Throws INVALID_INPUT naming both sizes or both digests unless the bytes are what the descriptor says. */
export function verifyContent(bytes: Buffer, descriptor: Pick<Descriptor, 'digest' | 'size'>): void {
  if (bytes.length !== descriptor.size) {
    const problem = `it should be ${descriptor.size} bytes long, but there are ${bytes.length}`;
    throw invalidInput(`blob ${descriptor.digest}`, problem);
  }
  const found = digestOf(bytes);
  if (found !== descriptor.digest) {
    throw invalidInput(`blob ${descriptor.digest}`, `its bytes have another digest, ${found}`);
  }
}
