import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { isRunning, type ProcessTag } from './upload-owner.ts';
import { isOfLaterVersion, nameRecord, parseRecord, type UploadRecord } from './upload-record.ts';

/**
 * `NAME.json` waits for whoever goes on with it; `NAME.PID-START-NUMBER.json` is that of a push, and as good as the first
 * when the process has ended. With `.DIGITS` it is what a kill has left of a write (`.tmp` by earlier versions); it may be whole.
 */
const FILE_NAME = /^([0-9a-f]{64})(?:\.(\d+-[^-.]+)-[0-9a-f]+)?\.json(?:\.tmp|\.\d+)?$/;

export interface UploadFile {
  readonly path: string;
  /** Of the record; undefined for a file that is none of the store's. */
  readonly name: string | undefined;
  /** Whether a push that is running has it. */
  readonly inUse: boolean;
}

/** The files in the directory of an upload store; none when there is no directory. */
export function listUploadFiles(directory: string): readonly UploadFile[] {
  return readNames(directory).map((fileName) => {
    const [, name, owner] = FILE_NAME.exec(fileName) ?? [];
    // A cast of what the pattern has checked.
    const inUse = owner !== undefined && isRunning(owner as ProcessTag);
    return { path: join(directory, fileName), name, inUse };
  });
}

/** Undefined when the file is gone, damaged, not what its name says, or of another version of this program. */
export function readUploadFile({ path, name }: UploadFile): UploadRecord | undefined {
  try {
    const record = parseRecord(readFileSync(path, 'utf8'));
    return record && nameRecord(record, record) === name ? record : undefined;
  } catch {
    return undefined;
  }
}

/** Whether a file is one that a later version of this program has left, and can go on with. */
export function isLeftByLaterVersion({ path }: UploadFile): boolean {
  try {
    return isOfLaterVersion(readFileSync(path, 'utf8'));
  } catch {
    return false;
  }
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

function readNames(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}
