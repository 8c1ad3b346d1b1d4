import { type Clock, systemClock } from '../clock.ts';

const BUDGET_MS = 60_000;
/** While a place has never answered: it is mistyped more often than down. */
const UNREACHED_BUDGET_MS = 10_000;

export interface RetryBudgetSettings {
  /** `--retry-budget`; kept in any case. */
  readonly givenMs?: number | undefined;
  /** When none is given and the place has answered; default 60 s. */
  readonly defaultMs?: number | undefined;
  readonly clock?: Clock | undefined;
}

/** How long requests to one place are retried without progress of any: 10 s while it has never answered, unless a budget is given. */
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

  /** Whether the place has ever answered. */
  get isReached(): boolean {
    return this.#isReached;
  }

  /** How long a request may be retried without progress now, in ms. */
  get allowedMs(): number {
    return this.#isReached ? this.#reachedMs : this.#unreachedMs;
  }

  /** Notes that the place has answered, whatever it said. */
  noteAnswer(): void {
    this.#isReached = true;
  }

  /** Notes a success; the budget begins anew. */
  noteProgress(): void {
    this.#isReached = true;
    this.#progressMs = this.clock.nowMs();
  }

  /** What is left now for a request that waits since `sinceMs`, in ms; 0 or less when it is spent. */
  findRestMs(sinceMs: number): number {
    return Math.max(sinceMs, this.#progressMs) + this.allowedMs - this.clock.nowMs();
  }
}
