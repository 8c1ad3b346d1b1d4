import { type CallOutcome, CallTroubles, type Trouble } from './call-troubles.ts';

/** Waits that follow each other within this time are one silence. */
const GAP_MS = 500;

/** What a command waits for at one moment. */
export interface ShownWait {
  /** Such as `ECR Public (DescribeRepositories)` or `the credential process of the profile build`. */
  readonly what: string;
  /** Whether it is a call of the API; other waits are the reason why a call takes long. */
  readonly isCall: boolean;
  /** How long it has waited for this. */
  readonly waitedMs: number;
  /** A call that is tried again. */
  readonly trouble: Trouble | undefined;
}

interface Wait {
  readonly what: string;
  readonly isCall: boolean;
  readonly sinceMs: number;
}

/** The waits that are under way. Times are milliseconds of any one clock. */
export class WaitList {
  readonly #waits = new Set<Wait>();
  readonly #troubles = new CallTroubles();
  #silentSinceMs = 0;
  #endedMs = Number.NEGATIVE_INFINITY;

  /** Returns what ends the wait. */
  add(what: string, isCall: boolean, nowMs: number): (endMs: number) => void {
    if (this.#waits.size === 0 && nowMs - this.#endedMs > GAP_MS) this.#silentSinceMs = nowMs;
    const wait = { what, isCall, sinceMs: nowMs };
    this.#waits.add(wait);
    return (endMs) => {
      if (!this.#waits.delete(wait)) return;
      this.#endedMs = endMs;
      if (this.#waits.size === 0) this.#troubles.forget();
    };
  }

  noteCall(outcome: CallOutcome, nowMs: number): void {
    this.#troubles.apply(outcome, nowMs);
  }

  /** When the command began to wait without a pause worth the name; undefined while it waits for nothing. */
  get silentSinceMs(): number | undefined {
    return this.#waits.size === 0 ? undefined : this.#silentSinceMs;
  }

  /** The wait that tells most: what a call waits for before the call itself, the oldest first. */
  find(nowMs: number): ShownWait | undefined {
    const waits = [...this.#waits];
    const shown = waits.find((wait) => !wait.isCall) ?? waits[0];
    if (shown === undefined) return undefined;
    const { what, isCall, sinceMs } = shown;
    const trouble = isCall ? this.#troubles.find(nowMs) : undefined;
    // Of calls that follow each other, none took as long as they do together.
    const waitedMs = nowMs - (isCall ? this.#silentSinceMs : sinceMs);
    return { what, isCall, waitedMs, trouble };
  }
}
