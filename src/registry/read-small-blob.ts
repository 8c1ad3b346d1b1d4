import { EcrpError } from '../errors.ts';
import type { Content } from '../oci/descriptor.ts';
import { digestOf } from '../oci/digest.ts';

/**
 * Reads a small blob, such as a config, whole. Throws INVALID_INPUT before it is opened if it is longer than `maxBytes`, UNAVAILABLE if its
 * bytes have another digest, and as `open` does.
 * @param what Names the blob in messages.
 */
export async function readSmallBlob(
  what: string,
  { digest, size }: Content,
  maxBytes: number,
  open: () => AsyncIterable<Buffer>,
): Promise<Buffer> {
  if (size > maxBytes) {
    throw new EcrpError('INVALID_INPUT', `${what} has ${size} bytes, more than the ${maxBytes} allowed`, {
      hint: 'It is no config of an image.',
    });
  }
  const chunks: Buffer[] = [];
  for await (const chunk of open()) chunks.push(chunk);
  const bytes = Buffer.concat(chunks);
  const found = digestOf(bytes);
  if (found === digest) return bytes;
  throw new EcrpError('UNAVAILABLE', `${what} has other bytes, with the digest ${found}`, {
    hint: 'Check whether a proxy changes answers, then run the command again.',
  });
}
