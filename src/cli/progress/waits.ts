import type { ApiEvent, RetryEvent } from '../../ecr/api-call.ts';
import { escapeLine } from '../../foreign-text.ts';
import { formatDuration } from '../format.ts';

/** Waits with shorter gaps count as one silence. */
const GAP_MS = 500;

/** The wait of a command at one moment. */
export interface ShownWait {
  /** Such as `ECR Public (DescribeRepositories)` or `the credential process of the profile build`. */
  readonly what: string;
  /** True for a call of the API. Other waits are the reason why a call takes long. */
  readonly isCall: boolean;
  /** Time since the wait began. */
  readonly waitedMs: number;
  /** The retry of that call. */
  readonly trouble: Trouble | undefined;
}

interface Wait {
  readonly what: string;
  readonly isCall: boolean;
  readonly sinceMs: number;
}

/** The waits under way. Times are milliseconds of any one clock. */
export class WaitList {
  readonly #waits = new Set<Wait>();
  readonly #troubles = new CallTroubles();
  #silentSinceMs = 0;
  #endedMs = Number.NEGATIVE_INFINITY;

  /** Adds a wait. Returns a function that ends it. */
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

  /** Start of the current silence; undefined without a wait. */
  get silentSinceMs(): number | undefined {
    return this.#waits.size === 0 ? undefined : this.#silentSinceMs;
  }

  /** Chooses the wait to show: the oldest one inside a call, else the oldest call. */
  find(nowMs: number): ShownWait | undefined {
    const waits = [...this.#waits];
    const shown = waits.find((wait) => !wait.isCall) ?? waits[0];
    if (shown === undefined) return undefined;
    const { what, isCall, sinceMs } = shown;
    const trouble = isCall ? this.#troubles.find(nowMs) : undefined;
    // For successive calls, the time of the whole silence counts.
    const waitedMs = nowMs - (isCall ? this.#silentSinceMs : sinceMs);
    return { what, isCall, waitedMs, trouble };
  }
}

/** The end of a call, or the retry of a call or of a read from the registry. */
export type CallOutcome = ApiEvent | Omit<RetryEvent, 'attempt'>;

/** A call that is being retried. */
export interface Trouble {
  readonly operation: string;
  readonly reason: string;
  /** Time until the next attempt; 0 while it is under way. */
  readonly waitMs: number;
}

interface Noted extends Omit<Trouble, 'waitMs'> {
  readonly sinceMs: number;
  readonly untilMs: number;
}

/** Shorter troubles would only flicker. */
const SHOWN_AFTER_MS = 1_000;

/** The operations that are failing at the moment, from events of the API's client. */
export class CallTroubles {
  readonly #noted = new Map<string, Noted>();
  #retries = 0;

  get retries(): number {
    return this.#retries;
  }

  apply(event: CallOutcome, nowMs: number): void {
    // An answer to any call of the operation ends its trouble.
    if (event.kind === 'call') {
      this.#noted.delete(event.operation);
      return;
    }
    this.#retries += 1;
    const { operation, reason, delayMs } = event;
    const sinceMs = this.#noted.get(operation)?.sinceMs ?? nowMs;
    this.#noted.set(operation, { operation, reason, sinceMs, untilMs: nowMs + delayMs });
  }

  /** Drops all troubles, but keeps the count of retries. */
  forget(): void {
    this.#noted.clear();
  }

  /** The longest trouble; undefined if none is long enough to show. */
  find(nowMs: number): Trouble | undefined {
    const [first] = [...this.#noted.values()].sort((a, b) => a.sinceMs - b.sinceMs);
    if (first === undefined || Math.max(nowMs, first.untilMs) - first.sinceMs < SHOWN_AFTER_MS) {
      return undefined;
    }
    const { operation, reason, untilMs } = first;
    return { operation, reason, waitMs: Math.max(0, untilMs - nowMs) };
  }
}

/** Describes a wait in one line for a log. */
export function describeWait(wait: ShownWait): string {
  const { what, waitedMs, trouble } = wait;
  const line = `Waiting for ${what}, ${formatElapsed(waitedMs)}`;
  return trouble === undefined ? line : `${line}: ${describeRetry(trouble)}`;
}

/** Describes a retry, with the name of its call. */
export function describeTrouble(trouble: Trouble): string {
  return `retrying${describeTime(trouble)}: ${trouble.operation}, ${describeReason(trouble)}`;
}

/** Describes a retry, after the name of its call. */
export function describeRetry(trouble: Trouble): string {
  return `retrying${describeTime(trouble)}, last error: ${describeReason(trouble)}`;
}

function describeTime({ waitMs }: Trouble): string {
  return waitMs > 0 ? ` in ${formatSeconds(waitMs)}` : '';
}

function describeReason({ reason }: Trouble): string {
  return escapeLine(reason.replaceAll(/\s+/g, ' '));
}

/** Formats elapsed time: completed seconds. */
export function formatElapsed(ms: number): string {
  return formatSeconds(Math.floor(ms / 1000) * 1000);
}

/** Formats remaining time: started seconds count. */
export function formatSeconds(ms: number): string {
  return ms < 59_000 ? `${Math.ceil(ms / 1000)} s` : formatDuration(ms);
}
