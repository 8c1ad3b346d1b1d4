import { createHash, type Hash } from 'node:crypto';
import { parentPort } from 'node:worker_threads';

/** Bytes of one of several hashes. Without bytes, the hash ends. */
export interface HashJob {
  readonly id: number;
  readonly bytes?: Uint8Array;
}

/** Answer to each job, in the same order. */
export interface HashAnswer {
  /** Hexadecimal digits, when the hash has ended. */
  readonly digest?: string;
}

// Entry of the worker. stream-hash.ts starts it.

const hashes = new Map<number, Hash>();
parentPort?.on('message', ({ id, bytes }: HashJob) => {
  const hash = hashes.get(id) ?? createHash('sha256');
  hashes.set(id, hash);
  if (bytes !== undefined) hash.update(bytes);
  else hashes.delete(id);
  const answer: HashAnswer = bytes === undefined ? { digest: hash.digest('hex') } : {};
  parentPort?.postMessage(answer);
});
