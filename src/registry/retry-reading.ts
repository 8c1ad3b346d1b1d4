import { watchSilence } from '../async/abort.ts';
import { EcrpError } from '../errors.ts';
import { ProxyError } from '../net/proxy-error.ts';
import { BodyTooLong } from '../net/read-body.ts';
import type { RetryBudget } from '../net/retry-budget.ts';
import { isTlsFailure } from '../net/tls-failure.ts';
import { NoTokenError } from './client.ts';
import { UnexpectedStatus } from './read-answer.ts';

/** No registry that serves anything is silent for so long. */
const SILENT_MS = 60_000;
const FIRST_DELAY_MS = 500;
const MAX_DELAY_MS = 20_000;

/** A try has failed and another follows after `delayMs`. */
export interface ReadRetry {
  /** What is read. */
  readonly subject: string;
  readonly delayMs: number;
  readonly reason: string;
}

export interface RetryOptions {
  /** Before each further try of what was read and is not as it should be: it may not be seen everywhere yet. */
  readonly waitsMs: readonly number[];
  /** For what cannot be read. */
  readonly budget: RetryBudget;
  /** How long nothing may come before a try is given up; default 60 s, and never longer than the budget. */
  readonly silentMs?: number | undefined;
  readonly onRetry?: ((retry: ReadRetry) => void) | undefined;
  readonly signal: AbortSignal;
}

/**
 * Reads again what could not be read, within the budget, and a few times what was not as it should be. What nothing but a registry would
 * answer is tried once more only. `read` tells of bytes that come. An `EcrpError` of the last time is thrown as it is; others become
 * UNAVAILABLE.
 */
export async function retryReading<Result>(
  what: string,
  read: (signal: AbortSignal, onProgress: () => void) => Promise<Result>,
  { waitsMs, budget, silentMs = SILENT_MS, onRetry, signal }: RetryOptions,
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
        cause instanceof EcrpError ? waitsMs[mismatches] : chooseDelay(cause, attempt, budget, startedMs);
      if (cause instanceof EcrpError) mismatches += 1;
      if (delayMs === undefined) throw explain(what, cause);
      onRetry?.({ subject: what, delayMs, reason: describeCause(cause) });
      await clock.wait(delayMs, signal);
    }
  }
}

/** Undefined when it is not worth another try, or the budget is spent by then. */
function chooseDelay(
  cause: unknown,
  attempt: number,
  budget: RetryBudget,
  startedMs: number,
): number | undefined {
  if (cause instanceof ProxyError && cause.isFinal) return undefined;
  if (attempt > 1 && isForeign(cause)) return undefined;
  const restMs = budget.findRestMs(startedMs);
  const askedMs = cause instanceof UnexpectedStatus ? (cause.retryAfterMs ?? 0) : 0;
  const ceilingMs = Math.min(
    MAX_DELAY_MS,
    budget.allowedMs / 3,
    FIRST_DELAY_MS * 2 ** Math.min(attempt - 1, 10),
  );
  const delayMs = Math.max(askedMs, Math.round(Math.random() * ceilingMs));
  return restMs > delayMs ? delayMs : undefined;
}

/** Whether it shows that something else than a registry answers, or another host. */
function isForeign(cause: unknown): boolean {
  if (cause instanceof UnexpectedStatus) return !cause.isTransient;
  return cause instanceof BodyTooLong || cause instanceof NoTokenError || isTlsFailure(cause);
}

function explain(what: string, cause: unknown): EcrpError {
  if (cause instanceof EcrpError) return cause;
  return new EcrpError('UNAVAILABLE', `${what} cannot be read back: ${describeCause(cause)}`, {
    hint:
      cause instanceof ProxyError
        ? cause.hint
        : 'What was pushed is there as far as the service says; run the command again to verify it.',
    cause,
  });
}

function describeCause(cause: unknown): string {
  return cause instanceof Error ? cause.message || cause.name : String(cause);
}
