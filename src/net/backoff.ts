const FIRST_DELAY_MS = 200;
const MAX_DELAY_MS = 20_000;
/** Scope of failures of the connection, which concern every operation. */
const EVERYTHING = '*';

interface Trouble {
  /** Rounds of failures since the last success. Concurrent attempts that fail are one round. */
  rounds: number;
  lastRoundMs: number;
  /** The service asked for no request before this time. */
  quietUntilMs: number;
}

export interface FailedAttempt {
  readonly operation: string;
  /** True when no answer came: that concerns every operation. */
  readonly isNetwork: boolean;
  /** Number of the attempt in its call, from 1. */
  readonly attempt: number;
  readonly startedMs: number;
  /** The wait that the answer asks for. */
  readonly retryAfterMs: number | undefined;
}

/**
 * Computes the waits between attempts, for all calls of a client together: a failure of one holds the others back. Exponential
 * with full jitter: https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/. All times are of one clock.
 */
export class Backoff {
  readonly #firstDelayMs: number;
  readonly #findMostMs: () => number;
  readonly #troubles = new Map<string, Trouble>();

  /** `findMostMs` returns the maximum of a wait now. It does not bound a wait that the service asks for. */
  constructor(firstDelayMs = FIRST_DELAY_MS, findMostMs: () => number = () => MAX_DELAY_MS) {
    this.#firstDelayMs = firstDelayMs;
    this.#findMostMs = findMostMs;
  }

  /** Returns how long an attempt waits because others failed, in ms. A retry has waited already: `attempt` counts from 1. */
  hold(operation: string, attempt: number, nowMs: number): number {
    const waits = [operation, EVERYTHING].map((scope) => {
      const trouble = this.#troubles.get(scope);
      if (trouble === undefined) return 0;
      const jitterMs = attempt === 1 ? this.#drawDelay(trouble.rounds) : 0;
      return Math.max(0, trouble.quietUntilMs - nowMs) + jitterMs;
    });
    return Math.max(...waits);
  }

  /** True when a call of the operation may have to wait: it or the connection has failed, and not succeeded since. */
  isHeld(operation: string): boolean {
    return this.#troubles.has(operation) || this.#troubles.has(EVERYTHING);
  }

  /** Notes a failure, and returns how long the call waits before its next attempt, in ms. */
  fail({ operation, isNetwork, attempt, startedMs, retryAfterMs = 0 }: FailedAttempt, nowMs: number): number {
    const scope = isNetwork ? EVERYTHING : operation;
    const trouble = this.#troubles.get(scope) ?? { rounds: 0, lastRoundMs: 0, quietUntilMs: 0 };
    if (trouble.rounds === 0 || startedMs >= trouble.lastRoundMs) {
      trouble.rounds += 1;
      trouble.lastRoundMs = nowMs;
    }
    trouble.quietUntilMs = Math.max(trouble.quietUntilMs, nowMs + retryAfterMs);
    this.#troubles.set(scope, trouble);
    return Math.max(retryAfterMs, this.#drawDelay(Math.max(attempt, trouble.rounds)));
  }

  /** Notes that an attempt of the operation succeeded. */
  succeed(operation: string): void {
    this.#troubles.delete(operation);
    this.#troubles.delete(EVERYTHING);
  }

  #drawDelay(rounds: number): number {
    const ceilingMs = Math.min(MAX_DELAY_MS, this.#findMostMs());
    return Math.random() * Math.min(ceilingMs, this.#firstDelayMs * 2 ** Math.min(rounds - 1, 20));
  }
}
