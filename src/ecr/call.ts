import { setMaxListeners } from 'node:events';
import { EcrpError } from '../errors.ts';
import { Backoff } from '../net/backoff.ts';
import { RetryBudget } from '../net/retry-budget.ts';
import { UnexpectedMember } from './answers.ts';
import type { Answered, ApiCall, ApiEvent, Caller } from './api-call.ts';
import { limitAttempt, makeAttempt } from './attempt.ts';
import type { Diagnose } from './diagnose-scheme.ts';
import {
  classifyFailure,
  describeFailure,
  describeReason,
  type Failure,
  isAmbiguous,
  isCutShort,
  isNetworkFailure,
  UnexpectedAnswer,
  type Verdict,
} from './failure.ts';
import { Pacer } from './pacing.ts';

/** A body that takes longer to send than the budget is sent this many times. */
const MIN_SENDINGS = 3;

export interface CallerSettings {
  /** For messages. */
  readonly endpoint: string;
  /** The same: host of the private registry; undefined: the service is ECR Public. */
  readonly privateHost?: string | undefined;
  readonly onEvent?: ((event: ApiEvent) => void) | undefined;
  /** Finds credentials before an attempt: the time limit of an attempt is too short for a person or a process. Throws AUTH. */
  readonly authenticate?: ((signal: AbortSignal) => Promise<void>) | undefined;
  /** Undefined when the credentials cannot change. */
  readonly refreshCredentials?: ((signal: AbortSignal) => Promise<void>) | undefined;
  /** Looks more closely at failures while the endpoint has never answered. */
  readonly diagnose?: Diagnose | undefined;
  readonly pacer?: Pacer;
  /** Bounds the retries without progress. Its clock serves all waits. */
  readonly budget?: RetryBudget;
  readonly firstDelayMs?: number;
  /** Returns how long an attempt may take in all, in ms. */
  readonly limitAttempt?: (bodyBytes: number) => number;
}

/** Makes the only retry layer. All calls of a client share it: attempts, waits, pacing, events. */
export function makeCaller(settings: CallerSettings): Caller {
  const { endpoint, privateHost, onEvent } = settings;
  const budget = settings.budget ?? new RetryBudget();
  const { clock } = budget;
  const pacer = settings.pacer ?? new Pacer(undefined, clock);
  // A single wait leaves time for further attempts.
  const backoff = new Backoff(settings.firstDelayMs, () => budget.allowedMs / 3);
  const limit = settings.limitAttempt ?? ((bodyBytes) => limitAttempt(bodyBytes, 1));
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
    const { operation, repositoryName, bodyBytes = 0 } = call;
    // Each call in flight adds listeners. Node warns on the console when there are more than ten.
    setMaxListeners(0, signal);
    signal.throwIfAborted();
    await settings.authenticate?.(signal);
    const startedMs = clock.nowMs();
    // While a body is sent for the first time, that is progress.
    let sinceMs = bodyBytes === 0 ? startedMs : undefined;
    let ambiguous = false;
    let explained: Failure | undefined;
    const spent: Spent = { refresh: false, clock: false, foreign: false };
    for (let attempt = 1; ; attempt += 1) {
      let failure: Failure;
      let isSent = bodyBytes === 0;
      let sentMs = clock.nowMs();
      try {
        signal.throwIfAborted();
        if (attempt > 1) await settings.authenticate?.(signal);
        await clock.wait(backoff.hold(operation, attempt, sentMs), signal);
        await pacer.admit(operation, signal);
        // The budget is for waiting for an answer, not for other calls or for credentials.
        if (sinceMs !== undefined) sinceMs += clock.nowMs() - sentMs;
        sentMs = clock.nowMs();
        const limits = {
          mostMs: sinceMs === undefined || !isSent ? limit(bodyBytes) : limitWait(sinceMs),
          limitAnswer: () => {
            isSent = true;
            sinceMs ??= clock.nowMs();
            return limitWait(sinceMs);
          },
        };
        const answer = await makeAttempt(call.send, limits, signal);
        budget.noteAnswer();
        const result = readResult(call, answer, ambiguous);
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
        if (!budget.isReached) failure = (await settings.diagnose?.(failure, signal)) ?? failure;
      }
      const verdict = judge(failure, spent);
      if (failure.status !== undefined) budget.noteAnswer();
      const result = failure.fromService ? call.answers?.[failure.name]?.(failure, ambiguous) : undefined;
      if (result !== undefined) {
        succeed();
        report(attempt, failure.requestId, failure.name);
        return result;
      }
      // A last attempt that the budget cuts short would hide the reason of the one before.
      if (explained === undefined || !isCutShort(failure)) explained = failure;
      const failedMs = clock.nowMs();
      sinceMs ??= failedMs;
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
      const isSlowLink = !isSent && attempt < MIN_SENDINGS && (failure.retryAfterMs ?? 0) <= budget.allowedMs;
      if (verdict === 'final' || (!budget.allowsAttempt(sinceMs, delayMs) && !isSlowLink)) {
        report(attempt, failure.requestId, failure.name);
        const { explainFailure } = await import('./errors.ts');
        const subject = { operation, endpoint, privateHost, attempts: attempt, repositoryName };
        throw explainFailure(explained, subject);
      }
      ambiguous ||= isAmbiguous(failure);
      const reason = describeReason(failure);
      onEvent?.({ kind: 'retry', operation, attempt, delayMs: Math.round(delayMs), reason });
      if (verdict === 'refresh') {
        await refresh(signal);
      } else {
        await clock.wait(delayMs, signal);
      }
    }

    function succeed(): void {
      budget.noteProgress();
      backoff.succeed(operation);
    }

    function report(attempts: number, requestId: string | undefined, error?: string): void {
      const ms = Math.round(clock.nowMs() - startedMs);
      onEvent?.({ kind: 'call', operation, ms, attempts, requestId, error });
    }
  };

  return Object.assign(makeCall, { isHeld: (operation: string) => backoff.isHeld(operation) });

  function limitWait(sinceMs: number): number {
    return Math.min(limit(0), budget.findRestMs(sinceMs));
  }

  /** Judges a failure. Some failures are worth one more attempt, but not two. */
  function judge(failure: Failure, spent: Spent): Verdict {
    const verdict = classifyFailure(spent.clock ? { ...failure, clockCorrected: false } : failure);
    spent.clock ||= failure.clockCorrected;
    if (verdict === 'refresh') {
      const isVain = spent.refresh || !settings.refreshCredentials;
      spent.refresh = true;
      return isVain ? 'final' : 'refresh';
    }
    // A server that has never sent valid HTTP is usually no HTTP server.
    const isForeign = verdict === 'retry-once' || (failure.name.startsWith('HPE_') && !budget.isReached);
    if (!isForeign) return verdict;
    const isAgain = spent.foreign;
    spent.foreign = true;
    return isAgain ? 'final' : 'retry';
  }
}

/** An answer whose members have other types than the service's is no answer of the service. */
function readResult<Answer extends Answered, Result>(
  { read }: ApiCall<Answer, Result>,
  answer: Answer,
  ambiguous: boolean,
): Result | undefined {
  try {
    return read(answer, ambiguous);
  } catch (error) {
    if (error instanceof EcrpError) throw error;
    // The runtime's message about a wrong type describes our code, not the answer.
    const problem = error instanceof UnexpectedMember ? error.message : 'its type is another one';
    const { httpStatusCode = 200 } = answer.$metadata;
    throw new UnexpectedAnswer(`with a member that cannot be right: ${problem}`, httpStatusCode, {});
  }
}

interface Spent {
  refresh: boolean;
  clock: boolean;
  foreign: boolean;
}
