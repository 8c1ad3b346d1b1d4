import { createHash } from 'node:crypto';
import { EcrpError, type ErrorDetails } from '../errors.ts';
import type { Content } from '../oci/descriptor.ts';
import type { OutgoingBlob } from './blob.ts';

/**
 * Explains why a target found another digest than was claimed. Reads the blob again, to tell a damaged source (INVALID_INPUT) from damage on
 * the way (UNAVAILABLE).
 */
export async function explainMismatch(
  blob: OutgoingBlob,
  claimed: Content,
  details: Pick<ErrorDetails, 'operation' | 'awsError'>,
  signal: AbortSignal,
): Promise<EcrpError> {
  const hash = createHash('sha256');
  for await (const chunk of blob.open(0).bytes) {
    signal.throwIfAborted();
    hash.update(chunk);
  }
  const found = `sha256:${hash.digest('hex')}`;
  return found === claimed.digest
    ? new EcrpError('UNAVAILABLE', `The bytes of ${claimed.digest} did not arrive as they were sent`, {
        ...details,
        hint: 'Something between here and the service changed them, or the file changed meanwhile; run it again.',
      })
    : new EcrpError(
        'INVALID_INPUT',
        `The ${blob.role} ${claimed.digest} is damaged: its bytes have the digest ${found}`,
        {
          ...details,
          hint:
            blob.kind === 'known' && blob.isRemote
              ? 'The registry that it comes from serves other bytes than its manifest says: tell its owner.'
              : 'Save the image again.',
        },
      );
}
