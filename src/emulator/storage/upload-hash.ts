import { createHash, type Hash } from 'node:crypto';
import { type RunningHash, startThreadHash } from './hash-thread.ts';
import type { BlobDigest } from './model.ts';

/** Hashing a shorter chunk takes less time than handing it to a thread. */
const FEWEST_THREAD_BYTES = 256 * 1024;

/**
 * The hash of an upload. One whose first chunk is large is hashed in a thread: meanwhile the emulator answers other requests and receives other
 * layers.
 */
export class UploadHash {
  #running: RunningHash | undefined;

  /** `begun`: the hash of what the upload has already. */
  constructor(begun?: Hash) {
    this.#running = begun && hashHere(begun);
  }

  /** Resolves when the chunk is hashed. Until then it must not change. */
  async update(chunk: Uint8Array): Promise<void> {
    const isLarge = chunk.length >= FEWEST_THREAD_BYTES;
    this.#running ??= isLarge ? startThreadHash() : hashHere(createHash('sha256'));
    await this.#running.update(chunk);
  }

  /** The digest of all bytes. The hash takes no more of them. */
  async digest(): Promise<BlobDigest> {
    const running = this.#running ?? hashHere(createHash('sha256'));
    return `sha256:${await running.digest()}`;
  }
}

function hashHere(hash: Hash): RunningHash {
  return { update: (chunk) => void hash.update(chunk), digest: () => hash.digest('hex') };
}
