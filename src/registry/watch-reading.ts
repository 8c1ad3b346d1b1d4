import { deriveAbort, makeTimeoutError, roundSeconds } from '../async/abort.ts';

/** Watches that a reading makes progress. Its user tells what comes, and when it does not wait for more. */
export interface ReadingWatch {
  /** For the reading. Aborted when the time is over, and when the signal that was given aborts. */
  readonly signal: AbortSignal;
  note(bytes: number): void;
  /** The bytes are at the consumer, whose time does not count. */
  hold(): void;
  resume(): void;
  /** The error of a failed reading: a `TimeoutError` when the time is over. Throws the reason of the signal that was given. */
  explain(error: unknown): unknown;
  end(): void;
}

/**
 * Starts to watch a reading. The time is over when fewer than `leastBytes` have come for `mostMs`, opening included. `onProgress` is called
 * each time when so many have come. End it.
 */
export function watchReading(
  signal: AbortSignal,
  mostMs: number,
  leastBytes: number,
  onProgress: () => void,
): ReadingWatch {
  signal.throwIfAborted();
  const derived = deriveAbort(signal);
  let timeout: Error | undefined;
  let bytes = 0;
  let isHeld = false;
  let isOverdue = false;
  let heldSinceMs = 0;
  let heldMs = 0;
  let timer: NodeJS.Timeout | undefined;
  const wait = (ms: number): void => {
    clearTimeout(timer);
    timer = setTimeout(expire, ms);
    heldMs = 0;
  };
  const expire = (): void => {
    if (isHeld) isOverdue = true;
    else if (heldMs > 0) wait(heldMs);
    else {
      timeout = makeTimeoutError(`too few bytes came for ${roundSeconds(mostMs)} s`);
      derived.abort(timeout);
    }
  };
  wait(mostMs);
  return {
    signal: derived.signal,
    note(count) {
      bytes += count;
      if (bytes < leastBytes) return;
      bytes = 0;
      wait(mostMs);
      onProgress();
    },
    hold() {
      isHeld = true;
      heldSinceMs = performance.now();
    },
    resume() {
      isHeld = false;
      heldMs += performance.now() - heldSinceMs;
      if (isOverdue) wait(heldMs);
      isOverdue = false;
    },
    explain(error) {
      signal.throwIfAborted();
      return timeout ?? error;
    },
    end() {
      clearTimeout(timer);
      derived.dispose();
    },
  };
}
