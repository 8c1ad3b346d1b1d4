import { type Clock, systemClock } from '../clock.ts';

/** How long reads go on without progress; the same as for calls of the API. */
const BUDGET_MS = 5 * 60_000;
/** The same, as long as the registry has never answered. */
const UNREACHED_BUDGET_MS = 10_000;

export interface ReadBudgetSettings {
  /** Default 5 min, or 10 s while the registry has never answered. What is given is kept in any case. */
  readonly budgetMs?: number | undefined;
  readonly clock?: Clock | undefined;
}

/** How long the reads of a registry may go on without progress of any of them. */
export class ReadBudget {
  readonly clock: Clock;
  readonly #budgetMs: number;
  readonly #unreachedMs: number;
  #isReached = false;
  #progressMs = 0;

  constructor({ budgetMs, clock = systemClock }: ReadBudgetSettings = {}) {
    this.clock = clock;
    this.#budgetMs = budgetMs ?? BUDGET_MS;
    this.#unreachedMs = budgetMs ?? UNREACHED_BUDGET_MS;
  }

  /** Notes that the registry has answered, whatever it said. */
  noteAnswer(): void {
    this.#isReached = true;
  }

  noteProgress(): void {
    this.#isReached = true;
    this.#progressMs = this.clock.nowMs();
  }

  /** How long one may go on without progress now, in ms. */
  get allowedMs(): number {
    return this.#isReached ? this.#budgetMs : this.#unreachedMs;
  }

  /** What is left at this time of the budget of a read that began at `startedMs`, in ms; negative when it is spent. */
  findRestMs(startedMs: number): number {
    return Math.max(startedMs, this.#progressMs) + this.allowedMs - this.clock.nowMs();
  }
}
