import { EcrpError } from '../errors.ts';
import type { Content } from '../oci/descriptor.ts';
import { explainMismatch } from './explain-mismatch.ts';
import { isPassing } from './is-passing.ts';
import type { PlannedBlob } from './push-plan.ts';
import { type SendOptions, sendParts } from './send-parts.ts';
import type { BegunUpload } from './upload-record.ts';
import type { UploadClaim, UploadStore } from './upload-store.ts';

export interface UploadOptions extends SendOptions {
  /** Undefined neither resumes nor keeps anything. */
  readonly uploads?: UploadStore | undefined;
  /** The size of the blob, once all of it is acknowledged; again after a restart. */
  readonly onSent?: (bytes: number) => void;
}

/** `existing`: another push has stored the blob meanwhile. */
export interface UploadedBlob {
  readonly outcome: 'uploaded' | 'existing';
  readonly content: Content;
  /** Bytes that the service had of an earlier push. */
  readonly resumedBytes: number;
}

const MAX_NEW_UPLOADS = 2;

/**
 * Uploads one blob, going on with what an earlier push has left of it, and says what it is; begins again once when the
 * service has lost the upload. Throws INVALID_INPUT when the source's bytes are not what their digest says.
 */
export async function uploadBlob(blob: PlannedBlob, options: UploadOptions): Promise<UploadedBlob> {
  const claim = options.uploads?.claim(blob) ?? keepNothing;
  try {
    return await uploadClaimed(blob, claim, options);
  } catch (error) {
    if (!options.signal.aborted && !isPassing(error)) {
      claim.forget();
    }
    throw error;
  } finally {
    claim.release();
  }
}

const keepNothing: UploadClaim = { found: undefined, keep() {}, forget() {}, release() {} };

async function uploadClaimed(
  blob: PlannedBlob,
  claim: UploadClaim,
  options: UploadOptions,
): Promise<UploadedBlob> {
  const { onRestart } = options;
  const inner = { ...options, onProgress: neverDecrease(options.onProgress) };
  if (claim.found) {
    const result = await sendUpload(blob, claim.found, claim, inner);
    if ('content' in result) {
      return result;
    }
    // What was left is no good, whatever the service has against it.
    onRestart(result.reason, 0);
  }
  for (let count = 1; ; count += 1) {
    const result = await sendUpload(blob, undefined, claim, inner);
    if ('content' in result) {
      return result;
    }
    if (result.reason === 'refused' || count === MAX_NEW_UPLOADS) {
      throw result.error;
    }
    onRestart(result.reason, 0);
  }
}

interface FailedUpload {
  readonly reason: 'vanished' | 'refused';
  readonly error: EcrpError;
}

/** Sends what an upload lacks, a new one unless one is `begun`, and completes it; an upload that failed is forgotten. */
async function sendUpload(
  blob: PlannedBlob,
  begun: BegunUpload | undefined,
  claim: UploadClaim,
  options: UploadOptions,
): Promise<UploadedBlob | FailedUpload> {
  const { service, signal, onSent } = options;
  const sent = await sendParts(blob, begun, claim.keep, options);
  if (sent.kind === 'sent') {
    const { uploadId, content, resumedBytes } = sent;
    onSent?.(content.size);
    const answer = await service.completeUpload(uploadId, content.digest, signal);
    claim.forget();
    if (answer.kind === 'stored') {
      return { outcome: 'uploaded', content, resumedBytes };
    }
    return answer.kind === 'vanished'
      ? explainLoss(blob, 'CompleteLayerUpload')
      : { reason: 'refused', error: await explainMismatch(blob, content, signal) };
  }
  claim.forget();
  if (sent.kind === 'failed') {
    return { reason: 'refused', error: sent.error };
  }
  // Uploads of a layer end when another push completes one of the same layer.
  const content = blob.expected;
  if (content && (await service.findAvailable([content.digest], signal)).has(content.digest)) {
    return { outcome: 'existing', content, resumedBytes: 0 };
  }
  return explainLoss(blob, 'UploadLayerPart');
}

function explainLoss(blob: PlannedBlob, operation: string): FailedUpload {
  const error = new EcrpError('UNAVAILABLE', `The service lost the upload of ${blob.id} twice`, {
    hint: 'Run the command again; what is stored already is not sent again.',
    operation,
    awsError: 'UploadNotFoundException',
  });
  return { reason: 'vanished', error };
}

function neverDecrease(onProgress: UploadOptions['onProgress']): UploadOptions['onProgress'] {
  let most = 0;
  return (bytes, estimatedBytes) => {
    if (bytes > most) {
      most = bytes;
      onProgress(bytes, estimatedBytes);
    }
  };
}
