import { createPartUploader } from '../../src/ecr/parts/upload-blob.ts';
import type { PushService } from '../../src/ecr/push-service.ts';
import type { OutgoingBlob } from '../../src/ends/blob.ts';
import type { UploadedBlob } from '../../src/ends/image-target.ts';
import type { UploadStore } from '../../src/engine/resume/upload-store.ts';

export interface GivenUpload {
  readonly partBytes?: number;
  readonly uploads?: UploadStore;
  readonly signal?: AbortSignal;
}

/** Uploads a blob in parts. `notes` gets `resync 3`, `resumed 6`, …; `progress` gets the acknowledged bytes. */
export function uploadWith(
  service: PushService,
  blob: OutgoingBlob,
  { partBytes, uploads, signal = new AbortController().signal }: GivenUpload = {},
) {
  const progress: number[] = [];
  const notes: string[] = [];
  const run = async (): Promise<UploadedBlob> => {
    const compressorId = blob.kind === 'known' ? undefined : blob.compressorId;
    const claim = uploads?.claim({ id: blob.id, compressorId });
    const saved = claim ?? { found: undefined, save() {}, discard() {} };
    const onEvent = (event: Parameters<Parameters<typeof upload>[1]['onEvent']>[0]): void => {
      if (event.kind === 'blob-progress') progress.push(event.acknowledgedBytes);
      if (event.kind === 'blob-restarted') notes.push(`${event.reason} ${event.nextByte}`);
      if (event.kind === 'blob-resumed') notes.push(`resumed ${event.resumedBytes}`);
    };
    try {
      return await upload(blob, { saved, onEvent }, signal);
    } finally {
      claim?.release();
    }
  };
  const upload = createPartUploader(service, partBytes);
  return { done: run(), progress, notes };
}
