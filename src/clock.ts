import { setTimeout as sleep } from 'node:timers/promises';

/** Tells the time and waits; retries and pacing take both from here, so a test can pass hours at once. */
export interface Clock {
  /** Milliseconds since any fixed moment; never goes back. */
  nowMs(): number;
  /** Waits; throws the signal's reason when it is aborted. Returns at once when `delayMs` is 0 or less. */
  wait(delayMs: number, signal: AbortSignal): Promise<void>;
}

/** The clock of this machine, which no change of its date moves. */
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
