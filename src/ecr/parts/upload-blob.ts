import { findExpected, type OutgoingBlob } from '../../ends/blob.ts';
import { explainMismatch } from '../../ends/explain-mismatch.ts';
import type { BegunUpload, BlobUpload, ImageTarget, UploadedBlob } from '../../ends/image-target.ts';
import { EcrpError } from '../../errors.ts';
import { PART_BYTES } from '../../wire/limits.ts';
import { ECR_PUBLIC_PARTS, type PartRule } from '../limits.ts';
import type { PushService } from '../push-service.ts';
import { FillTurns } from './fill-turns.ts';
import { type PartSettings, sendParts } from './send-parts.ts';
import { isTransient } from './upload-position.ts';

const MAX_NEW_UPLOADS = 2;
const OF_COMPLETION = { operation: 'CompleteLayerUpload', awsError: 'InvalidLayerException' };

/**
 * Makes the function that uploads blobs to one repository in parts. It resumes what an interrupted push left, and starts again once
 * when the service loses the upload. `mostPartBytes`: upper bound of a part; the service asks for a size of its own. `rule`: default ECR
 * Public's.
 */
export function createPartUploader(
  service: PushService,
  mostPartBytes: number | undefined,
  rule: PartRule = ECR_PUBLIC_PARTS,
): ImageTarget['uploadBlob'] {
  const asked = { partBytes: PART_BYTES };
  const settings = {
    service,
    turns: new FillTurns(),
    longBlobs: new Set<OutgoingBlob>(),
    mostPartBytes,
    rule,
    asked,
  };
  return async (blob, upload, signal) => {
    try {
      return await uploadInParts(blob, neverDecrease(upload), settings, signal);
    } catch (error) {
      if (!signal.aborted && !isTransient(error)) upload.saved.discard();
      throw error;
    }
  };
}

async function uploadInParts(
  blob: OutgoingBlob,
  upload: BlobUpload,
  settings: PartSettings,
  signal: AbortSignal,
): Promise<UploadedBlob> {
  const restart = (reason: FailedUpload['reason']): void =>
    upload.onEvent({ kind: 'blob-restarted', id: blob.id, reason, nextByte: 0 });
  const { found } = upload.saved;
  if (found) {
    const result = await sendUpload(blob, found, upload, settings, signal);
    if ('content' in result) return result;
    // The saved upload is of no use, whatever the reason.
    restart(result.reason);
  }
  for (let count = 1; ; count += 1) {
    const result = await sendUpload(blob, undefined, upload, settings, signal);
    if ('content' in result) return result;
    if (result.reason === 'refused' || count === MAX_NEW_UPLOADS) throw result.error;
    restart(result.reason);
  }
}

interface FailedUpload {
  readonly reason: 'vanished' | 'refused';
  readonly error: EcrpError;
}

/** Sends what an upload lacks and completes it: a new upload, unless one has `begun`. Discards the saved state of one that failed. */
async function sendUpload(
  blob: OutgoingBlob,
  begun: BegunUpload | undefined,
  upload: BlobUpload,
  settings: PartSettings,
  signal: AbortSignal,
): Promise<UploadedBlob | FailedUpload> {
  const { service } = settings;
  const sent = await sendParts(blob, begun, upload, settings, signal);
  if (sent.kind === 'sent') {
    const { uploadId, content, resumedBytes } = sent;
    upload.onEvent({ kind: 'blob-sent', id: blob.id, bytes: content.size });
    const answer = await service.completeUpload(uploadId, content.digest, signal);
    upload.saved.discard();
    if (answer.kind === 'stored') return { outcome: 'uploaded', content, resumedBytes };
    return answer.kind === 'vanished'
      ? explainLoss(blob, 'CompleteLayerUpload')
      : { reason: 'refused', error: await explainMismatch(blob, content, OF_COMPLETION, signal) };
  }
  upload.saved.discard();
  if (sent.kind === 'failed') return { reason: 'refused', error: sent.error };
  // The service ends all uploads of a layer when one of them is completed.
  const content = findExpected(blob);
  if (content && (await service.findAvailable([content.digest], signal)).has(content.digest)) {
    return { outcome: 'existing', content, resumedBytes: 0 };
  }
  return explainLoss(blob, 'UploadLayerPart');
}

function explainLoss(blob: OutgoingBlob, operation: string): FailedUpload {
  const error = new EcrpError('UNAVAILABLE', `The service lost the upload of ${blob.id} twice`, {
    hint: 'Run the command again; what is stored already is not sent again.',
    operation,
    awsError: 'UploadNotFoundException',
  });
  return { reason: 'vanished', error };
}

/** Reports progress only when it goes beyond what was reported before. */
function neverDecrease(upload: BlobUpload): BlobUpload {
  let most = 0;
  return {
    ...upload,
    onEvent: (event) => {
      if (event.kind === 'blob-progress') {
        if (event.acknowledgedBytes <= most) return;
        most = event.acknowledgedBytes;
      }
      upload.onEvent(event);
    },
  };
}
