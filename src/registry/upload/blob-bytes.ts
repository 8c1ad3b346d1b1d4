import { type BlobReading, findContent, type OutgoingBlob } from '../../ends/blob.ts';
import type { Content } from '../../oci/descriptor.ts';

/**
 * The bytes of a blob, read from any byte on for one request after the other. An arriving blob cannot be read again: its bytes stay in memory
 * until they are acknowledged.
 */
export class BlobBytes {
  readonly #blob: OutgoingBlob;
  #reading: BlobReading | undefined;
  #chunks: AsyncIterator<Buffer> | undefined;
  /** The next chunk, if it was requested before anybody needs it. */
  #ahead: Promise<IteratorResult<Buffer>> | undefined;
  /** Copies of the bytes from `#keptStart` to `#readEnd`. */
  #kept: Buffer[] = [];
  #keptStart = 0;
  #readEnd = 0;
  #hasEnded = false;
  #keepsAll: boolean;
  #content: Content | undefined;
  #failure: unknown;

  constructor(blob: OutgoingBlob) {
    this.#blob = blob;
    this.#keepsAll = blob.kind === 'arriving';
    this.#content = findContent(blob);
  }

  /** Digest and size, once they are certain: the source states them, or the end is reached. */
  get content(): Content | undefined {
    return this.#content;
  }

  /** What reading has failed with. */
  get failure(): unknown {
    return this.#failure;
  }

  /** As in `BlobReading`. */
  estimateSize(): number | undefined {
    return this.#reading?.estimateSize?.();
  }

  /** Reads the blob into memory, if it has at most `mostBytes`. Undefined: it has more. */
  async peek(mostBytes: number): Promise<Buffer | undefined> {
    if (this.#content !== undefined && this.#content.size > mostBytes) return undefined;
    await this.#openAt(0);
    while (this.#readEnd <= mostBytes) {
      const chunk = await this.#next();
      if (chunk === undefined) return Buffer.concat(this.#kept);
      this.#keep(chunk);
    }
    return undefined;
  }

  /**
   * Requests the first chunk, so that a source far away answers while the upload begins. What fails here fails there again. Nothing of an
   * arriving blob is read: it might have to go to another uploader.
   */
  prefetch(): void {
    if (this.#chunks !== undefined || this.#blob.kind === 'arriving') return;
    try {
      const first = this.#open(0).next();
      first.catch(() => undefined);
      this.#ahead = first;
    } catch {}
  }

  /** Reads from byte `start` on, at most `mostBytes`. A chunk is valid until the next one is requested. */
  async *read(start: number, mostBytes: number): AsyncGenerator<Buffer> {
    await this.#openAt(start);
    const end = start + mostBytes;
    let position = this.#keptStart;
    for (const chunk of [...this.#kept]) {
      const part = chunk.subarray(Math.max(0, start - position), Math.max(0, end - position));
      position += chunk.length;
      if (part.length > 0) yield part;
    }
    if (!this.#keepsAll) this.#forget(this.#readEnd);
    while (this.#readEnd < end) {
      const from = this.#readEnd;
      const chunk = await this.#next();
      if (chunk === undefined) return;
      if (this.#keepsAll) this.#keep(chunk);
      else this.#forget(from + chunk.length);
      yield chunk.subarray(0, end - from);
    }
  }

  /** Frees the memory of bytes before `position`. */
  acknowledge(position: number): void {
    let start = this.#keptStart;
    while (this.#kept[0] !== undefined && start + this.#kept[0].length <= position) {
      start += this.#kept.shift()?.length ?? 0;
    }
    this.#keptStart = start;
  }

  /** Returns the blob for another uploader. What is in memory of an arriving blob is read first, and is not kept any more. */
  handOver(): OutgoingBlob {
    if (this.#blob.kind !== 'arriving') return this.#blob;
    this.#keepsAll = false;
    return {
      ...this.#blob,
      open: (start) => ({
        bytes: this.read(start, Number.POSITIVE_INFINITY),
        estimateSize: () => this.estimateSize(),
        finish: () => {
          if (this.#content === undefined) throw new TypeError('the blob has not been read to its end');
          return this.#content;
        },
        cancel: () => this.cancel(),
      }),
    };
  }

  /** Ends a wait for bytes that may never arrive. */
  cancel(): void {
    this.#reading?.cancel?.();
  }

  async close(): Promise<void> {
    const chunks = this.#chunks;
    this.#chunks = undefined;
    this.#ahead = undefined;
    this.#kept = [];
    await chunks?.return?.();
  }

  /** Opens the blob anew unless the bytes from `start` on are in memory, or come next. */
  async #openAt(start: number): Promise<void> {
    if (this.#chunks !== undefined && start >= this.#keptStart && start <= this.#readEnd) return;
    await this.close();
    await this.#attempt(async () => this.#open(start));
  }

  #open(start: number): AsyncIterator<Buffer> {
    const reading = this.#blob.open(start);
    const chunks = reading.bytes[Symbol.asyncIterator]();
    this.#reading = reading;
    this.#chunks = chunks;
    this.#hasEnded = false;
    this.#forget(start);
    return chunks;
  }

  async #next(): Promise<Buffer | undefined> {
    if (this.#hasEnded) return undefined;
    return this.#attempt(async () => {
      const ahead = this.#ahead;
      this.#ahead = undefined;
      const next = await (ahead ?? this.#chunks?.next());
      if (next !== undefined && !next.done) return next.value;
      this.#hasEnded = true;
      this.#content = this.#reading?.finish();
      return undefined;
    });
  }

  /** Notes a failure, so that nobody takes it for one of the network. */
  async #attempt<Result>(read: () => Promise<Result>): Promise<Result> {
    try {
      return await read();
    } catch (error) {
      this.#failure = error;
      throw error;
    }
  }

  #keep(chunk: Buffer): void {
    this.#kept.push(Buffer.from(chunk));
    this.#readEnd += chunk.length;
  }

  #forget(position: number): void {
    this.#kept = [];
    this.#keptStart = position;
    this.#readEnd = position;
  }
}
