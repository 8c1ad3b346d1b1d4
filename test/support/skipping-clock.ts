import type { Clock } from '../../src/clock.ts';

export interface SkippingClock extends Clock {
  /** Waits so far, in milliseconds. */
  readonly waitedMs: readonly number[];
  /** Advances the time without a wait, as a slow answer does. */
  pass(ms: number): void;
}

/** Clock that skips every wait and stands still otherwise. */
export function makeSkippingClock(): SkippingClock {
  let nowMs = 0;
  const waitedMs: number[] = [];
  const pass = (ms: number): void => {
    nowMs += ms;
  };
  return {
    waitedMs,
    pass,
    nowMs: () => nowMs,
    wait: async (delayMs, signal) => {
      signal.throwIfAborted();
      if (delayMs <= 0) return;
      waitedMs.push(delayMs);
      pass(delayMs);
    },
  };
}
