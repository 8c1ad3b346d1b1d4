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
import type { JournalRecord } from './record.ts';

const HEADER = '{"journal":"ecrp-emulator","version":1}';
const READ_BYTES = 1024 * 1024;

/**
 * An append-only file of records, one a line: eight hex digits of a checksum, a space, JSON. Each checksum continues the one before, so a line that
 * was changed, removed, repeated or moved is noticed. A record is in the page cache when `append` returns: that outlives the death of
 * the process, which is what an emulator has to survive, not a power cut; there is no fsync on this path.
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

  /** Opens or creates a journal and gives every record to `replay`. A last line without its end is cut off; other damage throws. */
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

  /** Throws when the disk does, leaving the journal as it was. */
  append(record: JournalRecord): void {
    this.#write(JSON.stringify(record));
  }

  /** Puts these records in the place of all others, at once or not at all. */
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

  /** After a write that failed half-way, as on a full disk. If even this fails, nothing may follow the torn line. */
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
            'its checksum does not fit. Restore the file, or use another data directory.',
        );
      }
      // The checksum says that this is what `append` wrote.
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

/** Lines that have their end, without it. */
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
