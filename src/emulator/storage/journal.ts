import {
  closeSync,
  constants,
  fsyncSync,
  ftruncateSync,
  openSync,
  readSync,
  renameSync,
  writeSync,
} from 'node:fs';
import { crc32 } from 'node:zlib';
import type {
  BlobDigest,
  StoredCatalogData,
  StoredImage,
  StoredRegistryData,
  StoredSettings,
  StoredTemplate,
} from './model.ts';

/** An image as the journal keeps it. Its time is in the record, its tags are in other records. */
export type RecordedImage = Omit<StoredImage, 'pushedAt' | 'tags'>;

/** One line of the journal: one change. `at` is in milliseconds since the epoch. */
export type JournalRecord =
  | {
      readonly type: 'repository-created';
      readonly at: number;
      readonly repositoryName: string;
      readonly catalogData: StoredCatalogData;
      readonly resourceTags: readonly (readonly [string, string])[];
      readonly settings?: StoredSettings;
    }
  | { readonly type: 'repository-deleted'; readonly repositoryName: string }
  | {
      readonly type: 'catalog-data-set';
      readonly repositoryName: string;
      readonly catalogData: StoredCatalogData;
    }
  | {
      readonly type: 'resource-tags-set';
      readonly repositoryName: string;
      readonly resourceTags: readonly (readonly [string, string])[];
    }
  | { readonly type: 'policy-set'; readonly repositoryName: string; readonly policyText?: string }
  | { readonly type: 'settings-set'; readonly repositoryName: string; readonly settings: StoredSettings }
  | { readonly type: 'lifecycle-policy-set'; readonly repositoryName: string; readonly policyText?: string }
  | { readonly type: 'templates-set'; readonly templates: readonly StoredTemplate[] }
  | { readonly type: 'registry-catalog-data-set'; readonly registryCatalogData: StoredRegistryData }
  | { readonly type: 'account-setting-set'; readonly name: string; readonly value: string }
  | {
      readonly type: 'image-put';
      readonly at: number;
      readonly repositoryName: string;
      readonly image: RecordedImage;
      readonly tag?: string;
    }
  | {
      readonly type: 'tag-put';
      readonly at: number;
      readonly repositoryName: string;
      readonly digest: BlobDigest;
      readonly tag: string;
    }
  | { readonly type: 'tag-deleted'; readonly repositoryName: string; readonly tag: string }
  | { readonly type: 'image-deleted'; readonly repositoryName: string; readonly digest: BlobDigest }
  | {
      readonly type: 'upload-started';
      readonly at: number;
      readonly repositoryName: string;
      readonly uploadId: string;
    }
  | { readonly type: 'part-appended'; readonly uploadId: string; readonly size: number }
  | { readonly type: 'upload-dropped'; readonly uploadId: string }
  | {
      readonly type: 'layer-added';
      readonly repositoryName: string;
      readonly digest: BlobDigest;
      readonly size: number;
      readonly mediaType?: string;
      /** The completed upload. Its file becomes the blob after this record is written. */
      readonly uploadId?: string;
    }
  | { readonly type: 'layer-deleted'; readonly repositoryName: string; readonly digest: BlobDigest }
  /** The blob's file is missing or damaged. Every repository loses the layer or image. */
  | { readonly type: 'blob-lost'; readonly digest: BlobDigest };

const HEADER = '{"journal":"ecrp-emulator","version":1}';
const READ_BYTES = 1024 * 1024;

/**
 * An append-only file of records, one a line: a checksum of eight hex digits, a space, JSON. Each checksum continues the previous one, so a changed,
 * removed, repeated or moved line is noticed. When `append` returns, the record is in the page cache. It survives the death of the process, but not a
 * power cut: `append` does no fsync.
 */
export class Journal {
  readonly #path: string;
  #file: number;
  #end = 0;
  #checksum = 0;
  #broken: unknown;

  private constructor(path: string, file: number) {
    this.#path = path;
    this.#file = file;
  }

  /** Opens or creates a journal and passes every record to `replay`. Cuts off an incomplete last line. Throws an `Error` for other damage. */
  static open(path: string, replay: (record: JournalRecord) => void): Journal {
    const journal = new Journal(path, openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600));
    try {
      journal.#replay(replay);
    } catch (error) {
      journal.close();
      throw error;
    }
    return journal;
  }

  /** Throws the system's error when the write fails. The journal is unchanged then. */
  append(record: JournalRecord): void {
    this.#write(JSON.stringify(record));
  }

  /** Replaces all records atomically. */
  rewrite(records: Iterable<JournalRecord>): void {
    const temporary = `${this.#path}.new`;
    const flags = constants.O_RDWR | constants.O_CREAT | constants.O_TRUNC;
    const fresh = new Journal(temporary, openSync(temporary, flags, 0o600));
    try {
      fresh.#write(HEADER);
      for (const record of records) fresh.append(record);
      fsyncSync(fresh.#file);
      renameSync(temporary, this.#path);
    } catch (error) {
      fresh.close();
      throw error;
    }
    closeSync(this.#file);
    this.#file = fresh.#file;
    this.#end = fresh.#end;
    this.#checksum = fresh.#checksum;
  }

  close(): void {
    closeSync(this.#file);
  }

  #write(json: string): void {
    if (this.#broken !== undefined) throw this.#broken;
    const checksum = crc32(json, this.#checksum);
    const line = Buffer.from(`${formatChecksum(checksum)} ${json}\n`);
    try {
      for (let written = 0; written < line.length; ) {
        written += writeSync(this.#file, line, written, line.length - written, this.#end + written);
      }
    } catch (error) {
      this.#cutBack(error);
      throw error;
    }
    this.#end += line.length;
    this.#checksum = checksum;
  }

  /** Removes the torn line of a failed write, such as on a full disk. If that fails as well, no record may follow. */
  #cutBack(cause: unknown): void {
    try {
      ftruncateSync(this.#file, this.#end);
    } catch {
      this.#broken = cause;
    }
  }

  #replay(replay: (record: JournalRecord) => void): void {
    let lineNumber = 0;
    for (const line of readLines(this.#file)) {
      lineNumber += 1;
      const json = line.toString('utf8', 9);
      const checksum = crc32(line.subarray(9), this.#checksum);
      const isHeader = lineNumber === 1;
      if (line.toString('latin1', 0, 9) !== `${formatChecksum(checksum)} ` || (isHeader && json !== HEADER)) {
        throw new Error(
          `The emulator's journal ${this.#path} is damaged at line ${lineNumber} (byte ${this.#end}): ` +
            'the checksum does not match. Restore the file, or use another data directory.',
        );
      }
      // as: the checksum proves that `append` wrote this line
      if (!isHeader) replay(JSON.parse(json) as JournalRecord);
      this.#end += line.length + 1;
      this.#checksum = checksum;
    }
    ftruncateSync(this.#file, this.#end);
    if (lineNumber === 0) this.#write(HEADER);
  }
}

function formatChecksum(checksum: number): string {
  return checksum.toString(16).padStart(8, '0');
}

/** Yields the complete lines, without their line feeds. */
function* readLines(file: number): Generator<Buffer> {
  let rest: Buffer = Buffer.alloc(0);
  for (let position = 0; ; ) {
    const chunk = Buffer.allocUnsafe(READ_BYTES);
    const count = readSync(file, chunk, 0, READ_BYTES, position);
    if (count === 0) return;
    position += count;
    const bytes = Buffer.concat([rest, chunk.subarray(0, count)]);
    let start = 0;
    for (let end = bytes.indexOf(10); end !== -1; end = bytes.indexOf(10, start)) {
      yield bytes.subarray(start, end);
      start = end + 1;
    }
    rest = bytes.subarray(start);
  }
}
