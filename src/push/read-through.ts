import { createHash } from 'node:crypto';
import { EcrpError } from '../errors.ts';
import type { Content } from '../oci/descriptor.ts';
import { checkBlobSize } from './push-limits.ts';
import type { PlannedBlob } from './push-plan.ts';

/** As often as it is told how much was read. */
const PROGRESS_BYTES = 4 * 1024 * 1024;

/**
 * Reads a blob as an upload would, and says what it is; `onProgress` is told every few MiB how many bytes were read.
 * Throws INVALID_INPUT when its bytes are not what its digest says, LIMIT when the service would not take it.
 */
export async function readThrough(
  blob: PlannedBlob,
  signal: AbortSignal,
  onProgress?: (readBytes: number, estimatedBytes?: number) => void,
): Promise<Content> {
  const hash = createHash('sha256');
  const reading = blob.open(0);
  let size = 0;
  let toldBytes = 0;
  for await (const chunk of reading.bytes) {
    signal.throwIfAborted();
    hash.update(chunk);
    size += chunk.length;
    if (size >= toldBytes + PROGRESS_BYTES) {
      toldBytes = size;
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
  checkBlobSize(`The ${blob.role} ${blob.id}`, size);
  return content;
}
