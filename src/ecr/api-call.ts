import type { Send } from './attempt.ts';
import type { Failure } from './failure.ts';

/** One call of the API. */
export interface ApiCall<Answer, Result> {
  readonly operation: string;
  /** Makes one attempt. Its error decides whether another follows. */
  readonly send: Send<Answer>;
  /**
   * Reads the result out of the answer. Undefined when it is absent, as when a proxy cut the answer off: that is retried.
   * `ambiguous`: an earlier attempt may have taken effect, but its answer was lost.
   */
  readonly read: (answer: Answer, ambiguous: boolean) => Result | undefined;
  /** Exceptions that are answers rather than errors, by name. Undefined makes one an error after all. */
  readonly answers?: Readonly<Record<string, (exception: Failure, ambiguous: boolean) => Result | undefined>>;
  /** For hints. */
  readonly repositoryName?: string | undefined;
  /** Length of a body that takes time to send. */
  readonly bodyBytes?: number;
}

/**
 * Makes one call with all its retries. Throws the signal's reason when aborted, else an `EcrpError` that names the operation.
 */
export interface Caller {
  <Answer extends Answered, Result>(call: ApiCall<Answer, Result>, signal: AbortSignal): Promise<Result>;
  /** True when a call of the operation may have to wait now, because others have failed. */
  isHeld(operation: string): boolean;
}

/** The member that the SDK adds to every answer. */
export interface Answered {
  readonly $metadata: {
    readonly requestId?: string | undefined;
    readonly httpStatusCode?: number | undefined;
  };
}

/** Reports calls, for `-v`, NDJSON and the counts of a result. Never carries a secret. */
export type ApiEvent = CallEvent | RetryEvent;

/** A call has ended, after all its attempts. */
export interface CallEvent {
  readonly kind: 'call';
  readonly operation: string;
  /** Duration from the first attempt to the end, waits included. */
  readonly ms: number;
  readonly attempts: number;
  readonly requestId?: string | undefined;
  /** Name of the exception or error when the call failed, also when the failure is an expected answer. */
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
