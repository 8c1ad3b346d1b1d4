import type { BlobFinishedEvent, PushEvent } from '../../push/events.ts';

export interface ActiveBlob {
  readonly label: string;
  readonly sentBytes: number;
  /** How many of these an earlier push had sent. */
  readonly resumedBytes: number;
  /** Undefined while it is being compressed. */
  readonly totalBytes: number | undefined;
}

/** What a display shows at one moment. */
export interface ProgressSnapshot {
  readonly phase: 'read' | 'check' | 'upload' | 'put';
  /** In the order they were started. */
  readonly active: readonly ActiveBlob[];
  /** Bytes that the service has acknowledged, those to earlier pushes included. */
  readonly sentBytes: number;
  readonly resumedBytes: number;
  readonly totalBytes: number;
  /** False while layers are being compressed: `totalBytes` is what they have uncompressed. */
  readonly isTotalExact: boolean;
  /** Over the last seconds. */
  readonly bytesPerSecond: number;
  readonly retries: number;
}

/** The rate is that of this long. */
const WINDOW_MS = 10_000;

interface Blob extends ActiveBlob {
  readonly sourceBytes: number;
}

/** Adds up the events of a push. Times are milliseconds of any one clock. */
export class ProgressState {
  #phase: ProgressSnapshot['phase'] = 'read';
  readonly #active = new Map<string, Blob>();
  #finishedBytes = 0;
  #finishedResumedBytes = 0;
  /** Of the blobs that are missing: exact ones as soon as they are known. */
  #totalBytes = 0;
  #isTotalExact = true;
  #retries = 0;
  #samples: { readonly atMs: number; readonly bytes: number }[] = [];

  apply(event: PushEvent, nowMs: number): void {
    switch (event.kind) {
      case 'phase':
        this.#phase = event.phase;
        // What an earlier round has sent stays counted.
        if (event.phase === 'upload') this.#totalBytes = this.#finishedBytes + (event.sourceBytes ?? 0);
        break;
      case 'blob-started':
        this.#start(event);
        break;
      case 'blob-resumed':
        this.#change(event.id, { sentBytes: event.resumedBytes, resumedBytes: event.resumedBytes });
        break;
      case 'blob-progress':
        this.#change(event.id, { sentBytes: event.acknowledgedBytes });
        this.#sample(nowMs);
        break;
      case 'blob-finished':
        this.#finish(event);
        this.#sample(nowMs);
        break;
      case 'blob-restarted':
        // What was resumed turned out to be of no use.
        if (event.nextByte === 0) this.#change(event.id, { sentBytes: 0, resumedBytes: 0 });
        break;
      case 'manifest-put':
        break;
    }
  }

  countRetry(): void {
    this.#retries += 1;
  }

  snapshot(nowMs: number): ProgressSnapshot {
    const sentBytes = this.#countSent();
    return {
      phase: this.#phase,
      active: [...this.#active.values()],
      sentBytes,
      resumedBytes: this.#countResumed(),
      totalBytes: Math.max(this.#totalBytes, sentBytes),
      isTotalExact: this.#isTotalExact,
      bytesPerSecond: this.#measureRate(sentBytes - this.#countResumed(), nowMs),
      retries: this.#retries,
    };
  }

  #start(event: PushEvent & { readonly kind: 'blob-started' }): void {
    const { id, role, totalBytes, sourceBytes } = event;
    const label = labelBlob(id, role);
    this.#active.set(id, { label, sentBytes: 0, resumedBytes: 0, totalBytes, sourceBytes });
    if (totalBytes === undefined) this.#isTotalExact = false;
  }

  #change(id: string, change: Partial<Pick<Blob, 'sentBytes' | 'resumedBytes'>>): void {
    const blob = this.#active.get(id);
    if (blob !== undefined) this.#active.set(id, { ...blob, ...change });
  }

  #finish(event: BlobFinishedEvent): void {
    const blob = this.#active.get(event.id);
    // What was there already was never part of the total.
    if (blob === undefined) return;
    this.#active.delete(event.id);
    this.#finishedBytes += event.bytes;
    this.#finishedResumedBytes += blob.resumedBytes;
    this.#totalBytes += event.bytes - blob.sourceBytes;
  }

  #countSent(): number {
    return [...this.#active.values()].reduce((sum, blob) => sum + blob.sentBytes, this.#finishedBytes);
  }

  #countResumed(): number {
    const active = [...this.#active.values()];
    return active.reduce((sum, blob) => sum + blob.resumedBytes, this.#finishedResumedBytes);
  }

  /** What was resumed has not moved in this run. */
  #sample(nowMs: number): void {
    this.#samples.push({ atMs: nowMs, bytes: this.#countSent() - this.#countResumed() });
    this.#samples = this.#samples.filter(({ atMs }, index, all) => {
      // The last one before the window is where the window begins.
      return atMs >= nowMs - WINDOW_MS || (all[index + 1]?.atMs ?? nowMs) >= nowMs - WINDOW_MS;
    });
  }

  #measureRate(movedBytes: number, nowMs: number): number {
    const first = this.#samples[0];
    if (first === undefined || nowMs <= first.atMs) return 0;
    return ((movedBytes - first.bytes) * 1000) / (nowMs - first.atMs);
  }
}

/** As short as docker writes it. */
export function labelBlob(id: string, role: 'config' | 'layer'): string {
  return role === 'config' ? 'config' : id.replace('sha256:', '').slice(0, 12);
}
