import { createHash } from 'node:crypto';
import type { OutgoingBlob } from '../ends/blob.ts';
import type { TargetLimits } from '../ends/image-target.ts';
import { EcrpError } from '../errors.ts';
import type { Content } from '../oci/descriptor.ts';
import { checkBlobSize } from './limits.ts';

/** Bytes between two calls of `onProgress`. */
const PROGRESS_BYTES = 4 * 1024 * 1024;

/**
 * Reads a blob as an upload would, and returns its digest and size. Throws INVALID_INPUT when its bytes do not have the stated digest,
 * LIMIT when the target would refuse it.
 */
export async function readThrough(
  blob: OutgoingBlob,
  limits: TargetLimits,
  signal: AbortSignal,
  onProgress?: (readBytes: number, estimatedBytes?: number) => void,
): Promise<Content> {
  const hash = createHash('sha256');
  const reading = blob.open(0);
  let size = 0;
  let reportedBytes = 0;
  for await (const chunk of reading.bytes) {
    signal.throwIfAborted();
    hash.update(chunk);
    size += chunk.length;
    if (size >= reportedBytes + PROGRESS_BYTES) {
      reportedBytes = size;
      onProgress?.(size, reading.estimateSize?.());
    }
  }
  const content = reading.finish();
  const found = `sha256:${hash.digest('hex')}`;
  if (found !== content.digest) {
    throw new EcrpError(
      'INVALID_INPUT',
      `The ${blob.role} ${content.digest} is damaged: its bytes have the digest ${found}`,
      { hint: 'Save the image again.' },
    );
  }
  checkBlobSize(limits, `The ${blob.role} ${blob.id}`, size);
  return content;
}
