import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';

const MAX_THREADS = 2;
const COPY_BYTES = 1024 * 1024;

/** SHA-256 of bytes that come in chunks. */
export interface RunningHash {
  /** Settles when the chunk is hashed. Until then it must not change. */
  update(chunk: Uint8Array): void | Promise<void>;
  /** Hexadecimal digits. The hash takes no more chunks. */
  digest(): string | Promise<string>;
}

/** What the worker takes: bytes of one of several hashes. Without bytes, the hash ends. */
interface Job {
  readonly id: number;
  readonly bytes?: Uint8Array;
}

/** What it answers to each job, in the same order. */
interface Answer {
  /** Hexadecimal digits, when the hash has ended. */
  readonly digest?: string;
}

const threads: (HashThread | undefined)[] = [];
let count = 0;
/** Ends the hashes of uploads that were given up. */
const forgotten = new FinalizationRegistry<() => void>((end) => end());

/** Begins a hash in one of the threads, which all uploads share. */
export function startThreadHash(): RunningHash {
  count += 1;
  const id = count;
  const position = id % MAX_THREADS;
  const thread = threads[position] ?? new HashThread(() => delete threads[position]);
  threads[position] = thread;
  const running: RunningHash = {
    async update(chunk) {
      if (chunk.buffer instanceof SharedArrayBuffer) return void (await thread.ask({ id, bytes: chunk }));
      const shared = new Uint8Array(new SharedArrayBuffer(Math.min(COPY_BYTES, chunk.length)));
      for (let at = 0; at < chunk.length; at += COPY_BYTES) {
        const piece = chunk.subarray(at, at + COPY_BYTES);
        shared.set(piece);
        await thread.ask({ id, bytes: shared.subarray(0, piece.length) });
      }
    },
    async digest() {
      const { digest } = await thread.ask({ id });
      if (digest === undefined) throw new TypeError('a hash without a digest');
      return digest;
    },
  };
  forgotten.register(running, () => void thread.ask({ id }).catch(() => undefined));
  return running;
}

interface Waiting {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (reason: unknown) => void;
}

/** A thread that hashes several streams. It keeps the process alive only while it is asked something. */
class HashThread {
  readonly #worker = new Worker(findWorker(), { execArgv: [], stdin: false });
  readonly #waiting: Waiting[] = [];

  constructor(onFailed: () => void) {
    this.#worker.unref();
    this.#worker.on('message', (answer: Answer) => {
      this.#waiting.shift()?.resolve(answer);
      if (this.#waiting.length === 0) this.#worker.unref();
    });
    this.#worker.on('error', (reason) => {
      onFailed();
      for (const { reject } of this.#waiting.splice(0)) reject(reason);
    });
  }

  ask(job: Job): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#worker.ref();
      this.#worker.postMessage(job);
    });
  }
}

/** Finds the worker beside the bundle, or in dist/ for tests, which run the sources. */
function findWorker(): string {
  const places = [import.meta.dirname, join(import.meta.dirname, '../../../dist')];
  const found = places.map((place) => join(place, 'hash-worker.cjs')).find((path) => existsSync(path));
  if (found === undefined) throw new Error('hash-worker.cjs is missing');
  return found;
}
