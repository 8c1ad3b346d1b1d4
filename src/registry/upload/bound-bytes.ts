import type { OutgoingBlob } from '../../ends/blob.ts';
import { EcrpError } from '../../errors.ts';

export interface ByteBounds {
  /** Byte of the blob with which the request begins. */
  readonly start: number;
  /** Bytes that the request announces; undefined: none. */
  readonly length: number | undefined;
  readonly maxBlobBytes: number;
}

/**
 * Passes bytes of a request on. Throws INVALID_INPUT when there are fewer than it announces, before the request ends, and LIMIT when the
 * blob becomes longer than the registry takes.
 */
export async function* boundBytes(
  chunks: AsyncIterable<Buffer>,
  blob: OutgoingBlob,
  { start, length = 0, maxBlobBytes }: ByteBounds,
): AsyncGenerator<Buffer> {
  let position = start;
  for await (const chunk of chunks) {
    position += chunk.length;
    if (position > maxBlobBytes) {
      const problem = `The ${blob.role} ${blob.id} is longer than the ${maxBlobBytes} bytes that the registry takes`;
      throw new EcrpError('LIMIT', problem, { hint: 'Split what the layer holds over several layers.' });
    }
    yield chunk;
  }
  if (position >= start + length) return;
  throw new EcrpError('INVALID_INPUT', `${blob.id} ended after ${position} of ${start + length} bytes`, {
    hint: 'The source is cut short, or it changed while it was read: save the image again.',
  });
}
