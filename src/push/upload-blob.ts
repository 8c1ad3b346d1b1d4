import { EcrpError } from '../errors.ts';
import type { Content } from '../oci/archive-manifest.ts';
import { explainMismatch } from './explain-mismatch.ts';
import type { PlannedBlob } from './push-plan.ts';
import { type SendOptions, sendParts } from './send-parts.ts';

/**
 * Uploads one blob and says what it is; begins again once when the service has lost the upload.
 * Throws INVALID_INPUT when the source's bytes are not what their digest says.
 */
export async function uploadBlob(blob: PlannedBlob, options: SendOptions): Promise<Content> {
  const { service, signal, onRestart } = options;
  const onProgress = neverDecrease(options.onProgress);
  for (let attempt = 1; ; attempt += 1) {
    const upload = await service.initiateUpload(signal);
    const content = await sendParts(blob, upload, { ...options, onProgress });
    const answer = content && (await service.completeUpload(upload.uploadId, content.digest, signal));
    if (content && answer?.kind === 'stored') {
      return content;
    }
    if (content && answer?.kind === 'mismatch') {
      throw await explainMismatch(blob, content, signal);
    }
    if (attempt === 2) {
      throw new EcrpError('UNAVAILABLE', `The service lost the upload of ${blob.id} twice`, {
        hint: 'Run the command again; what is stored already is not sent again.',
        operation: content ? 'CompleteLayerUpload' : 'UploadLayerPart',
        awsError: 'UploadNotFoundException',
      });
    }
    onRestart('vanished', 0);
  }
}

function neverDecrease(onProgress: (acknowledgedBytes: number) => void): (bytes: number) => void {
  let most = 0;
  return (bytes) => {
    if (bytes > most) {
      most = bytes;
      onProgress(bytes);
    }
  };
}
