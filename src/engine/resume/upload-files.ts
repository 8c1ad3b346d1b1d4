import { lstatSync, readdirSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { findErrorCode, makeFileError } from '../../files/file-errors.ts';
import { pruneDirectory } from '../../files/private-directory.ts';
import { readPrivateFile } from '../../files/private-file.ts';
import { findPlace, isRunning, type ProcessTag } from '../../files/process-tag.ts';
import { isOfLaterVersion, nameRecord, parseRecord, type UploadRecord } from './upload-record.ts';

/**
 * `NAME.json` waits for the next push. `NAME.OWNER-NUMBER.json` belongs to a push; when its process has ended, it waits as well. A write
 * that was killed leaves `.DIGITS` at the end (earlier versions left `.tmp`); such a file may be whole.
 */
const FILE_NAME =
  /^([0-9a-f]{64})(?:\.(\d+-[^-.]+(?:-[0-9a-f]{8}-[0-9a-f]{8})?)-[0-9a-f]+)?\.json(?:\.tmp|\.\d+)?$/;

export interface UploadFile {
  readonly path: string;
  /** The record's name; undefined for a file that the store did not write. */
  readonly name: string | undefined;
  /** A running push owns it. */
  readonly inUse: boolean;
}

/** Lists the files in the directory of an upload store; empty when the directory does not exist. */
export function listUploadFiles(directory: string): readonly UploadFile[] {
  const here = findPlace();
  return readNames(directory).map((fileName) => {
    const path = join(directory, fileName);
    const [, name, owner] = FILE_NAME.exec(fileName) ?? [];
    const changedMs = owner === undefined ? 0 : findChange(path);
    // The pattern has checked the cast.
    const inUse = owner !== undefined && isRunning(owner as ProcessTag, changedMs, here);
    return { path, name, inUse };
  });
}

/** Removes old records, except those of running pushes. */
export function pruneUploads(directory: string): void {
  const idle = new Set(
    listUploadFiles(directory)
      .filter(({ name, inUse }) => name !== undefined && !inUse)
      .map(({ path }) => basename(path)),
  );
  pruneDirectory(directory, { isOurs: (fileName) => idle.has(fileName) });
}

/** Reads a record; undefined when the file is gone, damaged, misnamed, or of another version of this program. */
export function readUploadFile({ path, name }: UploadFile): UploadRecord | undefined {
  try {
    const record = parseRecord(readText(path) ?? '');
    return record && nameRecord(record, record) === name ? record : undefined;
  } catch {
    return undefined;
  }
}

/** True when a later version of this program wrote the file, and may resume the upload. */
export function isLeftByLaterVersion({ path }: UploadFile): boolean {
  return isOfLaterVersion(readText(path) ?? '');
}

export interface KnownUpload extends UploadRecord {
  readonly inUse: boolean;
}

/** Lists the uploads that can be resumed, the latest first. */
export function listUploads(directory: string): readonly KnownUpload[] {
  return listUploadFiles(directory)
    .flatMap((file) => {
      const record = file.path.endsWith('.json') ? readUploadFile(file) : undefined;
      return record ? [{ ...record, inUse: file.inUse }] : [];
    })
    .sort((a, b) => b.updatedAt.getTime() - a.updatedAt.getTime());
}

/** Removes all records, damaged ones too, except those of running pushes. Returns how many files were removed and how many are in use. */
export function clearUploads(directory: string): { readonly removed: number; readonly inUse: number } {
  const files = listUploadFiles(directory).filter(({ name }) => name !== undefined);
  const idle = files.filter((file) => !file.inUse);
  for (const { path } of idle) rmSync(path, { force: true });
  return { removed: idle.length, inUse: files.length - idle.length };
}

function readText(path: string): string | undefined {
  return readPrivateFile(dirname(path), basename(path));
}

/** When the file was last touched, in milliseconds since 1970; 0 when it is gone. */
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
