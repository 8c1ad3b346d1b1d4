import { describe, expect, test } from 'vitest';
import { Backoff, type FailedAttempt } from '../../../src/net/backoff.ts';

const FIRST_MS = 100;
const MAX_MS = 20_000;

function attempt(change: Partial<FailedAttempt> = {}): FailedAttempt {
  return { operation: 'PutImage', isNetwork: false, attempt: 1, startedMs: 0, retryAfterMs: 0, ...change };
}

/** The largest of many draws; close to the ceiling of a delay that is drawn evenly. */
function findMost(draw: () => number): number {
  return Math.max(...Array.from({ length: 2000 }, draw));
}

describe('the wait after a failure', () => {
  test('is anything up to a ceiling that doubles with each attempt, to 20 s', () => {
    for (const [count, ceilingMs] of [100, 200, 400, 800, 1600].entries()) {
      const most = findMost(() => new Backoff(FIRST_MS).fail(attempt({ attempt: count + 1 }), 0));
      expect(most).toBeLessThanOrEqual(ceilingMs);
      expect(most).toBeGreaterThan(ceilingMs * 0.9);
    }
    expect(findMost(() => new Backoff(FIRST_MS).fail(attempt({ attempt: 1000 }), 0))).toBeLessThanOrEqual(
      MAX_MS,
    );
  });

  test('is no longer than the time that is left, unless the answer asks for more', () => {
    const backoff = new Backoff(FIRST_MS, () => 10);
    expect(findMost(() => backoff.fail(attempt({ attempt: 1000 }), 0))).toBeLessThanOrEqual(10);
    expect(findMost(() => backoff.hold('PutImage', 1, 0))).toBeLessThanOrEqual(10);
    expect(backoff.fail(attempt({ retryAfterMs: 5000 }), 0)).toBe(5000);
  });

  test('is no shorter than the answer asks for', () => {
    expect(new Backoff(FIRST_MS).fail(attempt({ retryAfterMs: 5000 }), 0)).toBe(5000);
  });

  test('grows with the failures of others, those at the same time counted once', () => {
    const fail = (starts: readonly number[]): number => {
      const backoff = new Backoff(FIRST_MS);
      let delayMs = 0;
      for (const [position, startedMs] of starts.entries()) {
        delayMs = backoff.fail(attempt({ startedMs }), 10 * (position + 1));
      }
      return delayMs;
    };
    // All began before the first of them failed.
    expect(findMost(() => fail([0, 1, 2, 3]))).toBeLessThanOrEqual(FIRST_MS);
    // One after the other.
    const most = findMost(() => fail([0, 15, 25, 35]));
    expect(most).toBeGreaterThan(FIRST_MS * 8 * 0.9);
    expect(most).toBeLessThanOrEqual(FIRST_MS * 8);
  });
});

describe('calls that have not failed themselves', () => {
  test('wait for as long as the answer to another one asked', () => {
    const backoff = new Backoff(FIRST_MS);
    expect(backoff.hold('PutImage', 1, 0)).toBe(0);
    backoff.fail(attempt({ retryAfterMs: 5000 }), 1000);
    expect(backoff.hold('PutImage', 1, 2000)).toBeGreaterThanOrEqual(4000);
    expect(backoff.hold('PutImage', 1, 2000)).toBeLessThanOrEqual(4000 + FIRST_MS);
    // A retry has had its own random wait already.
    expect(backoff.hold('PutImage', 2, 2000)).toBe(4000);
    expect(backoff.hold('UploadLayerPart', 1, 2000)).toBe(0);
  });

  test('wait when the connection is in trouble, whatever the operation', () => {
    const hold = () => {
      const backoff = new Backoff(FIRST_MS);
      backoff.fail(attempt({ isNetwork: true }), 0);
      return backoff.hold('UploadLayerPart', 1, 0);
    };
    expect(findMost(hold)).toBeGreaterThan(FIRST_MS * 0.9);
    expect(findMost(hold)).toBeLessThanOrEqual(FIRST_MS);
  });

  test('continue at once when one succeeds', () => {
    const backoff = new Backoff(FIRST_MS);
    backoff.fail(attempt({ retryAfterMs: 5000 }), 0);
    backoff.fail(attempt({ isNetwork: true }), 0);
    backoff.succeed('PutImage');
    expect(backoff.hold('PutImage', 1, 0)).toBe(0);
    expect(findMost(() => new Backoff(FIRST_MS).fail(attempt(), 0))).toBeLessThanOrEqual(FIRST_MS);
  });
});
