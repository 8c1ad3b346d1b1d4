import { lstatSync, readdirSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { findErrorCode, makeFileError } from '../files/file-errors.ts';
import { pruneDirectory } from '../files/private-directory.ts';
import { readPrivateFile } from '../files/private-file.ts';
import { findPlace, isRunning, type ProcessTag } from './upload-owner.ts';
import { isOfLaterVersion, nameRecord, parseRecord, type UploadRecord } from './upload-record.ts';

/**
 * `NAME.json` waits for the next push; `NAME.OWNER-NUMBER.json` is that of a push, and as good as the first when its process has
 * ended. With `.DIGITS` it is what a kill has left of a write (`.tmp` by earlier versions); it may be whole.
 */
const FILE_NAME =
  /^([0-9a-f]{64})(?:\.(\d+-[^-.]+(?:-[0-9a-f]{8}-[0-9a-f]{8})?)-[0-9a-f]+)?\.json(?:\.tmp|\.\d+)?$/;

export interface UploadFile {
  readonly path: string;
  /** Of the record; undefined for a file that is none of the store's. */
  readonly name: string | undefined;
  /** Whether a push that is running has it. */
  readonly inUse: boolean;
}

/** The files in the directory of an upload store; none when there is no directory. */
export function listUploadFiles(directory: string): readonly UploadFile[] {
  const here = findPlace();
  return readNames(directory).map((fileName) => {
    const path = join(directory, fileName);
    const [, name, owner] = FILE_NAME.exec(fileName) ?? [];
    const changedMs = owner === undefined ? 0 : findChange(path);
    // A cast of what the pattern has checked.
    const inUse = owner !== undefined && isRunning(owner as ProcessTag, changedMs, here);
    return { path, name, inUse };
  });
}

/** Removes old records, but those of pushes that are running. */
export function pruneUploads(directory: string): void {
  const idle = new Set(
    listUploadFiles(directory)
      .filter(({ name, inUse }) => name !== undefined && !inUse)
      .map(({ path }) => basename(path)),
  );
  pruneDirectory(directory, { isOurs: (fileName) => idle.has(fileName) });
}

/** Undefined when the file is gone, damaged, not what its name says, or of another version of this program. */
export function readUploadFile({ path, name }: UploadFile): UploadRecord | undefined {
  try {
    const record = parseRecord(readText(path) ?? '');
    return record && nameRecord(record, record) === name ? record : undefined;
  } catch {
    return undefined;
  }
}

/** Whether a file is one that a later version of this program has left, and can go on with. */
export function isLeftByLaterVersion({ path }: UploadFile): boolean {
  return isOfLaterVersion(readText(path) ?? '');
}

export interface KnownUpload extends UploadRecord {
  readonly inUse: boolean;
}

/** The uploads that can be gone on with, the latest first. */
export function listUploads(directory: string): readonly KnownUpload[] {
  return listUploadFiles(directory)
    .flatMap((file) => {
      const record = file.path.endsWith('.json') ? readUploadFile(file) : undefined;
      return record ? [{ ...record, inUse: file.inUse }] : [];
    })
    .sort((a, b) => b.updatedAt.getTime() - a.updatedAt.getTime());
}

/** Forgets all uploads but those of pushes that are running, damaged ones as well; says how many files went and stayed. */
export function clearUploads(directory: string): { readonly removed: number; readonly inUse: number } {
  const files = listUploadFiles(directory).filter(({ name }) => name !== undefined);
  const idle = files.filter((file) => !file.inUse);
  for (const { path } of idle) rmSync(path, { force: true });
  return { removed: idle.length, inUse: files.length - idle.length };
}

function readText(path: string): string | undefined {
  return readPrivateFile(dirname(path), basename(path));
}

/** When a file was last touched, in milliseconds since 1970; 0 when it is gone. */
function findChange(path: string): number {
  return lstatSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

function readNames(directory: string): readonly string[] {
  try {
    if (lstatSync(directory).isSymbolicLink()) throw makeFileError('ELOOP', directory, 'scandir');
    return readdirSync(directory);
  } catch (error) {
    if (findErrorCode(error) === 'ENOENT') return [];
    throw error;
  }
}
