import { type AheadReader, readAhead } from '../../async/read-ahead.ts';
import { type BlobReading, findContent, type OutgoingBlob } from '../../ends/blob.ts';
import type { Content } from '../../oci/descriptor.ts';
import type { LayerPart, PushService } from '../push-service.ts';
import type { FillTurn, FillTurns } from './fill-turns.ts';

export interface PartReaderOptions {
  readonly service: Pick<PushService, 'createPart'>;
  /** Shared by all blobs that go to one repository. */
  readonly turns: FillTurns;
  /** The blobs in flight that take more than one part. */
  readonly longBlobs: ReadonlySet<OutgoingBlob>;
  readonly signal: AbortSignal;
}

interface OpenReading {
  readonly reading: BlobReading;
  readonly parts: AheadReader<LayerPart>;
}

/** Reads a blob in parts, from any byte on, also before the first part is requested. All readings share the memory of a few parts. */
export class PartReader {
  readonly #blob: OutgoingBlob;
  readonly #options: PartReaderOptions;
  #capacity = 0;
  #ring: PartRing | undefined;
  #open: OpenReading | undefined;
  /** Capacity of the parts that are ready from byte 0 on, and not yet requested. */
  #prepared: number | undefined;

  constructor(blob: OutgoingBlob, options: PartReaderOptions) {
    this.#blob = blob;
    this.#options = options;
  }

  /** Makes the first parts ready for an `open` at byte 0. What fails here fails there again. */
  prepare(partBytes: number): void {
    const capacity = this.#chooseCapacity(partBytes);
    try {
      // Whether the blob is alone shows only when the others have begun.
      void this.#start(0, capacity).parts.prefetch(1);
      this.#prepared = capacity;
    } catch {}
  }

  /** Reads from byte `start`, in parts of `partBytes`. Discards parts that are ready from another byte, or of another size. */
  async open(start: number, partBytes: number): Promise<void> {
    const capacity = this.#chooseCapacity(partBytes);
    const isReady = start === 0 && this.#prepared === capacity;
    this.#prepared = undefined;
    if (!isReady) {
      await this.#close();
      this.#start(start, capacity);
    }
  }

  /** The next part; undefined at the end. A part keeps its bytes until the next one but one is requested. */
  next(): Promise<LayerPart | undefined> {
    return this.#getOpen().parts.next();
  }

  /** Makes the next part ready and resolves to it; undefined at the end. Starts on the one after it if that pays. */
  prefetch(): Promise<LayerPart | undefined> {
    const depth = this.#isAlone() ? 2 : 1;
    this.#ring?.allow(1 + depth);
    return this.#getOpen().parts.prefetch(depth);
  }

  /** As in `BlobReading`. */
  estimateSize(): number | undefined {
    return this.#open?.reading.estimateSize?.();
  }

  /** Digest and size of the blob; callable at its end. */
  finish(): Content {
    return this.#getOpen().reading.finish();
  }

  /** Ends a wait for bytes that may never arrive. */
  cancel(): void {
    this.#open?.reading.cancel?.();
  }

  /** Discards what is ready and returns the memory. */
  async release(): Promise<void> {
    await this.#close();
    this.#ring?.release();
    this.#ring = undefined;
  }

  #start(start: number, capacity: number): OpenReading {
    const { service, turns, signal } = this.#options;
    if (capacity !== this.#capacity) {
      this.#ring?.release();
      this.#ring = undefined;
      this.#capacity = capacity;
    }
    this.#ring ??= ringParts(() => service.createPart(capacity));
    const ring = this.#ring;
    const reading = this.#blob.open(start);
    const parts = readAhead((isClosed) =>
      cutParts(reading.bytes, { capacity, ring, turns }, () => isClosed() || signal.aborted),
    );
    this.#open = { reading, parts };
    return this.#open;
  }

  async #close(): Promise<void> {
    const open = this.#open;
    this.#open = undefined;
    await open?.parts.close();
    this.#ring?.clear();
  }

  /** At most the size of the blob, as most blobs are small. */
  #chooseCapacity(partBytes: number): number {
    return Math.min(partBytes, findContent(this.#blob)?.size ?? partBytes);
  }

  /** Nothing but the service keeps such a blob waiting: its bytes are in a file, as they are sent, and no other layer fills parts. */
  #isAlone(): boolean {
    const isReady = this.#blob.kind === 'known' && !this.#blob.isRemote;
    return isReady && this.#options.longBlobs.size === 1;
  }

  #getOpen(): OpenReading {
    if (!this.#open) throw new TypeError('no reading is open');
    return this.#open;
  }
}

export interface CutOptions {
  /** Bytes of a part. */
  readonly capacity: number;
  readonly ring: PartRing;
  /** Shared by all blobs that go to one repository. */
  readonly turns: FillTurns;
}

/** The parts of a layer: one in flight, the others being filled or full. At first two. */
export interface PartRing {
  /** Allows so many parts, and never fewer again: they may be in use. */
  allow(size: number): void;
  /** The part that was used longest ago, empty. */
  next(): LayerPart;
  /** Empties all parts. */
  clear(): void;
  release(): void;
}

/** Creates each part when it is first needed, as most blobs have one. */
export function ringParts(createPart: () => LayerPart): PartRing {
  /** The one used longest ago is the first. */
  const parts: LayerPart[] = [];
  let allowed = 2;
  return {
    allow(size) {
      allowed = Math.max(allowed, size);
    },
    next() {
      const part = (parts.length < allowed ? undefined : parts.shift()) ?? createPart();
      parts.push(part);
      part.clear();
      return part;
    },
    clear() {
      for (const part of parts) part.clear();
    },
    release() {
      for (const part of parts) part.release();
    },
  };
}

/**
 * Cuts a stream into parts of `capacity` bytes, the last one shorter. A part keeps its bytes until the ring reuses it. Once `isStopped`, it
 * ends with the next chunk, because a part of a layer that is being compressed takes seconds.
 */
export async function* cutParts(
  chunks: AsyncIterable<Buffer>,
  { capacity, ring, turns }: CutOptions,
  isStopped: () => boolean,
): AsyncGenerator<LayerPart> {
  let part: LayerPart | undefined;
  let turn: FillTurn | undefined;
  try {
    for await (const chunk of chunks) {
      if (isStopped()) return;
      for (let rest = chunk; rest.length > 0; ) {
        if (turn === undefined || !turn.goOn()) turn = await turns.take();
        part ??= ring.next();
        rest = rest.subarray(part.append(rest));
        if (part.size === capacity) {
          turn.end();
          yield part;
          part = undefined;
        }
      }
    }
    turn?.end();
    if (part) yield part;
  } finally {
    turn?.end();
  }
}
