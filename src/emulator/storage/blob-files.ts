import {
  createReadStream,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { type Digest, digestOf, isDigest } from './digest.ts';
import { hashFile } from './hash-file.ts';
import { PRIVATE_DIRECTORY } from './private-directory.ts';

/** The files of blobs, `blobs/sha256/<first two digits>/<digits>`, shared by all repositories. Knows nothing of who may see them. */
export class BlobFiles {
  readonly #directory: string;
  readonly #damagedDirectory: string;
  /** State of each file when its bytes were last known to have their digest. */
  readonly #verified = new Map<Digest, string>();

  readonly #verifying = new Map<Digest, Promise<boolean>>();

  constructor(dataDirectory: string) {
    this.#directory = join(dataDirectory, 'blobs', 'sha256');
    this.#damagedDirectory = join(dataDirectory, 'damaged');
    mkdirSync(this.#directory, PRIVATE_DIRECTORY);
  }

  /** Makes a blob of bytes in memory, by way of `temporaryPath`. */
  write(digest: Digest, bytes: Buffer, temporaryPath: string): void {
    writeFileSync(temporaryPath, bytes, { mode: 0o600 });
    this.adopt(digest, temporaryPath);
  }

  /** Makes a file the blob; what stood in its place goes. */
  adopt(digest: Digest, path: string): void {
    const target = this.#pathOf(digest);
    mkdirSync(dirname(target), PRIVATE_DIRECTORY);
    renameSync(path, target);
  }

  /** Takes the file as it is now for verified: this process has written it. */
  trust(digest: Digest): void {
    this.#verified.set(digest, describeState(statSync(this.#pathOf(digest))));
  }

  /** In bytes; undefined when there is no file. */
  sizeOf(digest: Digest): number | undefined {
    return statSync(this.#pathOf(digest), { throwIfNoEntry: false })?.size;
  }

  remove(digest: Digest): void {
    this.#verified.delete(digest);
    rmSync(this.#pathOf(digest), { force: true });
  }

  /** Bytes of a small blob; undefined when the file is missing or has another digest. */
  async read(digest: Digest): Promise<Buffer | undefined> {
    const bytes = await readFile(this.#pathOf(digest)).catch(ignoreMissing);
    return bytes !== undefined && digestOf(bytes) === digest ? bytes : undefined;
  }

  /** Bytes of [start, end). */
  createReadStream(digest: Digest, start: number, end: number): Readable {
    if (start >= end) return Readable.from([]);
    return createReadStream(this.#pathOf(digest), { start, end: end - 1, highWaterMark: 256 * 1024 });
  }

  /** Whether the file is there with the right bytes; reads it only when it changed since it was last checked. */
  async verify(digest: Digest): Promise<boolean> {
    const stats = await stat(this.#pathOf(digest)).catch(ignoreMissing);
    if (stats === undefined) return false;
    const state = describeState(stats);
    if (this.#verified.get(digest) === state) return true;
    // Those who come while it is being read wait for the same answer.
    const running = this.#verifying.get(digest) ?? this.#readAndCompare(digest, stats.size, state);
    this.#verifying.set(digest, running);
    return await running;
  }

  async #readAndCompare(digest: Digest, size: number, state: string): Promise<boolean> {
    try {
      const hash = await hashFile(this.#pathOf(digest), size);
      if (hash === undefined || `sha256:${hash.digest('hex')}` !== digest) return false;
      this.#verified.set(digest, state);
      return true;
    } finally {
      this.#verifying.delete(digest);
    }
  }

  /** Moves a damaged file out of the way, where a person can look at it. Returns where to; undefined when there is no file. */
  setAside(digest: Digest): string | undefined {
    this.#verified.delete(digest);
    const path = this.#pathOf(digest);
    if (!existsSync(path)) return undefined;
    mkdirSync(this.#damagedDirectory, PRIVATE_DIRECTORY);
    const target = join(this.#damagedDirectory, digest.slice('sha256:'.length));
    renameSync(path, target);
    return target;
  }

  /** Removes every blob that `isWanted` denies. */
  sweep(isWanted: (digest: Digest) => boolean): void {
    for (const entry of readdirSync(this.#directory, { recursive: true, withFileTypes: true })) {
      const digest = `sha256:${entry.name}`;
      if (entry.isFile() && isDigest(digest) && !isWanted(digest)) this.remove(digest);
    }
  }

  isEmpty(): boolean {
    return readdirSync(this.#directory).length === 0;
  }

  #pathOf(digest: Digest): string {
    const hex = digest.slice('sha256:'.length);
    return join(this.#directory, hex.slice(0, 2), hex);
  }
}

function describeState(stats: {
  readonly ino: number;
  readonly size: number;
  readonly mtimeMs: number;
}): string {
  return `${stats.ino} ${stats.size} ${stats.mtimeMs}`;
}

function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}
