import { setTimeout as sleep } from 'node:timers/promises';
import { REQUESTS_PER_SECOND } from '../wire/quotas.ts';

/** Share of a second's quota that may go out at once after a pause. */
const BURST = 0.3;

/** Holds requests back so that each operation stays under its quota: a token bucket per operation. */
export class Pacer {
  /** Per operation: when the bucket was last at its fullest, on `performance.now()`'s clock; later means emptier. */
  readonly #drainedUntil = new Map<string, number>();
  readonly #quotas: Readonly<Record<string, number>>;

  constructor(quotas: Readonly<Record<string, number>> = REQUESTS_PER_SECOND) {
    this.#quotas = quotas;
  }

  /** Waits until a request of the operation may go out; at once when the operation has no quota. */
  async admit(operation: string, signal: AbortSignal): Promise<void> {
    const delayMs = this.reserve(operation, performance.now());
    if (delayMs > 0) {
      await sleep(delayMs, undefined, { signal });
    }
  }

  /** Takes a token and says how many ms to wait before it is valid. */
  reserve(operation: string, nowMs: number): number {
    const perSecond = this.#quotas[operation];
    if (perSecond === undefined) {
      return 0;
    }
    const intervalMs = 1000 / perSecond;
    const drainedUntil = Math.max(this.#drainedUntil.get(operation) ?? 0, nowMs);
    this.#drainedUntil.set(operation, drainedUntil + intervalMs);
    const burst = Math.max(1, Math.floor(perSecond * BURST));
    return Math.max(0, drainedUntil - nowMs - (burst - 1) * intervalMs);
  }
}
