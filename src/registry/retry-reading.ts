import { setTimeout as sleep } from 'node:timers/promises';
import { EcrpError } from '../errors.ts';

export interface RetryOptions {
  /** Before each further try. */
  readonly waitsMs: readonly number[];
  readonly signal: AbortSignal;
}

/**
 * Reads once more, and again, what could not be read or was not as it should be: networks fail, and what was put a moment
 * ago may not be seen everywhere yet. An `EcrpError` of the last time is thrown as it is; others become UNAVAILABLE.
 */
export async function retryReading<Result>(
  what: string,
  read: () => Promise<Result>,
  { waitsMs, signal }: RetryOptions,
): Promise<Result> {
  for (const waitMs of waitsMs) {
    try {
      return await read();
    } catch {
      await sleep(waitMs, undefined, { signal });
    }
  }
  try {
    return await read();
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
