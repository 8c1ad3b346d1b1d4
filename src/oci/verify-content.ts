import type { Descriptor } from './descriptor.ts';
import { digestOf } from './digest.ts';
import { invalidInput, nameSubject } from './json.ts';

/**
 * Throws INVALID_INPUT naming both sizes or both digests unless the bytes are what the descriptor says; `origin` is named
 * in the message, e.g. the path of the archive.
 */
export function verifyContent(
  bytes: Buffer,
  descriptor: Pick<Descriptor, 'digest' | 'size'>,
  origin?: string,
): void {
  const subject = nameSubject(`blob ${descriptor.digest}`, origin);
  if (bytes.length !== descriptor.size) {
    const problem = `it should be ${descriptor.size} bytes long, but there are ${bytes.length}`;
    throw invalidInput(subject, problem);
  }
  const found = digestOf(bytes);
  if (found !== descriptor.digest) {
    throw invalidInput(subject, `its bytes have another digest, ${found}`);
  }
}
