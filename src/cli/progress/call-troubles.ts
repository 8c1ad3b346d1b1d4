import type { ApiEvent, RetryEvent } from '../../ecr/api-call.ts';

/** What has become of a call, or of reading something back. */
export type CallOutcome = ApiEvent | Omit<RetryEvent, 'attempt'>;

/** A call that is tried again. */
export interface Trouble {
  readonly operation: string;
  readonly reason: string;
  /** Until the next attempt; 0 while that is under way. */
  readonly waitMs: number;
}

interface Noted extends Omit<Trouble, 'waitMs'> {
  readonly sinceMs: number;
  readonly untilMs: number;
}

/** Shorter ones would only flash up. */
const SHOWN_AFTER_MS = 1_000;

/** Which operations fail at the moment, from the events of the API's client. */
export class CallTroubles {
  readonly #noted = new Map<string, Noted>();
  #retries = 0;

  get retries(): number {
    return this.#retries;
  }

  apply(event: CallOutcome, nowMs: number): void {
    // Whichever call of the operation it was, the service answers it.
    if (event.kind === 'call') {
      this.#noted.delete(event.operation);
      return;
    }
    this.#retries += 1;
    const { operation, reason, delayMs } = event;
    const sinceMs = this.#noted.get(operation)?.sinceMs ?? nowMs;
    this.#noted.set(operation, { operation, reason, sinceMs, untilMs: nowMs + delayMs });
  }

  /** What failed is there by now. */
  forget(): void {
    this.#noted.clear();
  }

  /** The longest-lasting trouble, if there is one worth a line. */
  find(nowMs: number): Trouble | undefined {
    const [first] = [...this.#noted.values()].sort((a, b) => a.sinceMs - b.sinceMs);
    if (first === undefined || Math.max(nowMs, first.untilMs) - first.sinceMs < SHOWN_AFTER_MS) {
      return undefined;
    }
    const { operation, reason, untilMs } = first;
    return { operation, reason, waitMs: Math.max(0, untilMs - nowMs) };
  }
}
