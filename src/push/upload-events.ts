import type { Digest } from '../oci/digest.ts';
import type { PushEvent } from './events.ts';
import type { UploadOptions } from './upload-blob.ts';

type UploadListeners = Required<Pick<UploadOptions, 'onResume' | 'onProgress' | 'onSent' | 'onRestart'>>;

/** Makes the events of a blob of what its upload tells. */
export function tellUpload(id: Digest, onEvent: ((event: PushEvent) => void) | undefined): UploadListeners {
  return {
    onResume: (resumedBytes) => onEvent?.({ kind: 'blob-resumed', id, resumedBytes }),
    onProgress: (acknowledgedBytes, estimatedBytes) =>
      onEvent?.({ kind: 'blob-progress', id, acknowledgedBytes, estimatedBytes }),
    onSent: (bytes) => onEvent?.({ kind: 'blob-sent', id, bytes }),
    onRestart: (reason, nextByte) => onEvent?.({ kind: 'blob-restarted', id, reason, nextByte }),
  };
}
