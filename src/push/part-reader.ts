import { type AheadReader, readAhead } from '../async/read-ahead.ts';
import type { LayerPart, PushService } from '../ecr/push-service.ts';
import type { Content } from '../oci/descriptor.ts';
import { cutParts, type PartRing, ringParts } from './cut-parts.ts';
import type { FillTurns } from './fill-turns.ts';
import type { BlobReading, PlannedBlob } from './push-plan.ts';

export interface ReadOptions {
  readonly service: PushService;
  /** Shared by all blobs of a push. */
  readonly turns: FillTurns;
  /** Most parts that are made ready while one is in flight, each of them in memory; default 1. */
  readonly partsAhead?: number | undefined;
  readonly signal: AbortSignal;
}

interface OpenReading {
  readonly reading: BlobReading;
  readonly parts: AheadReader<LayerPart>;
}

/** Reads a blob in parts, from any byte on, also before the first part is asked for; all readings share the memory of a few parts. */
export class PartReader {
  readonly #blob: PlannedBlob;
  readonly #options: ReadOptions;
  #capacity = 0;
  #ring: PartRing | undefined;
  #open: OpenReading | undefined;
  /** Capacity of the parts that are ready from byte 0 on, and not asked for yet. */
  #prepared: number | undefined;

  constructor(blob: PlannedBlob, options: ReadOptions) {
    this.#blob = blob;
    this.#options = options;
  }

  /** Makes the first parts ready for an `open` at byte 0. What fails here fails there again. */
  prepare(partBytes: number): void {
    const capacity = this.#chooseCapacity(partBytes);
    try {
      void this.#start(0, capacity).parts.prefetch();
      this.#prepared = capacity;
    } catch {}
  }

  /** Reads on from byte `start`, in parts of `partBytes`; what was ready from elsewhere, or of another size, is given up. */
  async open(start: number, partBytes: number): Promise<void> {
    const capacity = this.#chooseCapacity(partBytes);
    const isReady = start === 0 && this.#prepared === capacity;
    this.#prepared = undefined;
    if (!isReady) {
      await this.#close();
      this.#start(start, capacity);
    }
  }

  /** Undefined at the end. A part stays as it is until `partsAhead` others were asked for after the next one. */
  next(): Promise<LayerPart | undefined> {
    return this.#getOpen().parts.next();
  }

  /** Makes the next ones ready; gives the first of them, undefined when there is none. */
  prefetch(): Promise<LayerPart | undefined> {
    return this.#getOpen().parts.prefetch();
  }

  /** As `BlobReading` tells it. */
  estimateSize(): number | undefined {
    return this.#open?.reading.estimateSize?.();
  }

  /** What the blob is; to be called at its end. */
  finish(): Content {
    return this.#getOpen().reading.finish();
  }

  /** Ends a wait for bytes that may never come. */
  cancel(): void {
    this.#open?.reading.cancel?.();
  }

  /** Gives up what is ready, and the memory back. */
  async release(): Promise<void> {
    await this.#close();
    this.#ring?.release();
    this.#ring = undefined;
  }

  #start(start: number, capacity: number): OpenReading {
    const { service, turns, partsAhead = 1, signal } = this.#options;
    if (capacity !== this.#capacity) {
      this.#ring?.release();
      this.#ring = undefined;
      this.#capacity = capacity;
    }
    this.#ring ??= ringParts(() => service.createPart(capacity), 1 + partsAhead);
    const ring = this.#ring;
    const reading = this.#blob.open(start);
    const parts = readAhead(
      (isClosed) => cutParts(reading.bytes, { capacity, ring, turns }, () => isClosed() || signal.aborted),
      partsAhead,
    );
    this.#open = { reading, parts };
    return this.#open;
  }

  /** Gives up what is ready. */
  async #close(): Promise<void> {
    const open = this.#open;
    this.#open = undefined;
    await open?.parts.close();
    this.#ring?.clear();
  }

  /** No longer than the blob, as most blobs are small. */
  #chooseCapacity(partBytes: number): number {
    return Math.min(partBytes, this.#blob.content?.size ?? partBytes);
  }

  #getOpen(): OpenReading {
    if (!this.#open) throw new TypeError('no reading is open');
    return this.#open;
  }
}
