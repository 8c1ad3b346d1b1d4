import type { PhaseEvent } from '../../engine/events.ts';
import { type ActiveBlob, BlobTally, type Total } from './blob-tally.ts';
import type { ProgressEvent } from './display.ts';
import { type CallOutcome, CallTroubles, type ShownWait, type Trouble } from './waits.ts';

/** `read`: reads the source, before any call. `verify`: reads the pushed image back. */
export type Phase = 'read' | PhaseEvent['phase'] | 'verify';

/** State of a push at one moment, for displays. */
export interface ProgressSnapshot {
  readonly phase: Phase;
  /** Time since the phase began. */
  readonly phaseMs: number;
  readonly active: readonly ActiveBlob[];
  /** Acknowledged bytes, including those of earlier pushes. In phase `verify`: bytes read back. */
  readonly doneBytes: number;
  readonly total: Total;
  /** Rate of this run; undefined while too little is known. */
  readonly bytesPerSecond: number | undefined;
  /** Bytes that an earlier push had uploaded. */
  readonly resumedBytes: number;
  /** Finished blobs in phases `upload` and `verify`, manifests in `put`. */
  readonly doneItems: number;
  /** All blobs or manifests, likewise. */
  readonly items: number;
  readonly retries: number;
  readonly trouble: Trouble | undefined;
  /** Time since the last event. */
  readonly quietMs: number;
  /** What the command waits for. */
  readonly wait: ShownWait | undefined;
}

/** Adds up the events of a push. Times are milliseconds of any one clock. */
export class ProgressState {
  #phase: Phase = 'read';
  #phaseSinceMs: number;
  #heardMs: number;
  #blobs = new BlobTally();
  #rate = new TransferRate();
  #manifests = { put: 0, all: 0 };
  #verified = { blobs: 0, bytes: 0, all: 0, allBytes: 0, reading: new Map<string, number>() };
  readonly #troubles = new CallTroubles();

  constructor(nowMs: number) {
    this.#phaseSinceMs = nowMs;
    this.#heardMs = nowMs;
  }

  /** Starts the next image. Retries keep adding up. */
  startImage(nowMs: number): void {
    this.#blobs = new BlobTally();
    this.#enter('read', nowMs);
  }

  apply(event: ProgressEvent, nowMs: number): void {
    this.#heardMs = nowMs;
    switch (event.kind) {
      case 'phase':
        // Uploads that failed while the source arrived start again.
        if (event.phase === 'check') this.#blobs.forgetActive();
        if (event.phase === 'upload') this.#blobs.expect(event.blobs ?? 0, event.sourceBytes ?? 0);
        if (event.phase === 'put') this.#manifests = { put: 0, all: event.manifests ?? 0 };
        this.#enter(event.phase, nowMs);
        return;
      case 'manifest-put':
        this.#manifests.put += 1;
        return;
      case 'verify-started': {
        const { blobs: all, bytes: allBytes } = event;
        this.#troubles.forget();
        this.#verified = { blobs: 0, bytes: 0, all, allBytes, reading: new Map() };
        this.#enter('verify', nowMs);
        return;
      }
      case 'verify-progress':
        this.#verified.reading.set(event.digest, event.readBytes);
        break;
      case 'blob-verified':
        this.#troubles.forget();
        this.#verified.reading.delete(event.digest);
        this.#verified.blobs += 1;
        this.#verified.bytes += event.bytes;
        break;
      default:
        this.#blobs.apply(event);
    }
    this.#rate.add(this.#countMoved(), nowMs);
  }

  applyCall(event: CallOutcome, nowMs: number): void {
    this.#heardMs = nowMs;
    this.#troubles.apply(event, nowMs);
  }

  /** @param wait The wait of the command at that moment. */
  snapshot(nowMs: number, wait?: ShownWait): ProgressSnapshot {
    const isVerifying = this.#phase === 'verify';
    const { blobs, all, allBytes } = this.#verified;
    const isPutting = this.#phase === 'put';
    return {
      phase: this.#phase,
      phaseMs: nowMs - this.#phaseSinceMs,
      active: this.#blobs.active,
      doneBytes: isVerifying ? this.#countMoved() : this.#blobs.sentBytes,
      total: isVerifying ? { bytes: allBytes, kind: 'exact' } : this.#blobs.total,
      bytesPerSecond: this.#rate.measure(nowMs),
      resumedBytes: this.#blobs.resumedBytes,
      doneItems: isVerifying ? blobs : isPutting ? this.#manifests.put : this.#blobs.finishedBlobs,
      items: isVerifying ? all : isPutting ? this.#manifests.all : this.#blobs.blobs,
      retries: this.#troubles.retries,
      trouble: this.#troubles.find(nowMs),
      quietMs: nowMs - this.#heardMs,
      wait,
    };
  }

  #enter(phase: Phase, nowMs: number): void {
    this.#phase = phase;
    this.#phaseSinceMs = nowMs;
    this.#rate = new TransferRate();
    this.#rate.add(this.#countMoved(), nowMs);
  }

  /** Bytes moved in this run, so without the resumed ones. */
  #countMoved(): number {
    if (this.#phase !== 'verify') return this.#blobs.sentBytes - this.#blobs.resumedBytes;
    const { bytes, reading } = this.#verified;
    return [...reading.values()].reduce((sum, read) => sum + read, bytes);
  }
}

/** The rate covers this time, or the last `LEAST_MARKS` acknowledgements if they take longer. */
const WINDOW_MS = 10_000;
const LEAST_MARKS = 6;
/** An earlier rate would measure connecting rather than transferring. */
const SETTLING_MS = 2_000;
/** Acknowledgements within this time share one mark, to bound their number. */
const MARK_MS = 200;

interface Mark {
  readonly atMs: number;
  readonly bytes: number;
}

/** Rate of acknowledged bytes. Bytes come in parts, so the rate stays between two parts, and falls if the next part is late. */
export class TransferRate {
  #marks: Mark[] = [];

  /** @param bytes Bytes so far. Fewer than before restarts the measurement. */
  add(bytes: number, atMs: number): void {
    const last = this.#marks.at(-1);
    if (last !== undefined && bytes < last.bytes) this.#marks = [];
    const before = this.#marks.at(-2);
    if (last !== undefined && before !== undefined && last.atMs - before.atMs < MARK_MS) this.#marks.pop();
    this.#marks.push({ atMs, bytes });
    while (this.#marks.length > LEAST_MARKS && (this.#marks[1]?.atMs ?? atMs) < atMs - WINDOW_MS) {
      this.#marks.shift();
    }
  }

  /** Undefined while too little is known. */
  measure(nowMs: number): number | undefined {
    const first = this.#marks[0];
    const last = this.#marks.at(-1);
    if (first === undefined || last === undefined || this.#marks.length < 2) return undefined;
    const spanMs = last.atMs - first.atMs;
    const lateMs = Math.max(0, nowMs - last.atMs - spanMs / (this.#marks.length - 1));
    const takenMs = spanMs + lateMs;
    return takenMs < SETTLING_MS ? undefined : ((last.bytes - first.bytes) * 1000) / takenMs;
  }
}
