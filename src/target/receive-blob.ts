import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { onAbort } from '../async/abort.ts';
import type { BlobReading, KnownBlob, OutgoingBlob } from '../ends/blob.ts';
import type { UploadEvent } from '../ends/image-target.ts';
import { EcrpError } from '../errors.ts';
import type { Digest } from '../oci/digest.ts';
import { createStreamHash, type StreamHash } from './stream-hash.ts';

/** Bytes that are written at once. */
const BATCH_BYTES = 1024 * 1024;
/** Windows has no such flag. */
const WITHOUT_LINKS = constants.O_NOFOLLOW ?? 0;

/** Hears how far the file of a blob is. */
export interface ArrivalWatch {
  /** The file has its first `bytes` bytes, all of this run. */
  onWritten?(bytes: number): void;
  onEvent(event: UploadEvent): void;
}

/**
 * Fetches a blob into a file and checks its digest. Continues what an interrupted run left in the file; if that turns out to be wrong, begins
 * anew. Returns the number of bytes that were there. After an error of the source, the file keeps what has come. Throws UNAVAILABLE for
 * bytes with another digest, and empties the file.
 */
export async function receiveBlob(
  path: string,
  blob: KnownBlob,
  watch: ArrivalWatch,
  signal: AbortSignal,
): Promise<number> {
  const { size } = blob.content;
  const file = await open(path, constants.O_RDWR | constants.O_CREAT | WITHOUT_LINKS, 0o666);
  try {
    const { size: found } = await file.stat();
    const there = found > size ? 0 : found;
    if (there !== found) await file.truncate(0);
    if (there > 0) {
      const hash = createStreamHash(size);
      await hashFirstBytes(file, there, hash, signal);
      watch.onEvent({ kind: 'blob-resumed', id: blob.id, resumedBytes: there });
      if ((await fetchRest(file, blob, { hash, start: there }, watch, signal)) === blob.content.digest)
        return there;
      await file.truncate(0);
      watch.onEvent({ kind: 'blob-restarted', id: blob.id, reason: 'refused', nextByte: 0 });
    }
    const digest = await fetchRest(file, blob, { hash: createStreamHash(size), start: 0 }, watch, signal);
    if (digest === blob.content.digest) return 0;
    await file.truncate(0);
    throw refuseDigest(blob, digest);
  } finally {
    await file.close();
  }
}

/** Hashes the first bytes of a file. */
export async function hashFirstBytes(
  file: FileHandle,
  bytes: number,
  hash: StreamHash,
  signal: AbortSignal,
): Promise<void> {
  let [memory, other] = [allocateBatch(bytes), allocateBatch(bytes)];
  let hashing: Promise<void> = Promise.resolve();
  for (let at = 0; at < bytes; ) {
    signal.throwIfAborted();
    const { bytesRead } = await file.read(memory, 0, Math.min(memory.length, bytes - at), at);
    if (bytesRead === 0) break;
    await hashing;
    hashing = hash.update(memory.subarray(0, bytesRead));
    at += bytesRead;
    [memory, other] = [other, memory];
  }
  await hashing;
}

/** Memory that a thread can read without a copy. */
function allocateBatch(bytes: number): Buffer {
  return Buffer.from(new SharedArrayBuffer(Math.min(BATCH_BYTES, bytes)));
}

/** What is there of a blob: its first bytes, and the hash of them. */
interface Beginning {
  readonly hash: StreamHash;
  readonly start: number;
}

/** Fetches the bytes from `start` on, writes them, and returns the digest of the whole. */
async function fetchRest(
  file: FileHandle,
  blob: KnownBlob,
  { hash, start }: Beginning,
  { onEvent, onWritten }: ArrivalWatch,
  signal: AbortSignal,
): Promise<Digest> {
  const { size } = blob.content;
  let at = start;
  let writing: Promise<unknown> = Promise.resolve();
  const flush = async (batch: Buffer): Promise<void> => {
    const position = at;
    at += batch.length;
    await writing;
    const written = writeAll(file, batch, position).then(() => {
      if (start === 0) onWritten?.(position + batch.length);
      onEvent({ kind: 'blob-progress', id: blob.id, acknowledgedBytes: position + batch.length });
    });
    writing = Promise.all([written, hash.update(batch)]);
    // It is awaited before the next one; until then a failure must not count as unhandled.
    writing.catch(() => undefined);
  };
  // Without bytes there is nothing to ask for.
  if (at < size) {
    try {
      for await (const batch of readBatches(blob, start, signal)) await flush(batch);
    } finally {
      await writing;
    }
  }
  onEvent({ kind: 'blob-sent', id: blob.id, bytes: at });
  return hash.digest();
}

/**
 * Yields the bytes from `start` on in batches. The memory of a batch is used again after the next but one. What came before an error of the
 * source is yielded before it is thrown.
 */
async function* readBatches(blob: KnownBlob, start: number, signal: AbortSignal): AsyncGenerator<Buffer> {
  const rest = blob.content.size - start;
  let [memory, other] = [allocateBatch(rest), allocateBatch(rest)];
  let filled = 0;
  let failure: { readonly reason: unknown } | undefined;
  const reader = new AbortableReader(blob.open(start), signal);
  try {
    for (;;) {
      const chunk = await reader.next().catch((reason: unknown) => {
        failure = { reason };
        return undefined;
      });
      if (chunk === undefined) break;
      for (let from = 0; from < chunk.length; ) {
        const copied = chunk.copy(memory, filled, from);
        filled += copied;
        from += copied;
        if (filled < memory.length) continue;
        yield memory;
        [memory, other] = [other, memory];
        filled = 0;
      }
    }
  } finally {
    reader.close();
  }
  if (filled > 0) yield memory.subarray(0, filled);
  if (failure !== undefined) throw failure.reason;
}

/** Reads chunks, and stops waiting for one when aborted. One listener serves all chunks: one for each would cost more than the bytes. */
class AbortableReader {
  readonly #signal: AbortSignal;
  readonly #reading: BlobReading;
  readonly #chunks: AsyncIterator<Buffer>;
  readonly #stopListening: () => void;
  #fail: ((reason: unknown) => void) | undefined;

  constructor(reading: BlobReading, signal: AbortSignal) {
    this.#signal = signal;
    this.#reading = reading;
    this.#chunks = reading.bytes[Symbol.asyncIterator]();
    this.#stopListening = onAbort(signal, () => this.#fail?.(signal.reason));
  }

  /** Undefined at the end. Throws the signal's reason when aborted. */
  next(): Promise<Buffer | undefined> {
    return new Promise((resolve, reject) => {
      if (this.#signal.aborted) return reject(this.#signal.reason);
      this.#fail = reject;
      this.#chunks.next().then(({ done, value }) => resolve(done ? undefined : value), reject);
    });
  }

  close(): void {
    this.#stopListening();
    this.#reading.cancel?.();
    // Not awaited: it may wait for a chunk that never comes.
    this.#chunks.return?.()?.catch(() => undefined);
  }
}

/** A disk that fills up accepts a part without an error, and refuses the rest. */
async function writeAll(file: FileHandle, bytes: Buffer, position: number): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    at += (await file.write(bytes, at, bytes.length - at, position + at)).bytesWritten;
  }
}

function refuseDigest({ role, id }: KnownBlob, found: Digest): EcrpError {
  return new EcrpError('UNAVAILABLE', `the ${role} ${id}: its bytes have another digest, ${found}`, {
    hint: 'Check whether a proxy changes answers, then run the command again.',
  });
}

/** The blob of a source whose digests are known before a byte is read. Throws a TypeError for another. */
export function expectKnown(blob: OutgoingBlob): KnownBlob {
  if (blob.kind === 'known') return blob;
  throw new TypeError(`the digest of the ${blob.role} ${blob.id} is not known`);
}
