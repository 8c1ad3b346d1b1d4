import type { BlobFinishedEvent, BlobStartedEvent, PushEvent } from '../../engine/events.ts';

/** A blob whose upload is under way. */
export interface ActiveBlob {
  readonly label: string;
  readonly sentBytes: number;
  /** Part of `sentBytes` that an earlier push had uploaded. */
  readonly resumedBytes: number;
  /** Undefined while the blob is being compressed. */
  readonly totalBytes: number | undefined;
  /** Estimate of the compressed size; undefined without a basis. */
  readonly estimatedBytes: number | undefined;
  /** `completing`: all bytes are acknowledged, and the service checks them. `again`: the upload restarted from the first byte. */
  readonly step: 'sending' | 'completing' | 'again';
}

/** The size of everything to upload. */
export interface Total {
  readonly bytes: number;
  /**
   * `most`: the uncompressed size. `about`: an estimate by the layers that are compressed already. `arriving`: only the layers that
   * have begun to arrive, because the rest of the source is unknown.
   */
  readonly kind: 'exact' | 'about' | 'most' | 'arriving';
}

interface Blob extends ActiveBlob {
  readonly sourceBytes: number;
}

type BlobEvent = Extract<PushEvent, { readonly id: unknown }>;

/** Adds up the blobs that a push uploads. Blobs that the repository has already do not count. */
export class BlobTally {
  readonly #active = new Map<string, Blob>();
  #finished = { blobs: 0, bytes: 0, resumedBytes: 0 };
  /** Sizes of the finished blobs that this push compressed: before and after. */
  #derived = { sourceBytes: 0, bytes: 0 };
  #blobs = 0;
  /** Size of the blobs that have not started. */
  #waitingBytes = 0;
  #anyDerived = false;
  #isArriving = false;

  /** Sets what is missing in the repository. May be called again later. */
  expect(blobs: number, sourceBytes: number): void {
    this.#blobs = this.#finished.blobs + blobs;
    this.#waitingBytes = sourceBytes;
    this.#isArriving = false;
  }

  /** Drops the uploads under way. */
  forgetActive(): void {
    this.#active.clear();
  }

  apply(event: BlobEvent): void {
    switch (event.kind) {
      case 'blob-started':
        this.#start(event);
        break;
      case 'blob-resumed':
        this.#change(event.id, { sentBytes: event.resumedBytes, resumedBytes: event.resumedBytes });
        break;
      case 'blob-progress': {
        const { acknowledgedBytes: sentBytes, estimatedBytes } = event;
        this.#change(event.id, { sentBytes, estimatedBytes, step: 'sending' });
        break;
      }
      case 'blob-restarted':
        // The service did not accept the resumed bytes.
        if (event.nextByte === 0) this.#change(event.id, { sentBytes: 0, resumedBytes: 0, step: 'again' });
        break;
      case 'blob-sent':
        this.#change(event.id, { sentBytes: event.bytes, totalBytes: event.bytes, step: 'completing' });
        break;
      case 'blob-finished':
        this.#finish(event);
        break;
    }
  }

  /** In the order of their start. */
  get active(): readonly ActiveBlob[] {
    return [...this.#active.values()];
  }

  get finishedBlobs(): number {
    return this.#finished.blobs;
  }

  get blobs(): number {
    return this.#blobs;
  }

  get sentBytes(): number {
    return this.active.reduce((sum, blob) => sum + blob.sentBytes, this.#finished.bytes);
  }

  get resumedBytes(): number {
    return this.active.reduce((sum, blob) => sum + blob.resumedBytes, this.#finished.resumedBytes);
  }

  /** Never less than `sentBytes`. */
  get total(): Total {
    let isKnown = !this.#anyDerived || this.#waitingBytes === 0;
    let { sourceBytes, bytes } = this.#derived;
    for (const blob of this.#active.values()) {
      if (blob.totalBytes !== undefined) continue;
      isKnown = false;
      if (blob.estimatedBytes === undefined) continue;
      sourceBytes += blob.sourceBytes;
      bytes += blob.estimatedBytes;
    }
    const isJudged = !isKnown && sourceBytes > 0;
    const ratio = isJudged ? bytes / sourceBytes : 1;
    let total = this.#finished.bytes + this.#waitingBytes * ratio;
    for (const blob of this.#active.values()) {
      const expected = blob.totalBytes ?? blob.estimatedBytes ?? blob.sourceBytes * ratio;
      total += Math.max(expected, blob.sentBytes);
    }
    const kind = this.#isArriving ? 'arriving' : isKnown ? 'exact' : isJudged ? 'about' : 'most';
    return { bytes: Math.round(total), kind };
  }

  #start({ id, role, totalBytes, sourceBytes, arriving }: BlobStartedEvent): void {
    const label = labelBlob(id, role);
    const unsent = { sentBytes: 0, resumedBytes: 0, estimatedBytes: undefined, step: 'sending' } as const;
    this.#active.set(id, { ...unsent, label, totalBytes, sourceBytes });
    this.#waitingBytes = Math.max(0, this.#waitingBytes - sourceBytes);
    this.#anyDerived ||= totalBytes === undefined;
    this.#isArriving ||= arriving === true;
  }

  #change(id: string, change: Partial<ActiveBlob>): void {
    const blob = this.#active.get(id);
    if (blob !== undefined) this.#active.set(id, { ...blob, ...change });
  }

  #finish({ id, outcome, bytes }: BlobFinishedEvent): void {
    const blob = this.#active.get(id);
    // Blobs that exist already were never part of the total.
    if (blob === undefined) return;
    this.#active.delete(id);
    this.#finished.blobs += 1;
    // Another push uploaded it meanwhile.
    if (outcome === 'existing') return;
    this.#finished.bytes += bytes;
    this.#finished.resumedBytes += blob.resumedBytes;
    if (blob.estimatedBytes === undefined) return;
    this.#derived.sourceBytes += blob.sourceBytes;
    this.#derived.bytes += bytes;
  }
}

/** As short as in docker's output. */
export function labelBlob(id: string, role: 'config' | 'layer'): string {
  return role === 'config' ? 'config' : id.replace('sha256:', '').slice(0, 12);
}
