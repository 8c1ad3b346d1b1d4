import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { BegunUpload, SavedUpload } from '../../ends/image-target.ts';
import { writePrivateFile } from '../../files/private-file.ts';
import { findPlace, renameIfThere, TOUCH_MS, tagOwnProcess, touchFile } from '../../files/process-tag.ts';
import { isLeftByLaterVersion, listUploadFiles, pruneUploads, readUploadFile } from './upload-files.ts';
import { formatRecord, nameRecord, type UploadSubject, type UploadTarget } from './upload-record.ts';

/** The saved uploads to one repository. They outlive the process. */
export interface UploadStore {
  /** Takes the saved upload of a blob, so that no other push resumes it at the same time. */
  claim(subject: UploadSubject): UploadClaim;
  /** Discards the saved uploads of blobs that turned out to be stored. */
  discard(subjects: readonly UploadSubject[]): void;
}

/** One push's hold on the saved upload of a blob. */
export interface UploadClaim extends SavedUpload {
  /** Leaves what is saved to the next push. */
  release(): void;
}

/**
 * Opens the store in a directory, which is created with the first record. Each blob has one small file, replaced as a whole. The file of a
 * running upload names its process, which touches it regularly; when that process has ended, any push may take the file. Old files are
 * discarded. Files of later versions of this program stay.
 *
 * Nothing throws. `onProblem` is called once when a record cannot be saved; the push continues, and tries again with the next record.
 *
 * All calls are synchronous: waiting for a thread of the pool that compresses layers would take far longer than the write.
 */
export function openUploadStore(
  directory: string,
  target: UploadTarget,
  onProblem: (problem: unknown) => void,
): UploadStore {
  const owner = `${tagOwnProcess(findPlace())}-${randomBytes(8).toString('hex')}`;
  const held = holdFiles();
  let isTold = false;
  const attempt = (act: () => void): void => {
    try {
      act();
    } catch (problem) {
      if (!isTold) onProblem(problem);
      isTold = true;
    }
  };
  attempt(() => pruneUploads(directory));
  return {
    discard(subjects) {
      const names = new Set(subjects.map((subject) => nameRecord(target, subject)));
      attempt(() => {
        for (const { path, name, inUse } of listUploadFiles(directory)) {
          if (name !== undefined && names.has(name) && !inUse) rmSync(path, { force: true });
        }
      });
    },

    claim({ id, compressorId }) {
      const subject = { id, compressorId };
      const name = nameRecord(target, subject);
      const path = join(directory, `${name}.${owner}.json`);
      let found: BegunUpload | undefined;
      attempt(() => {
        found = takeOver(directory, name, path);
      });
      let isSaved = false;
      const setSaved = (saved: boolean): void => {
        isSaved = saved;
        if (saved) held.add(path);
        else held.remove(path);
      };
      setSaved(found !== undefined);
      return {
        found,
        save: (state) =>
          attempt(() => {
            const record = { ...target, ...subject, ...state, updatedAt: new Date() };
            writePrivateFile(directory, basename(path), formatRecord(record));
            setSaved(true);
          }),
        discard: () => {
          if (isSaved) attempt(() => rmSync(path, { force: true }));
          setSaved(false);
        },
        release: () => {
          if (isSaved) attempt(() => renameIfThere(path, join(directory, `${name}.json`)));
          setSaved(false);
        },
      };
    },
  };
}

/** Touches files regularly while they are held, so that other containers and machines see a running owner. */
function holdFiles() {
  const paths = new Set<string>();
  let timer: NodeJS.Timeout | undefined;
  return {
    add(path: string): void {
      paths.add(path);
      timer ??= setInterval(() => paths.forEach(touchFile), TOUCH_MS).unref();
    },
    remove(path: string): void {
      paths.delete(path);
      if (paths.size > 0) return;
      clearInterval(timer);
      timer = undefined;
    },
  };
}

/** Renames the record with the most bytes to `path`, and removes the others that no push owns. */
function takeOver(directory: string, name: string, path: string): BegunUpload | undefined {
  const candidates = listUploadFiles(directory)
    .filter((file) => file.name === name && !file.inUse)
    .map((file) => ({ file, from: file.path, record: readUploadFile(file) }))
    .sort((a, b) => (b.record?.nextByte ?? 0) - (a.record?.nextByte ?? 0));
  let taken: BegunUpload | undefined;
  for (const { file, from, record } of candidates) {
    // Touched before it gets our name; otherwise another container would consider it abandoned.
    if (taken === undefined && record) touchFile(from);
    if (taken === undefined && record && renameIfThere(from, path)) {
      const { uploadId, partSize, nextByte } = record;
      taken = { uploadId, partSize, nextByte };
    } else if (!isLeftByLaterVersion(file)) {
      rmSync(from, { force: true });
    }
  }
  return taken;
}
