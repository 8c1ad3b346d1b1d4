import { setTimeout as sleep } from 'node:timers/promises';

/** Tells the time and waits. Retries and pacing use it, so a test can skip hours. */
export interface Clock {
  /** Milliseconds since a fixed moment. Never decreases. */
  nowMs(): number;
  /** Waits, or throws the signal's reason if it is aborted. Returns at once if `delayMs` is 0 or less. */
  wait(delayMs: number, signal: AbortSignal): Promise<void>;
}

/** Monotonic clock of this machine: changing the date does not affect it. */
export const systemClock: Clock = {
  nowMs: () => performance.now(),
  wait: async (delayMs, signal) => {
    if (delayMs <= 0) return;
    try {
      await sleep(delayMs, undefined, { signal });
    } catch (error) {
      signal.throwIfAborted();
      throw error;
    }
  },
};
