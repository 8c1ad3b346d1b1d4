import { setTimeout as sleep } from 'node:timers/promises';
import { EcrpError } from '../errors.ts';
import { watchSilence } from './watch-silence.ts';

/** No registry that serves anything is silent for so long. */
const SILENT_MS = 60_000;

/** A try has failed and another follows after `delayMs`. */
export interface ReadRetry {
  /** What is read. */
  readonly subject: string;
  readonly delayMs: number;
  readonly reason: string;
}

export interface RetryOptions {
  /** Before each further try. */
  readonly waitsMs: readonly number[];
  /** How long nothing may come before a try is given up; default 60 s. */
  readonly silentMs?: number | undefined;
  readonly onRetry?: ((retry: ReadRetry) => void) | undefined;
  readonly signal: AbortSignal;
}

/**
 * Reads once more, and again, what could not be read or was not as it should be: networks fail, and what was put a moment
 * ago may not be seen everywhere yet. `read` tells of each byte that comes. An `EcrpError` of the last time is thrown as it is; others become UNAVAILABLE.
 */
export async function retryReading<Result>(
  what: string,
  read: (signal: AbortSignal, onProgress: () => void) => Promise<Result>,
  { waitsMs, silentMs = SILENT_MS, onRetry, signal }: RetryOptions,
): Promise<Result> {
  for (const waitMs of waitsMs) {
    try {
      return await watchSilence(signal, silentMs, read);
    } catch (cause) {
      signal.throwIfAborted();
      onRetry?.({ subject: what, delayMs: waitMs, reason: describeCause(cause) });
      await sleep(waitMs, undefined, { signal });
    }
  }
  try {
    return await watchSilence(signal, silentMs, read);
  } catch (cause) {
    if (cause instanceof EcrpError) throw cause;
    throw new EcrpError('UNAVAILABLE', `${what} cannot be read back: ${describeCause(cause)}`, {
      hint: 'What was pushed is there as far as the service says; run the command again to verify it.',
      cause,
    });
  }
}

/** `fetch` says "fetch failed", and why one level below. */
function describeCause(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  return cause.cause instanceof Error && cause.cause.message !== '' ? cause.cause.message : cause.message;
}
