import { createHash } from 'node:crypto';
import { EcrpError } from '../errors.ts';
import type { Content } from '../oci/descriptor.ts';
import type { PlannedBlob } from './push-plan.ts';

/**
 * The error for bytes that the service found to have another digest than was claimed. Reads the blob once more to tell
 * whether the source or the way is to blame.
 */
export async function explainMismatch(
  blob: PlannedBlob,
  claimed: Content,
  signal: AbortSignal,
): Promise<EcrpError> {
  const hash = createHash('sha256');
  for await (const chunk of blob.open(0).bytes) {
    signal.throwIfAborted();
    hash.update(chunk);
  }
  const found = `sha256:${hash.digest('hex')}`;
  const details = { operation: 'CompleteLayerUpload', awsError: 'InvalidLayerException' };
  return found === claimed.digest
    ? new EcrpError('UNAVAILABLE', `The bytes of ${claimed.digest} did not arrive as they were sent`, {
        ...details,
        hint: 'Something between here and the service changed them, or the file changed meanwhile; run it again.',
      })
    : new EcrpError(
        'INVALID_INPUT',
        `The ${blob.role} ${claimed.digest} is damaged: its bytes have the digest ${found}`,
        { ...details, hint: 'Save the image again.' },
      );
}
