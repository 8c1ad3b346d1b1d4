import type { BlobFiles } from './blob-files.ts';
import type { Journal, JournalRecord } from './journal.ts';
import type { BlobDigest } from './model.ts';
import type { State } from './state.ts';

/** Commits every change to the journal, then to the state. Removes the blobs that a change has left unreferenced. */
export class Ledger {
  readonly #journal: Journal;
  readonly #state: State;
  readonly #blobFiles: BlobFiles;
  readonly #onDamage: (message: string) => void;

  constructor(journal: Journal, state: State, blobFiles: BlobFiles, onDamage: (message: string) => void) {
    this.#journal = journal;
    this.#state = state;
    this.#blobFiles = blobFiles;
    this.#onDamage = onDamage;
  }

  /**
   * Throws an `Error` for a record that does not fit the state, or the system's error when the disk fails. Nothing has changed then.
   * Synchronous on purpose: no other request runs between the check, the journal and the change.
   */
  commit(record: JournalRecord): void {
    this.#state.check(record);
    this.#journal.append(record);
    this.#state.apply(record);
    for (const digest of this.#state.takeReleased()) this.#blobFiles.remove(digest);
  }

  /** Discards a blob whose file is missing or damaged. */
  loseBlob(digest: BlobDigest): void {
    const place = this.#blobFiles.setAside(digest);
    this.commit({ type: 'blob-lost', digest });
    const fate =
      place === undefined ? 'its file is missing' : `its file is damaged and was moved to ${place}`;
    this.#onDamage(`Lost ${digest} from the emulator's data: ${fate}. Push its images again.`);
  }

  /** Discards an upload whose file is missing or shorter than the acknowledged bytes. */
  loseUpload(uploadId: string): void {
    this.commit({ type: 'upload-dropped', uploadId });
    this.#onDamage(`Lost upload ${uploadId} from the emulator's data: bytes are missing from its file.`);
  }
}
