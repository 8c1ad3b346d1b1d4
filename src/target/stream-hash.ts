import { createHash } from 'node:crypto';
import { Worker } from 'node:worker_threads';
import { findBuiltFile } from '../compress/built-files.ts';
import type { Digest } from '../oci/digest.ts';
import type { HashAnswer, HashJob } from './hash-worker.ts';

/** Hashing less than this takes less time than starting a thread. */
const INLINE_BYTES = 4 * 1024 * 1024;
/** What is fetched and what is unpacked of a layer are hashed at the same time. */
const MAX_THREADS = 2;

/** SHA-256 of a stream. Hashing takes more time than fetching, so long streams are hashed in threads of their own. */
export interface StreamHash {
  /** Resolves when the bytes are hashed, and may change. Call it again after that. */
  update(bytes: Uint8Array): Promise<void>;
  digest(): Promise<Digest>;
}

/** `bytes`: how long the stream is, or about. */
export function createStreamHash(bytes: number): StreamHash {
  if (bytes >= INLINE_BYTES) return hashInThread();
  const hash = createHash('sha256');
  return {
    update: async (chunk) => void hash.update(chunk),
    digest: async () => `sha256:${hash.digest('hex')}`,
  };
}

const threads: HashThread[] = [];
let hashes = 0;

function hashInThread(): StreamHash {
  hashes += 1;
  const id = hashes;
  const position = id % MAX_THREADS;
  const thread = threads[position] ?? new HashThread();
  threads[position] = thread;
  let scratch = new SharedArrayBuffer(0);
  /** The thread reads shared memory. Copies that are handed over would be garbage there, which is collected late. */
  const share = (bytes: Uint8Array): Uint8Array => {
    if (bytes.buffer instanceof SharedArrayBuffer) return bytes;
    if (scratch.byteLength < bytes.length) scratch = new SharedArrayBuffer(bytes.length);
    const shared = new Uint8Array(scratch, 0, bytes.length);
    shared.set(bytes);
    return shared;
  };
  return {
    update: async (bytes) => void (await thread.ask({ id, bytes: share(bytes) })),
    digest: async () => `sha256:${(await thread.ask({ id })).digest}`,
  };
}

interface Waiting {
  readonly resolve: (answer: HashAnswer) => void;
  readonly reject: (reason: unknown) => void;
}

/** A thread that hashes several streams. It keeps the process alive only while it is asked something. */
class HashThread {
  readonly #worker = new Worker(findBuiltFile('hash-worker.cjs'), {
    resourceLimits: { maxYoungGenerationSizeMb: 2 },
    execArgv: [],
    stdin: false,
  });
  readonly #waiting: Waiting[] = [];

  constructor() {
    this.#worker.unref();
    this.#worker.on('message', (answer: HashAnswer) => {
      this.#waiting.shift()?.resolve(answer);
      if (this.#waiting.length === 0) this.#worker.unref();
    });
    this.#worker.on('error', (reason) => {
      for (const { reject } of this.#waiting.splice(0)) reject(reason);
    });
  }

  ask(job: HashJob): Promise<HashAnswer> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#worker.ref();
      this.#worker.postMessage(job);
    });
  }
}
