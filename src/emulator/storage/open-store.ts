import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { BlobFiles, PRIVATE_DIRECTORY } from './blob-files.ts';
import { Journal, type JournalRecord } from './journal.ts';
import { JournaledStore } from './journaled-store.ts';
import { Ledger } from './ledger.ts';
import { lockDirectory } from './lock.ts';
import type { BlobDigest } from './model.ts';
import type { RepositoryState } from './repository-state.ts';
import { State } from './state.ts';
import type { Store, StoreOptions } from './store.ts';
import { UploadFiles } from './upload-files.ts';

/** Shorter journals are never rewritten. */
const FEWEST_LINES_TO_REWRITE = 1000;

/**
 * Opens the store in a directory and creates a missing directory. Throws an `Error` when another emulator uses the directory or the journal is damaged.
 * Discards the images and layers of a blob that is missing or damaged.
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
  const completed = new Map<BlobDigest, string>();
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
    return new JournaledStore({ state, journal, ledger, blobFiles, uploadFiles, now, unlock });
  } catch (error) {
    journal.close();
    throw error;
  }
}

function rewriteWhenMostlyDead(journal: Journal, lines: number, state: State): void {
  const records: JournalRecord[] = [...recordState(state)];
  if (records.length * 2 < lines) journal.rewrite(records);
}

interface MendableStore {
  readonly state: State;
  readonly ledger: Ledger;
  readonly blobFiles: BlobFiles;
  readonly uploadFiles: UploadFiles;
}

/**
 * Reconciles files with the state after a crash or a manual change. Finishes completed uploads, discards blobs and uploads that have lost bytes, and
 * removes unreferenced files. Compares sizes only. Digests are verified when a blob is read.
 */
function mendFiles(
  { state, ledger, blobFiles, uploadFiles }: MendableStore,
  completed: ReadonlyMap<BlobDigest, string>,
): void {
  const lost = new Set<BlobDigest>();
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

function* listBlobs(state: State): Generator<[BlobDigest, number]> {
  for (const { layers, images } of state.repositories.values()) {
    for (const [digest, { size }] of layers) yield [digest, size];
    for (const [digest, { manifestSize }] of images) yield [digest, manifestSize];
  }
}

/** Yields the fewest records that restore this state, with every order kept. */
function* recordState(state: State): Generator<JournalRecord> {
  yield { type: 'registry-catalog-data-set', registryCatalogData: state.registryCatalogData };
  for (const [name, value] of state.accountSettings) yield { type: 'account-setting-set', name, value };
  if (state.templates.length > 0) yield { type: 'templates-set', templates: state.templates };
  for (const repository of state.repositories.values()) yield* recordRepository(repository);
  for (const { uploadId, repositoryName, startedAt, partSizes } of state.uploads.values()) {
    yield { type: 'upload-started', at: startedAt, repositoryName, uploadId };
    for (const size of partSizes) yield { type: 'part-appended', uploadId, size };
  }
}

function* recordRepository(repository: RepositoryState): Generator<JournalRecord> {
  const { name: repositoryName, createdAt, catalogData, resourceTags } = repository;
  const { policyText, settings, lifecyclePolicyText } = repository;
  yield {
    type: 'repository-created',
    at: createdAt,
    repositoryName,
    catalogData,
    resourceTags: [...resourceTags],
    ...(settings !== undefined && { settings }),
  };
  if (lifecyclePolicyText !== undefined)
    yield { type: 'lifecycle-policy-set', repositoryName, policyText: lifecyclePolicyText };
  if (policyText !== undefined) yield { type: 'policy-set', repositoryName, policyText };
  for (const [digest, { size, mediaType }] of repository.layers) {
    yield {
      type: 'layer-added',
      repositoryName,
      digest,
      size,
      ...(mediaType !== undefined && { mediaType }),
    };
  }
  for (const { tags: _, pushedAt, ...image } of repository.images.values()) {
    yield { type: 'image-put', at: pushedAt, repositoryName, image };
  }
  for (const [tag, { digest, createdAt: at }] of repository.imageTags) {
    yield { type: 'tag-put', at, repositoryName, digest, tag };
  }
}
