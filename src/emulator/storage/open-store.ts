import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { BlobFiles } from './blob-files.ts';
import type { Digest } from './digest.ts';
import { FileStore } from './file-store.ts';
import { Journal } from './journal.ts';
import { Ledger } from './ledger.ts';
import { lockDirectory } from './lock.ts';
import { mendFiles } from './mend.ts';
import { PRIVATE_DIRECTORY } from './private-directory.ts';
import type { JournalRecord } from './record.ts';
import { recordState } from './snapshot.ts';
import { State } from './state.ts';
import type { Store, StoreOptions } from './store.ts';
import { UploadFiles } from './upload-files.ts';

/** A journal shorter than this is not worth rewriting. */
const FEWEST_LINES_TO_REWRITE = 1000;

/**
 * Opens the store in a directory, which is created when it is missing. Throws when another emulator has it, or its journal is damaged;
 * a damaged or missing blob costs no more than what refers to it.
 */
export async function openStore(directory: string, options: StoreOptions = {}): Promise<Store> {
  const path = resolve(directory);
  mkdirSync(path, PRIVATE_DIRECTORY);
  const unlock = await lockDirectory(path);
  try {
    return openLocked(path, unlock, options);
  } catch (error) {
    await unlock();
    throw error;
  }
}

function openLocked(directory: string, unlock: () => Promise<void>, options: StoreOptions): Store {
  const { now = Date.now, onDamage = () => undefined } = options;
  const state = new State();
  const blobFiles = new BlobFiles(directory);
  const uploadFiles = new UploadFiles(directory);
  const completed = new Map<Digest, string>();
  let lines = 0;
  const journal = Journal.open(join(directory, 'journal'), (record) => {
    state.check(record);
    state.apply(record);
    lines += 1;
    if (record.type === 'layer-added' && record.uploadId !== undefined) {
      completed.set(record.digest, record.uploadId);
    }
  });
  try {
    if (lines === 0 && !blobFiles.isEmpty()) {
      throw new Error(
        `The data directory ${directory} has blobs, but its journal is missing or empty. ` +
          'Restore the file `journal`, or use another data directory.',
      );
    }
    state.takeReleased();
    const ledger = new Ledger(journal, state, blobFiles, onDamage);
    mendFiles({ state, ledger, blobFiles, uploadFiles }, completed);
    if (lines > FEWEST_LINES_TO_REWRITE) rewriteWhenMostlyDead(journal, lines, state);
    return new FileStore({ state, journal, ledger, blobFiles, uploadFiles, now, unlock });
  } catch (error) {
    journal.close();
    throw error;
  }
}

function rewriteWhenMostlyDead(journal: Journal, lines: number, state: State): void {
  const records: JournalRecord[] = [...recordState(state)];
  if (records.length * 2 < lines) journal.rewrite(records);
}
