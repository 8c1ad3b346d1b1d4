import { randomBytes } from 'node:crypto';
import { renameSync, rmSync, utimesSync } from 'node:fs';
import { basename, join } from 'node:path';
import { findErrorCode } from '../files/file-errors.ts';
import { writePrivateFile } from '../files/private-file.ts';
import { isLeftByLaterVersion, listUploadFiles, pruneUploads, readUploadFile } from './upload-files.ts';
import { findPlace, TOUCH_MS, tagOwnProcess } from './upload-owner.ts';
import {
  type BegunUpload,
  formatRecord,
  nameRecord,
  type UploadSubject,
  type UploadTarget,
} from './upload-record.ts';

/** What is known of the uploads to one target, beyond the life of the process. */
export interface UploadStore {
  /** Takes what is kept of an upload, so that no other push goes on with it at the same time. */
  claim(subject: UploadSubject): UploadClaim;
  /** Forgets what was left of blobs that turned out to be stored. */
  discard(subjects: readonly UploadSubject[]): void;
}

/** One push's hold on the record of a blob. */
export interface UploadClaim {
  /** What an earlier push left. */
  readonly found: BegunUpload | undefined;
  keep(upload: BegunUpload): void;
  forget(): void;
  /** Leaves what is kept to whoever comes next. */
  release(): void;
}

/**
 * Opens the store in a directory, which is made when something is kept. One small file per blob, replaced as a whole; that of
 * an upload under way is named after its process, which touches it now and then, and anybody's when that has ended. Old ones are
 * discarded.
 * Nothing throws: `onProblem` is told once when something cannot be kept, and pushes go on; where there is room again, so
 * do the records. What a later version of this program has left is for that one.
 *
 * Synchronous, as a turn in the thread pool that compresses layers would take far longer than such a write.
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

    claim({ id, encoding }) {
      const subject = { id, encoding };
      const name = nameRecord(target, subject);
      const path = join(directory, `${name}.${owner}.json`);
      let found: BegunUpload | undefined;
      attempt(() => {
        found = takeOver(directory, name, path);
      });
      let isKept = false;
      const setKept = (kept: boolean): void => {
        isKept = kept;
        if (kept) held.add(path);
        else held.remove(path);
      };
      setKept(found !== undefined);
      return {
        found,
        keep: (upload) =>
          attempt(() => {
            const record = { ...target, ...subject, ...upload, updatedAt: new Date() };
            writePrivateFile(directory, basename(path), formatRecord(record));
            setKept(true);
          }),
        forget: () => {
          if (isKept) attempt(() => rmSync(path, { force: true }));
          setKept(false);
        },
        release: () => {
          if (isKept) attempt(() => renameIfThere(path, join(directory, `${name}.json`)));
          setKept(false);
        },
      };
    },
  };
}

/** Touches files for as long as they are held, so that other containers and machines see that their owner is running. */
function holdFiles() {
  const paths = new Set<string>();
  let timer: NodeJS.Timeout | undefined;
  return {
    add(path: string): void {
      paths.add(path);
      timer ??= setInterval(() => paths.forEach(touch), TOUCH_MS).unref();
    },
    remove(path: string): void {
      paths.delete(path);
      if (paths.size > 0) return;
      clearInterval(timer);
      timer = undefined;
    },
  };
}

function touch(path: string): void {
  const now = new Date();
  try {
    utimesSync(path, now, now);
  } catch {
    // If it cannot be written either, the next write says so.
  }
}

/** Renames the record that went furthest to `path`, and removes the others that nobody has. */
function takeOver(directory: string, name: string, path: string): BegunUpload | undefined {
  const candidates = listUploadFiles(directory)
    .filter((file) => file.name === name && !file.inUse)
    .map((file) => ({ file, from: file.path, record: readUploadFile(file) }))
    .sort((a, b) => (b.record?.nextByte ?? 0) - (a.record?.nextByte ?? 0));
  let taken: BegunUpload | undefined;
  for (const { file, from, record } of candidates) {
    // Before it gets our name: another container would take it for one that we have abandoned.
    if (taken === undefined && record) touch(from);
    if (taken === undefined && record && renameIfThere(from, path)) {
      const { uploadId, partSize, nextByte } = record;
      taken = { uploadId, partSize, nextByte };
    } else if (!isLeftByLaterVersion(file)) {
      rmSync(from, { force: true });
    }
  }
  return taken;
}

/** False when another push was quicker. */
function renameIfThere(from: string, to: string): boolean {
  try {
    renameSync(from, to);
    return true;
  } catch (error) {
    if (findErrorCode(error) === 'ENOENT') return false;
    throw error;
  }
}
