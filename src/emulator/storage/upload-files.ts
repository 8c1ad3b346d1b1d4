import { constants, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { type FileHandle, open, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { PRIVATE_DIRECTORY } from './blob-files.ts';

const WRITE_BYTES = 1024 * 1024;
const FEWEST_WRITE_BYTES = 64 * 1024;
/** Limit for the buffers of all streams together. */
const MOST_GATHERED_BYTES = 64 * 1024 * 1024;

/** The files of open uploads, `uploads/<uploadId>`. A file may be longer than the acknowledged bytes, never shorter. */
export class UploadFiles {
  readonly #directory: string;
  #streams = 0;

  constructor(dataDirectory: string) {
    this.#directory = join(dataDirectory, 'uploads');
    mkdirSync(this.#directory, PRIVATE_DIRECTORY);
  }

  pathOf(uploadId: string): string {
    return join(this.#directory, uploadId);
  }

  /** Writes bytes from `position` on. Calls `see` with each chunk while the chunk is being written. Resolves to the count of bytes. */
  async write(
    uploadId: string,
    position: number,
    bytes: Buffer | AsyncIterable<Buffer>,
    see: (chunk: Buffer) => void,
  ): Promise<number> {
    // A file that disappears during an upload must not be created again with a hole.
    const creation = position === 0 ? constants.O_CREAT : 0;
    const file = await open(this.pathOf(uploadId), constants.O_WRONLY | creation, 0o600);
    this.#streams += 1;
    try {
      let end = position;
      for await (const chunk of Buffer.isBuffer(bytes) ? [bytes] : gather(bytes, () => this.#writeBytes())) {
        const written = writeWhole(file, chunk, end);
        see(chunk);
        await written;
        end += chunk.length;
      }
      return end - position;
    } finally {
      this.#streams -= 1;
      await file.close();
    }
  }

  /** The share of one stream in the limit. */
  #writeBytes(): number {
    const share = Math.floor(MOST_GATHERED_BYTES / Math.max(1, this.#streams));
    return Math.max(FEWEST_WRITE_BYTES, Math.min(WRITE_BYTES, share));
  }

  /** The size in bytes. Undefined for a missing file. */
  sizeOf(uploadId: string): number | undefined {
    return statSync(this.pathOf(uploadId), { throwIfNoEntry: false })?.size;
  }

  async truncate(uploadId: string, size: number): Promise<void> {
    await truncate(this.pathOf(uploadId), size);
  }

  remove(uploadId: string): void {
    rmSync(this.pathOf(uploadId), { force: true });
  }

  /** Removes every file for which `isWanted` returns false. */
  sweep(isWanted: (uploadId: string) => boolean): void {
    for (const name of readdirSync(this.#directory)) {
      if (!isWanted(name)) this.remove(name);
    }
  }
}

/** Joins small network chunks into chunks of `writeBytes` or more: each write costs a round trip to the thread pool. */
async function* gather(bytes: AsyncIterable<Buffer>, writeBytes: () => number): AsyncGenerator<Buffer> {
  let chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of bytes) {
    chunks.push(chunk);
    size += chunk.length;
    if (size < writeBytes()) continue;
    yield Buffer.concat(chunks, size);
    chunks = [];
    size = 0;
  }
  if (size > 0) yield Buffer.concat(chunks, size);
}

async function writeWhole(file: FileHandle, chunk: Buffer, position: number): Promise<void> {
  for (let done = 0; done < chunk.length; ) {
    const { bytesWritten } = await file.write(chunk, done, chunk.length - done, position + done);
    done += bytesWritten;
  }
}
