import type { BlobFiles } from './blob-files.ts';
import type { Digest } from './digest.ts';
import type { Journal } from './journal.ts';
import type { JournalRecord } from './record.ts';
import type { State } from './state.ts';

/** Changes the state, always by way of the journal, and removes the blobs that nothing needs any more. */
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
   * Throws, with nothing changed, when the record does not fit the state or the disk fails. Synchronous on purpose: no request can come
   * between the look, the line in the journal and the change.
   */
  commit(record: JournalRecord): void {
    this.#state.check(record);
    this.#journal.append(record);
    this.#state.apply(record);
    for (const digest of this.#state.takeReleased()) this.#blobFiles.remove(digest);
  }

  /** Gives up a blob whose file is missing or has the wrong bytes. */
  loseBlob(digest: Digest): void {
    const place = this.#blobFiles.setAside(digest);
    this.commit({ type: 'blob-lost', digest });
    const fate =
      place === undefined ? 'its file is missing' : `its file is damaged and was moved to ${place}`;
    this.#onDamage(`Lost ${digest} from the emulator's data: ${fate}. Push the images that need it again.`);
  }

  /** Gives up an upload whose file is missing or shorter than what was acknowledged. */
  loseUpload(uploadId: string): void {
    this.commit({ type: 'upload-dropped', uploadId });
    this.#onDamage(`Lost upload ${uploadId} from the emulator's data: bytes are missing from its file.`);
  }
}
