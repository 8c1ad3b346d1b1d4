import type { ApiEvent, RetryEvent } from '../../ecr/api-call.ts';
import { escapeLine } from '../../foreign-text.ts';
import { formatDuration } from '../format.ts';

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

/** One line for a log. */
export function describeWait(wait: ShownWait): string {
  const { what, waitedMs, trouble } = wait;
  const line = `Waiting for ${what}, ${formatElapsed(waitedMs)}`;
  return trouble === undefined ? line : `${line}: ${describeTroubleOf(trouble)}`;
}

/** What becomes of a call that has failed. */
export function describeTrouble(trouble: Trouble): string {
  return `retrying${describeTime(trouble)}: ${trouble.operation}, ${describeReason(trouble)}`;
}

/** The same after the name of the call. */
export function describeTroubleOf(trouble: Trouble): string {
  return `retrying${describeTime(trouble)}, as it failed: ${describeReason(trouble)}`;
}

function describeTime({ waitMs }: Trouble): string {
  return waitMs > 0 ? ` in ${formatSeconds(waitMs)}` : '';
}

function describeReason({ reason }: Trouble): string {
  return escapeLine(reason.replaceAll(/\s+/g, ' '));
}

/** Whole seconds that have passed. */
export function formatElapsed(ms: number): string {
  return formatSeconds(Math.floor(ms / 1000) * 1000);
}

/** Whole seconds, those that have begun included: what is left of a wait. */
export function formatSeconds(ms: number): string {
  return ms < 59_000 ? `${Math.ceil(ms / 1000)} s` : formatDuration(ms);
}
