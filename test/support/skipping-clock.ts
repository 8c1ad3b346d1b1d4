import type { Clock } from '../../src/clock.ts';

export interface SkippingClock extends Clock {
  /** The waits that were asked for so far, in ms. */
  readonly waitedMs: readonly number[];
  /** Lets time pass that nobody waits for, as an answer takes it. */
  pass(ms: number): void;
}

/** A clock on which every wait is over at once, and which stands still otherwise. */
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
