import { type Clock, systemClock } from '../clock.ts';
import { REQUESTS_PER_SECOND } from '../wire/limits.ts';

/** Requests arrive a little sooner or later than they are sent. With a full second's burst, some of them would be throttled. */
const BURST_SECONDS = 0.9;

/**
 * Holds requests back so that each operation stays below its quota. It has a token bucket per operation, as AWS throttles with. A
 * bucket holds nearly one second's requests, so a small image never waits.
 */
export class Pacer {
  /** When the bucket of an operation will be full again, on the clock. */
  readonly #fullAt = new Map<string, number>();
  readonly #quotas: Readonly<Record<string, number>>;
  readonly #clock: Clock;

  constructor(quotas: Readonly<Record<string, number>> = REQUESTS_PER_SECOND, clock: Clock = systemClock) {
    this.#quotas = quotas;
    this.#clock = clock;
  }

  /** Waits until a request of the operation may go out. Returns at once when the operation has no quota. */
  async admit(operation: string, signal: AbortSignal): Promise<void> {
    await this.#clock.wait(this.reserve(operation, this.#clock.nowMs()), signal);
  }

  /** Takes a token and returns how many ms to wait before it is valid. */
  reserve(operation: string, nowMs: number): number {
    const perSecond = this.#quotas[operation];
    if (perSecond === undefined) {
      return 0;
    }
    const intervalMs = 1000 / perSecond;
    const fullAt = Math.max(this.#fullAt.get(operation) ?? 0, nowMs);
    this.#fullAt.set(operation, fullAt + intervalMs);
    const burst = Math.max(1, Math.floor(perSecond * BURST_SECONDS));
    return Math.max(0, fullAt - nowMs - (burst - 1) * intervalMs);
  }
}
