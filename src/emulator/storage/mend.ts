import type { BlobFiles } from './blob-files.ts';
import type { Digest } from './digest.ts';
import type { Ledger } from './ledger.ts';
import type { State } from './state.ts';
import type { UploadFiles } from './upload-files.ts';

export interface Mendable {
  readonly state: State;
  readonly ledger: Ledger;
  readonly blobFiles: BlobFiles;
  readonly uploadFiles: UploadFiles;
}

/**
 * Brings files and state together after the process died or a person was at the files: completes what the journal says was completed, gives up
 * what has lost bytes, removes what nothing refers to. Only sizes are looked at here; digests are when something is read.
 */
export function mendFiles(
  { state, ledger, blobFiles, uploadFiles }: Mendable,
  completed: ReadonlyMap<Digest, string>,
): void {
  const lost = new Set<Digest>();
  for (const [digest, size] of listBlobs(state)) {
    if (blobFiles.sizeOf(digest) === size) continue;
    const uploadId = completed.get(digest);
    if (uploadId !== undefined && uploadFiles.sizeOf(uploadId) === size) {
      blobFiles.adopt(digest, uploadFiles.pathOf(uploadId));
    } else {
      lost.add(digest);
    }
  }
  for (const digest of lost) ledger.loseBlob(digest);
  for (const { uploadId, nextByte } of [...state.uploads.values()]) {
    if ((uploadFiles.sizeOf(uploadId) ?? 0) < nextByte) ledger.loseUpload(uploadId);
  }
  blobFiles.sweep((digest) => state.isHeld(digest));
  uploadFiles.sweep((uploadId) => state.uploads.has(uploadId));
}

function* listBlobs(state: State): Generator<[Digest, number]> {
  for (const { layers, images } of state.repositories.values()) {
    for (const [digest, { size }] of layers) yield [digest, size];
    for (const [digest, { manifestSize }] of images) yield [digest, manifestSize];
  }
}
