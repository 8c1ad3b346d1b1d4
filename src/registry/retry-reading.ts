import { roundSeconds, watchSilence } from '../async/abort.ts';
import { EcrpError } from '../errors.ts';
import { isTlsFailure, ProxyError } from '../net/connection-error.ts';
import type { RetryBudget } from '../net/retry-budget.ts';
import { BodyTooLong } from '../net/send-request.ts';
import { NoTokenError } from './fetch-token.ts';
import { RedirectError, UnexpectedStatus } from './read-answer.ts';

/** A registry that works is never silent for this time. */
const SILENT_MS = 60_000;
const FIRST_DELAY_MS = 500;
const MAX_DELAY_MS = 20_000;

/** An attempt has failed and another follows after `delayMs`. */
export interface ReadRetry {
  /** What is being read. */
  readonly subject: string;
  /** Which attempt failed, from 1. */
  readonly attempt: number;
  readonly delayMs: number;
  readonly reason: string;
}

export interface RetryOptions {
  /** Waits before each further attempt when the content read is wrong: a change may not be visible everywhere yet. */
  readonly waitsMs: readonly number[];
  /** Bounds the attempts when reading fails. */
  readonly budget: RetryBudget;
  /** Ends an attempt when nothing has come for this time, default 60 s. It never exceeds the budget. */
  readonly silentMs?: number | undefined;
  readonly onRetry?: ((retry: ReadRetry) => void) | undefined;
  /** Words of the final error. Default: those of a verification. */
  readonly words?: FailureWords | undefined;
  readonly signal: AbortSignal;
}

/** `WHAT PROBLEM: CAUSE`, and the hint. */
export interface FailureWords {
  readonly problem: string;
  readonly hint: string;
  /** A better hint for some causes. */
  readonly hintFor?: ((cause: unknown) => string | undefined) | undefined;
}

const OF_VERIFICATION: FailureWords = {
  problem: 'cannot be read back',
  hint: 'Run the command again to verify the image. The service has acknowledged it.',
};

/**
 * Repeats a read that fails, within the budget. Wrong content is an `EcrpError` of `read`: it repeats that a few times. It repeats once
 * when another server answers in place of the registry. `read` reports bytes that come. Throws the last `EcrpError` as it is, and
 * UNAVAILABLE for other errors.
 */
export async function retryReading<Result>(
  what: string,
  read: (signal: AbortSignal, onProgress: () => void) => Promise<Result>,
  { waitsMs, budget, silentMs = SILENT_MS, onRetry, words = OF_VERIFICATION, signal }: RetryOptions,
): Promise<Result> {
  const { clock } = budget;
  const startedMs = clock.nowMs();
  let mismatches = 0;
  for (let attempt = 1; ; attempt += 1) {
    try {
      const mostMs = Math.max(1, Math.min(silentMs, budget.findRestMs(startedMs)));
      const result = await watchSilence(signal, mostMs, (inner, onProgress) =>
        read(inner, () => {
          budget.noteProgress();
          onProgress();
        }),
      );
      budget.noteProgress();
      return result;
    } catch (cause) {
      signal.throwIfAborted();
      if (cause instanceof UnexpectedStatus || cause instanceof EcrpError) budget.noteAnswer();
      const delayMs =
        cause instanceof EcrpError ? waitsMs[mismatches] : chooseReadDelay(cause, attempt, budget, startedMs);
      if (cause instanceof EcrpError) mismatches += 1;
      if (delayMs === undefined) throw explainReadFailure(what, cause, words);
      onRetry?.({ subject: what, attempt, delayMs, reason: describeReadFailure(cause) });
      await clock.wait(delayMs, signal);
    }
  }
}

/** Chooses the wait in ms after a failed attempt. Undefined: another one is useless, or the budget does not last until then. */
export function chooseReadDelay(
  cause: unknown,
  attempt: number,
  budget: RetryBudget,
  startedMs: number,
): number | undefined {
  if (cause instanceof ProxyError && cause.isFinal) return undefined;
  if (attempt > 1 && isForeign(cause)) return undefined;
  const askedMs = cause instanceof UnexpectedStatus ? (cause.retryAfterMs ?? 0) : 0;
  const ceilingMs = Math.min(
    MAX_DELAY_MS,
    budget.allowedMs / 3,
    FIRST_DELAY_MS * 2 ** Math.min(attempt - 1, 10),
  );
  const delayMs = Math.max(askedMs, Math.round(Math.random() * ceilingMs));
  return budget.allowsAttempt(startedMs, delayMs) ? delayMs : undefined;
}

/** True when another server answers in place of the registry. */
function isForeign(cause: unknown): boolean {
  if (cause instanceof UnexpectedStatus) return !cause.isTransient;
  return (
    cause instanceof BodyTooLong ||
    cause instanceof NoTokenError ||
    cause instanceof RedirectError ||
    isTlsFailure(cause) ||
    isNoHttp(cause)
  );
}

/** True for an answer that Node's parser of HTTP refuses. */
function isNoHttp(cause: unknown): boolean {
  return cause instanceof Error && 'code' in cause && String(cause.code).startsWith('HPE_');
}

/** Makes the error of a read that is given up. An `EcrpError` stays as it is. */
export function explainReadFailure(
  what: string,
  cause: unknown,
  { problem, hint, hintFor }: FailureWords = OF_VERIFICATION,
): EcrpError {
  if (cause instanceof EcrpError) return cause;
  const isDenied = cause instanceof UnexpectedStatus && cause.isDenial;
  return new EcrpError(
    isDenied ? 'AUTH' : 'UNAVAILABLE',
    `${what} ${problem}: ${describeReadFailure(cause)}`,
    {
      hint: cause instanceof ProxyError ? cause.hint : (hintFor?.(cause) ?? hint),
      cause,
    },
  );
}

/** Says in a few words why a read failed. */
export function describeReadFailure(cause: unknown): string {
  if (cause instanceof UnexpectedStatus && cause.retryAfterMs !== undefined) {
    return `${cause.message} and asks to wait ${roundSeconds(cause.retryAfterMs)} s`;
  }
  return cause instanceof Error ? cause.message || cause.name : String(cause);
}
