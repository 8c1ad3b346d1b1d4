import { createHash, type Hash } from 'node:crypto';
import {
  createReadStream,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { type BlobDigest, computeBlobDigest, isBlobDigest } from './model.ts';

/** Options for `mkdir` that make a directory private. An existing directory keeps its mode, but every file in it is private. */
export const PRIVATE_DIRECTORY = { recursive: true, mode: 0o700 } as const;

/** The files of blobs, `blobs/sha256/<first two digits>/<digits>`. All repositories of a registry share them. */
export class BlobFiles {
  readonly #directory: string;
  readonly #damagedDirectory: string;
  /** The inode, size and time of each file when its digest was last verified. */
  readonly #verified = new Map<BlobDigest, string>();
  readonly #verifying = new Map<BlobDigest, Promise<boolean>>();

  constructor(dataDirectory: string) {
    this.#directory = join(dataDirectory, 'blobs', 'sha256');
    this.#damagedDirectory = join(dataDirectory, 'damaged');
    mkdirSync(this.#directory, PRIVATE_DIRECTORY);
  }

  /** Writes a small blob to `temporaryPath`, then renames it. Keeps an existing file that has these bytes. */
  write(digest: BlobDigest, bytes: Buffer, temporaryPath: string): void {
    if (this.sizeOf(digest) === bytes.length && readFileSync(this.#pathOf(digest)).equals(bytes)) return;
    writeFileSync(temporaryPath, bytes, { mode: 0o600 });
    this.adopt(digest, temporaryPath);
  }

  /**
   * Renames a file to the blob's path. Keeps an existing file that is verified, and removes the new one: ext4 sends the bytes of a file to the disk
   * before it replaces another, and the rename waits for that.
   */
  adopt(digest: BlobDigest, path: string): void {
    const target = this.#pathOf(digest);
    const stats = statSync(target, { throwIfNoEntry: false });
    if (stats !== undefined && this.#verified.get(digest) === describeState(stats)) {
      rmSync(path);
      return;
    }
    mkdirSync(dirname(target), PRIVATE_DIRECTORY);
    renameSync(path, target);
  }

  /** Marks the file as verified. Call it only when this process has hashed and written the file. */
  trust(digest: BlobDigest): void {
    this.#verified.set(digest, describeState(statSync(this.#pathOf(digest))));
  }

  /** The size in bytes. Undefined for a missing file. */
  sizeOf(digest: BlobDigest): number | undefined {
    return statSync(this.#pathOf(digest), { throwIfNoEntry: false })?.size;
  }

  remove(digest: BlobDigest): void {
    this.#verified.delete(digest);
    rmSync(this.#pathOf(digest), { force: true });
  }

  /** Reads a small blob into memory. Undefined when the file is missing or has another digest. */
  async read(digest: BlobDigest): Promise<Buffer | undefined> {
    const bytes = await readFile(this.#pathOf(digest)).catch(ignoreMissing);
    return bytes !== undefined && computeBlobDigest(bytes) === digest ? bytes : undefined;
  }

  /** Reads [start, end). */
  createReadStream(digest: BlobDigest, start: number, end: number): Readable {
    if (start >= end) return Readable.from([]);
    return createReadStream(this.#pathOf(digest), { start, end: end - 1, highWaterMark: 256 * 1024 });
  }

  /** Checks that the file exists and has its digest. Reads it only if it has changed since the last check. */
  async verify(digest: BlobDigest): Promise<boolean> {
    const stats = await stat(this.#pathOf(digest)).catch(ignoreMissing);
    if (stats === undefined) return false;
    const state = describeState(stats);
    if (this.#verified.get(digest) === state) return true;
    // Concurrent callers share one read.
    const running = this.#verifying.get(digest) ?? this.#readAndCompare(digest, stats.size, state);
    this.#verifying.set(digest, running);
    return await running;
  }

  async #readAndCompare(digest: BlobDigest, size: number, state: string): Promise<boolean> {
    try {
      const hash = await hashFile(this.#pathOf(digest), size);
      if (hash === undefined || `sha256:${hash.digest('hex')}` !== digest) return false;
      this.#verified.set(digest, state);
      return true;
    } finally {
      this.#verifying.delete(digest);
    }
  }

  /** Moves a damaged file to `damaged/` for inspection. Returns the new path. Undefined for a missing file. */
  setAside(digest: BlobDigest): string | undefined {
    this.#verified.delete(digest);
    const path = this.#pathOf(digest);
    if (!existsSync(path)) return undefined;
    mkdirSync(this.#damagedDirectory, PRIVATE_DIRECTORY);
    const target = join(this.#damagedDirectory, digest.slice('sha256:'.length));
    renameSync(path, target);
    return target;
  }

  /** Removes every blob for which `isWanted` returns false. */
  sweep(isWanted: (digest: BlobDigest) => boolean): void {
    for (const entry of readdirSync(this.#directory, { recursive: true, withFileTypes: true })) {
      const digest = `sha256:${entry.name}`;
      if (entry.isFile() && isBlobDigest(digest) && !isWanted(digest)) this.remove(digest);
    }
  }

  isEmpty(): boolean {
    return readdirSync(this.#directory).length === 0;
  }

  #pathOf(digest: BlobDigest): string {
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

/** Hashes the first `size` bytes of a file with SHA-256. Undefined when the file is shorter. */
export async function hashFile(path: string, size: number): Promise<Hash | undefined> {
  const hash = createHash('sha256');
  if (size === 0) return hash;
  let count = 0;
  const stream = createReadStream(path, { end: size - 1, highWaterMark: 1024 * 1024 });
  for await (const chunk of stream) {
    hash.update(chunk);
    count += chunk.length;
  }
  return count === size ? hash : undefined;
}
