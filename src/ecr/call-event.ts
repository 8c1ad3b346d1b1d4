/** What the client tells about its calls, for `-v`, NDJSON and the counts of a result. Never carries a secret. */
export type ApiEvent = CallEvent | RetryEvent;

/** A call has ended, after all its attempts. */
export interface CallEvent {
  readonly kind: 'call';
  readonly operation: string;
  /** From the first attempt to the end, waits included. */
  readonly ms: number;
  readonly attempts: number;
  readonly requestId?: string | undefined;
  /** The exception's or the error's name when the call failed, also when the failure is an expected answer. */
  readonly error?: string | undefined;
}

/** An attempt has failed and another follows after `delayMs`. */
export interface RetryEvent {
  readonly kind: 'retry';
  readonly operation: string;
  /** Which attempt failed, from 1. */
  readonly attempt: number;
  readonly delayMs: number;
  readonly reason: string;
}
