import { setMaxListeners } from 'node:events';
import { type Clock, systemClock } from '../clock.ts';
import { EcrpError } from '../errors.ts';
import { limitAttempt, makeAttempt } from './attempt.ts';
import { Backoff } from './backoff.ts';
import type { ApiEvent } from './call-event.ts';
import { classifyFailure, isAmbiguous, isNetworkFailure, type Verdict } from './classify.ts';
import { explainFailure } from './errors.ts';
import { describeFailure, type Failure } from './exception.ts';
import { Pacer } from './pacing.ts';

/** How long a call is repeated before it is given up, while no other call succeeds either. */
const BUDGET_MS = 5 * 60_000;
/** The same, as long as the endpoint has never answered: it is mistyped more often than down. */
const UNREACHED_BUDGET_MS = 10_000;
const MIN_ATTEMPTS = 3;

/** One call of the API. */
export interface ApiCall<Answer, Result> {
  readonly operation: string;
  /** Makes one attempt; what it throws decides whether another follows. */
  readonly send: (signal: AbortSignal) => Promise<Answer>;
  /** Takes what is wanted out of the answer; undefined when it is not there, as when a proxy cut it off: that is retried. */
  readonly read: (answer: Answer) => Result | undefined;
  /**
   * Exceptions that are answers rather than errors, by name; undefined makes it an error after all. `ambiguous`: an
   * earlier attempt may have taken effect, as its answer was lost.
   */
  readonly answers?: Readonly<Record<string, (exception: Failure, ambiguous: boolean) => Result | undefined>>;
  /** For hints. */
  readonly repositoryName?: string | undefined;
  /** Length of the body, when it is one that takes time. */
  readonly bodyBytes?: number;
}

/**
 * Makes one call with all its retries.
 * Throws the signal's reason when aborted, else an `EcrpError` that names the operation.
 */
export interface Caller {
  <Answer extends Answered, Result>(call: ApiCall<Answer, Result>, signal: AbortSignal): Promise<Result>;
  /** Whether a call of the operation may have to wait now, as others are in trouble. */
  isHeld(operation: string): boolean;
}

/** The part of every answer that the SDK adds. */
export interface Answered {
  readonly $metadata: {
    readonly requestId?: string | undefined;
    readonly httpStatusCode?: number | undefined;
  };
}

export interface CallerSettings {
  /** For messages. */
  readonly endpoint: string;
  readonly onEvent?: ((event: ApiEvent) => void) | undefined;
  /** Makes sure that there are credentials before an attempt, which does not wait for a person or a process. Throws AUTH. */
  readonly authenticate?: ((signal: AbortSignal) => Promise<void>) | undefined;
  /** Undefined when the credentials cannot change. */
  readonly refreshCredentials?: ((signal: AbortSignal) => Promise<void>) | undefined;
  readonly pacer?: Pacer;
  /** Of the waits and the budget; default the machine's. */
  readonly clock?: Clock;
  readonly budgetMs?: number;
  readonly unreachedBudgetMs?: number;
  readonly firstDelayMs?: number;
  /** How long an attempt may take in all, in ms. */
  readonly limitAttempt?: (bodyBytes: number) => number;
}

/** Makes the one retry layer, shared by all calls of a client: attempts, waits, pacing, events. */
export function makeCaller(settings: CallerSettings): Caller {
  const { endpoint, onEvent } = settings;
  const clock = settings.clock ?? systemClock;
  const pacer = settings.pacer ?? new Pacer(undefined, clock);
  const budgetMs = settings.budgetMs ?? BUDGET_MS;
  const unreachedBudgetMs = settings.unreachedBudgetMs ?? UNREACHED_BUDGET_MS;
  // Three attempts are made in any case, and the waits between them are no reason for going over the budget.
  const backoff = new Backoff(settings.firstDelayMs, () => findBudgetMs() / MIN_ATTEMPTS);
  const limit = settings.limitAttempt ?? ((bodyBytes) => limitAttempt(bodyBytes, 1));
  let reached = false;
  let lastSuccessMs = 0;
  let refreshing: Promise<void> | undefined;

  const refresh = (signal: AbortSignal): Promise<void> => {
    refreshing ??= (settings.refreshCredentials?.(signal) ?? Promise.resolve()).finally(() => {
      refreshing = undefined;
    });
    return refreshing;
  };

  const makeCall = async <Answer extends Answered, Result>(
    call: ApiCall<Answer, Result>,
    signal: AbortSignal,
  ): Promise<Result> => {
    const { operation, repositoryName } = call;
    // Node warns on the console of more than ten; each call in flight has some.
    setMaxListeners(0, signal);
    signal.throwIfAborted();
    await settings.authenticate?.(signal);
    const startedMs = clock.nowMs();
    let firstFailureMs: number | undefined;
    let ambiguous = false;
    // What is worth one more attempt, but not two.
    const spent = { refresh: false, clock: false };
    for (let attempt = 1; ; attempt += 1) {
      let failure: Failure;
      let sentMs = clock.nowMs();
      try {
        signal.throwIfAborted();
        if (attempt > 1) await settings.authenticate?.(signal);
        await clock.wait(backoff.hold(operation, attempt, sentMs), signal);
        await pacer.admit(operation, signal);
        sentMs = clock.nowMs();
        const answer = await makeAttempt(call.send, limit(call.bodyBytes ?? 0), signal);
        reached = true;
        const result = call.read(answer);
        if (result !== undefined) {
          succeed();
          report(attempt, answer.$metadata.requestId);
          return result;
        }
        failure = describeFailure({
          ...answer,
          name: 'UnreadableAnswer',
          message: 'the answer lacks its content',
        });
      } catch (error) {
        signal.throwIfAborted();
        if (error instanceof EcrpError) {
          report(attempt, error.requestId, error.awsError ?? error.code);
          throw error;
        }
        failure = describeFailure(error);
      }
      reached ||= failure.status !== undefined;
      const result = failure.fromService ? call.answers?.[failure.name]?.(failure, ambiguous) : undefined;
      if (result !== undefined) {
        succeed();
        report(attempt, failure.requestId, failure.name);
        return result;
      }
      const failedMs = clock.nowMs();
      firstFailureMs ??= failedMs;
      const verdict = judge(failure, spent);
      spent.clock ||= failure.clockCorrected;
      const delayMs =
        verdict === 'retry'
          ? backoff.fail(
              {
                operation,
                isNetwork: isNetworkFailure(failure),
                attempt,
                startedMs: sentMs,
                retryAfterMs: failure.retryAfterMs,
              },
              failedMs,
            )
          : 0;
      const spentMs = failedMs - Math.max(firstFailureMs, lastSuccessMs) + delayMs;
      if (verdict === 'final' || isSpent(attempt, spentMs, failure.retryAfterMs)) {
        report(attempt, failure.requestId, failure.name);
        throw explainFailure(failure, { operation, endpoint, attempts: attempt, repositoryName });
      }
      ambiguous ||= isAmbiguous(failure);
      const reason = failure.fromService ? failure.name : failure.message || failure.name;
      onEvent?.({ kind: 'retry', operation, attempt, delayMs: Math.round(delayMs), reason });
      if (verdict === 'refresh') {
        spent.refresh = true;
        await refresh(signal);
      } else {
        await clock.wait(delayMs, signal);
      }
    }

    function succeed(): void {
      lastSuccessMs = clock.nowMs();
      backoff.succeed(operation);
    }

    function report(attempts: number, requestId: string | undefined, error?: string): void {
      const ms = Math.round(clock.nowMs() - startedMs);
      onEvent?.({ kind: 'call', operation, ms, attempts, requestId, error });
    }
  };

  return Object.assign(makeCall, { isHeld: (operation: string) => backoff.isHeld(operation) });

  /** A slow link may take longer than the budget for one attempt, so a few are made, but not after any wait asked for. */
  function isSpent(attempt: number, spentMs: number, retryAfterMs = 0): boolean {
    const mostMs = findBudgetMs();
    return retryAfterMs > mostMs || (attempt >= MIN_ATTEMPTS && spentMs >= mostMs);
  }

  function findBudgetMs(): number {
    return reached ? budgetMs : Math.min(budgetMs, unreachedBudgetMs);
  }

  function judge(failure: Failure, spent: { refresh: boolean; clock: boolean }): Verdict {
    const verdict = classifyFailure(spent.clock ? { ...failure, clockCorrected: false } : failure);
    return verdict === 'refresh' && (spent.refresh || !settings.refreshCredentials) ? 'final' : verdict;
  }
}
