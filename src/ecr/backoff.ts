const FIRST_DELAY_MS = 200;
const MAX_DELAY_MS = 20_000;
/** Scope of failures that no operation has to itself: the connection. */
const EVERYTHING = '*';

interface Trouble {
  /** Rounds of failures since the last success; those that were under way at the same time are one round. */
  rounds: number;
  lastRoundMs: number;
  /** Nothing goes out before, as the service has asked for. */
  quietUntilMs: number;
}

export interface FailedAttempt {
  readonly operation: string;
  /** Whether no answer came: then it is the trouble of every operation. */
  readonly isNetwork: boolean;
  /** Which attempt of its call, from 1. */
  readonly attempt: number;
  readonly startedMs: number;
  /** The wait that the answer asks for. */
  readonly retryAfterMs: number | undefined;
}

/**
 * The waits between attempts, shared by all calls of a client: what one meets holds the others back as well. Exponential
 * with full jitter: https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/. Times are of any one clock.
 */
export class Backoff {
  readonly #firstDelayMs: number;
  readonly #findMostMs: () => number;
  readonly #troubles = new Map<string, Trouble>();

  /** `findMostMs` says how long a wait may be at this time, but for one that the service asks for. */
  constructor(firstDelayMs = FIRST_DELAY_MS, findMostMs: () => number = () => MAX_DELAY_MS) {
    this.#firstDelayMs = firstDelayMs;
    this.#findMostMs = findMostMs;
  }

  /** How long the next attempt waits, as others are in trouble; `attempt` from 1: a retry has waited already. */
  hold(operation: string, attempt: number, nowMs: number): number {
    const waits = [operation, EVERYTHING].map((scope) => {
      const trouble = this.#troubles.get(scope);
      if (trouble === undefined) return 0;
      const jitterMs = attempt === 1 ? this.#drawDelay(trouble.rounds) : 0;
      return Math.max(0, trouble.quietUntilMs - nowMs) + jitterMs;
    });
    return Math.max(...waits);
  }

  /** Whether a call of the operation may have to wait: it or the connection has failed, and not succeeded since. */
  isHeld(operation: string): boolean {
    return this.#troubles.has(operation) || this.#troubles.has(EVERYTHING);
  }

  /** Notes a failure, and says how long the call waits before its next attempt. */
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

  /** Notes that the service answers the operation. */
  succeed(operation: string): void {
    this.#troubles.delete(operation);
    this.#troubles.delete(EVERYTHING);
  }

  #drawDelay(rounds: number): number {
    const ceilingMs = Math.min(MAX_DELAY_MS, this.#findMostMs());
    return Math.random() * Math.min(ceilingMs, this.#firstDelayMs * 2 ** Math.min(rounds - 1, 20));
  }
}
