import { type Clock, systemClock } from '../clock.ts';

const BUDGET_MS = 60_000;
/** While a host has never answered: its name is mistyped more often than it is down. */
const UNREACHED_BUDGET_MS = 10_000;
/** An attempt with less time left than this, or than a tenth of the budget, would only hide the error of the one before. */
const LEAST_ATTEMPT_MS = 1000;

export interface RetryBudgetSettings {
  /** `--retry-budget`. It is never exceeded. */
  readonly givenMs?: number | undefined;
  /** Without `--retry-budget`, once the host has answered. Default 60 s. */
  readonly defaultMs?: number | undefined;
  readonly clock?: Clock | undefined;
}

/** Bounds how long requests to one host are retried without progress of any. Unless a budget is given, 10 s until it first answers. */
export class RetryBudget {
  readonly clock: Clock;
  readonly #reachedMs: number;
  readonly #unreachedMs: number;
  #isReached = false;
  #progressMs = Number.NEGATIVE_INFINITY;

  constructor({ givenMs, defaultMs = BUDGET_MS, clock = systemClock }: RetryBudgetSettings = {}) {
    this.clock = clock;
    this.#reachedMs = givenMs ?? defaultMs;
    this.#unreachedMs = givenMs ?? UNREACHED_BUDGET_MS;
  }

  /** True when the host has ever answered. */
  get isReached(): boolean {
    return this.#isReached;
  }

  /** How long a request may now be retried without progress, in ms. */
  get allowedMs(): number {
    return this.#isReached ? this.#reachedMs : this.#unreachedMs;
  }

  /** Notes that the host has answered, whatever the answer. */
  noteAnswer(): void {
    this.#isReached = true;
  }

  /** Notes progress. The budget starts again. */
  noteProgress(): void {
    this.#isReached = true;
    this.#progressMs = this.clock.nowMs();
  }

  /** Returns what is left for a request that waits since `sinceMs`, in ms. 0 or less: the budget is spent. */
  findRestMs(sinceMs: number): number {
    return Math.max(sinceMs, this.#progressMs) + this.allowedMs - this.clock.nowMs();
  }

  /** True if a request that waits since `sinceMs` has time for another attempt after `delayMs`, in ms. */
  allowsAttempt(sinceMs: number, delayMs: number): boolean {
    const leastMs = Math.min(LEAST_ATTEMPT_MS, this.allowedMs / 10);
    return this.findRestMs(sinceMs) - delayMs > leastMs;
  }
}
